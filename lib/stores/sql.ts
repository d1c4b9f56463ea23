import { normalizePermissions } from '../users/permissions.js';
import type { StoredUser, UserType } from '../users/user.js';
import { compareNames } from '../users/user-name.js';
import type { Page } from './listing.js';

/** `isActiveAdmin` in SQL. An index of the admins must repeat its words: it serves no query with other ones. */
export const ACTIVE_ADMIN = `type = 'admin' AND enabled AND expires_at IS NULL`;

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
  readonly created_at: TimeColumn;
  readonly password_changed_at: TimeColumn;
  readonly expires_at: TimeColumn;
  readonly note: string | null;
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

/**
 * The conditions for names that begin with a prefix and come after a name.
 *
 * @param next adds a value, and returns its placeholder
 * @param columns that have the same name; defaults to `name`
 */
export function nameConditions(
  { prefix, after }: Pick<Page, 'prefix' | 'after'>,
  next: (value: string) => string,
  columns: readonly string[] = ['name'],
): string[] {
  const bounds: string[] = [];
  // One lower bound only: SQLite would begin at the prefix, and read every name up to `after`.
  if (after !== undefined && compareNames(after, prefix) >= 0) bounds.push(`> ${next(after)}`);
  else if (prefix !== '') bounds.push(`>= ${next(prefix)}`);
  if (prefix !== '') bounds.push(`< ${next(prefix + LAST_CHARACTER)}`);
  return columns.flatMap((column) => bounds.map((bound) => `${column} ${bound}`));
}
