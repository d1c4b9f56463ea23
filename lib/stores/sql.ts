import { normalizePermissions } from '../users/permissions.js';
import type { StoredUser, UserType } from '../users/user.js';
import { compareNames } from '../users/user-name.js';
import type { Page, Selection } from './listing.js';

/** An admin who is enabled, and may have an end. An index of these serves {@link ACTIVE_ADMIN} as well. */
export const ENABLED_ADMIN = `type = 'admin' AND enabled`;

/** `isActiveAdmin` in SQL. An index of the admins must repeat its words: it serves no query with other ones. */
export const ACTIVE_ADMIN: string = `${ENABLED_ADMIN} AND expires_at IS NULL`;

/** Milliseconds since 1970, as a number or in digits. */
type TimeColumn = number | string | null;

/**
 * A row of the table of users, without `enabled` and `must_change_password`, which each database represents in its own way.
 *
 * The names of the times differ from those of a secret's: processes of an earlier version join both tables, and their
 * statements name the columns of secrets alone.
 */
export interface UserRow {
  readonly name: string;
  readonly type: string;
  /** Joined by commas. A change by hand may leave them in any order. */
  readonly permissions: string;
  readonly hash: string;
  readonly revision: string;
  readonly created_at?: TimeColumn;
  readonly password_changed_at?: TimeColumn;
  readonly expires_at?: TimeColumn;
  readonly note?: string | null;
}

/** Converts a row. A field of the account that says nothing is left out. */
export function toStoredUser(row: UserRow, enabled: boolean, mustChangePassword = false): StoredUser {
  const { name, type, permissions, hash, revision, note } = row;
  const { created_at: created, password_changed_at: passwordChanged, expires_at: expires } = row;
  return {
    ...{ name, type: type as UserType, permissions: toPermissions(permissions), enabled, hash, revision },
    ...(created != null && { created: Number(created) }),
    ...(passwordChanged != null && { passwordChanged: Number(passwordChanged) }),
    ...(expires != null && { expires: Number(expires) }),
    ...(mustChangePassword && { mustChangePassword }),
    ...(note && { note }),
  };
}

/** @param joined names joined by commas, in any order */
export function toPermissions(joined: string): string[] {
  return normalizePermissions(joined === '' ? [] : joined.split(','));
}

/** No name has this character, so a prefix followed by it sorts after every name that begins with the prefix. */
const LAST_CHARACTER = '\u{10ffff}';

/** What the databases say in different words. */
export interface Dialect {
  /** The condition for users who are enabled, or who are not. */
  enabled(isEnabled: boolean): string;
  /**
   * A table with a row for each permission of each user, and an index of its columns `permission` and `name` in this order.
   * Without one, {@link hasPermission} is the condition.
   */
  readonly grants?: string;
  /** The condition for users who have a permission. */
  hasPermission?(permission: string): string;
}

interface SelectStatement {
  readonly text: string;
  /** The values of `$1`, `$2` and so on. */
  readonly values: readonly (string | number)[];
}

/**
 * The SQL that reads a page of users from an index of the names.
 *
 * @param columns of each user, in SQL
 * @param table the name of the table in SQL; `columns` call it `users`
 */
export function pageStatement(columns: string, table: string, page: Page, dialect: Dialect): SelectStatement {
  const { from, name, next, values } = selectionOf(page, table, dialect, true);
  return { text: `SELECT ${columns} FROM ${from} ORDER BY ${name} ${limitOf(page, next)}`, values };
}

/** The SQL that reads only the names of a page of users, from indexes alone where it can. */
export function namesStatement(table: string, page: Page, dialect: Dialect): SelectStatement {
  const { from, name, next, values } = selectionOf(page, table, dialect);
  return { text: `SELECT ${name} AS name FROM ${from} ORDER BY ${name} ${limitOf(page, next)}`, values };
}

/** The SQL that counts users, as `count`. */
export function countStatement(table: string, selection: Selection, dialect: Dialect): SelectStatement {
  const { from, values } = selectionOf({ ...selection, after: undefined }, table, dialect);
  return { text: `SELECT count(*) AS count FROM ${from}`, values };
}

function limitOf({ limit, offset }: Page, next: (value: number) => string): string {
  return `LIMIT ${next(limit)} OFFSET ${next(offset)}`;
}

interface SelectedRows {
  /** The tables and the conditions. */
  readonly from: string;
  /** The column of the names. */
  readonly name: string;
  /** Adds a value, and returns its placeholder. */
  readonly next: (value: string | number) => string;
  readonly values: (string | number)[];
}

/** @param needsUsers whether the names alone are not enough */
function selectionOf(
  page: Selection & Pick<Page, 'after'>,
  table: string,
  dialect: Dialect,
  needsUsers = false,
): SelectedRows {
  const { type, enabled, permission } = page;
  const values: (string | number)[] = [];
  const next = (value: string | number) => `$${values.push(value)}`;
  const conditions: string[] = [];
  let [tables, name] = [`${table} AS users`, 'users.name'];
  let sameNames = [name];
  if (permission !== undefined && dialect.grants !== undefined) {
    const isJoined = needsUsers || type !== undefined || enabled !== undefined;
    conditions.push(`granted.permission = ${next(permission)}`, ...(isJoined ? ['users.name = granted.name'] : []));
    // SQLite reads the tables of a CROSS JOIN in this order, which is that of the names.
    tables = `${dialect.grants} AS granted${isJoined ? ` CROSS JOIN ${tables}` : ''}`;
    name = 'granted.name';
    // PostgreSQL does not conclude one from the other: a merge of both indexes would begin at the first user.
    sameNames = isJoined ? [name, ...sameNames] : [name];
  } else if (permission !== undefined) conditions.push(dialect.hasPermission?.(next(permission)) as string);
  conditions.push(...rangeOf(page, sameNames, next));
  // Not as a value: an index of some users serves only statements that name them.
  if (type !== undefined) conditions.push(type === 'admin' ? `type = 'admin'` : `type = 'normal'`);
  if (enabled !== undefined) conditions.push(dialect.enabled(enabled));
  return { from: conditions.length > 0 ? `${tables} WHERE ${conditions.join(' AND ')}` : tables, name, next, values };
}

/** @param columns that have the same name */
function rangeOf(
  { prefix, after }: Pick<Page, 'prefix' | 'after'>,
  columns: readonly string[],
  next: (value: string) => string,
): string[] {
  const bounds: string[] = [];
  // One lower bound only: SQLite would begin at the prefix, and read every name up to `after`.
  if (after !== undefined && compareNames(after, prefix) >= 0) bounds.push(`> ${next(after)}`);
  else if (prefix !== '') bounds.push(`>= ${next(prefix)}`);
  if (prefix !== '') bounds.push(`< ${next(prefix + LAST_CHARACTER)}`);
  return columns.flatMap((column) => bounds.map((bound) => `${column} ${bound}`));
}
