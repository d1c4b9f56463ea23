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
  /** The condition for users who have a permission. */
  hasPermission(permission: string): string;
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
 * @param table the name of the table in SQL; `columns` may call it `users`
 */
export function pageStatement(columns: string, table: string, page: Page, dialect: Dialect): SelectStatement {
  const { where, values, next } = whereOf(page, dialect);
  const part = `LIMIT ${next(page.limit)} OFFSET ${next(page.offset)}`;
  return { text: `SELECT ${columns} FROM ${table} AS users ${where} ORDER BY name ${part}`, values };
}

/** The SQL that counts users, as `count`. */
export function countStatement(table: string, selection: Selection, dialect: Dialect): SelectStatement {
  const { where, values } = whereOf({ ...selection, after: undefined }, dialect);
  return { text: `SELECT count(*) AS count FROM ${table} AS users ${where}`, values };
}

interface Where {
  readonly where: string;
  readonly values: (string | number)[];
  /** Adds a value, and returns its placeholder. */
  readonly next: (value: string | number) => string;
}

function whereOf(page: Selection & Pick<Page, 'after'>, dialect: Dialect): Where {
  const { prefix, after, type, enabled, permission } = page;
  const values: (string | number)[] = [];
  const conditions: string[] = [];
  const next = (value: string | number) => `$${values.push(value)}`;
  // One lower bound only: SQLite would begin at the prefix, and read every name up to `after`.
  if (after !== undefined && compareNames(after, prefix) >= 0) conditions.push(`name > ${next(after)}`);
  else if (prefix !== '') conditions.push(`name >= ${next(prefix)}`);
  if (prefix !== '') conditions.push(`name < ${next(prefix + LAST_CHARACTER)}`);
  if (type !== undefined) conditions.push(`type = ${next(type)}`);
  if (enabled !== undefined) conditions.push(dialect.enabled(enabled));
  if (permission !== undefined) conditions.push(dialect.hasPermission(next(permission)));
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', values, next };
}
