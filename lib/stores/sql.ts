import { normalizePermissions } from '../users/permissions.js';
import type { StoredUser, UserType } from '../users/user.js';
import { compareNames } from '../users/user-name.js';
import type { Page, Selection } from './listing.js';

/** `isActiveAdmin` in SQL. An index of the admins must repeat it word for word: it serves no query with other words. */
export const ACTIVE_ADMIN = `type = 'admin' AND enabled`;

/** A row of the table of users, without `enabled`, which each database represents in its own way. */
export interface UserRow {
  readonly name: string;
  readonly type: string;
  /** Joined by commas. A change by hand may leave them in any order. */
  readonly permissions: string;
  readonly hash: string;
  readonly revision: string;
}

export function toStoredUser({ name, type, permissions, hash, revision }: UserRow, enabled: boolean): StoredUser {
  return { name, type: type as UserType, permissions: toPermissions(permissions), enabled, hash, revision };
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
