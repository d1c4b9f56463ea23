import type { KeyOwner } from '../../users/repository.js';
import { isActiveAdmin, type StoredUser } from '../../users/user.js';
import { ACTIVE_ADMIN, toStoredUser, type UserRow } from '../sql.js';
import type { Change } from './change.js';
import type { SqliteRow, SqliteValue, Statement } from './connection.js';
import { insertKeys } from './secret-statements.js';

const OTHER_ADMIN = `EXISTS (SELECT 1 FROM users WHERE ${ACTIVE_ADMIN} AND name <> $1)`;
/** All columns of a user. */
export const COLUMNS = `name, type, permissions, enabled, hash, revision, created_at, password_changed_at, expires_at,
    must_change_password, note`;

/** Returns a number that differs after a change by another connection: https://www.sqlite.org/pragma.html. */
export const DATA_VERSION: Statement = { text: 'PRAGMA data_version', values: [] };
export const GENERATION: Statement = { text: 'SELECT users, secrets FROM generation', values: [] };

const FIND = `SELECT ${COLUMNS} FROM users WHERE name = $1`;
const FIND_ALL = `SELECT ${COLUMNS} FROM users WHERE name IN (SELECT value FROM json_each($1)) ORDER BY name`;
export const ANY_ADMIN: string = `SELECT 1 FROM users WHERE ${ACTIVE_ADMIN} LIMIT 1`;

/** In the order of the rows, which needs fewer pages of the file than the order of names. */
const PERMISSION_LISTS = `SELECT permissions, max(position) AS last, count(*) AS users
  FROM (SELECT rowid AS position, permissions FROM users WHERE rowid > $1 ORDER BY rowid LIMIT $2) GROUP BY permissions`;

/** The columns of an account, from a JSON array. */
const accountIn = (array: string) => [0, 1, 2, 3, 4].map((position) => `${array} ->> ${position}`).join(', ');

const GIVEN = `$1, $2, $3, $4, $5, $6, ${accountIn('$7')}`;

const INSERT = `INSERT INTO users (${COLUMNS}) VALUES (${GIVEN}) ON CONFLICT (name) DO NOTHING RETURNING name`;

const INSERT_FIRST_ADMIN = `INSERT INTO users (${COLUMNS}) SELECT ${GIVEN}
  WHERE NOT EXISTS (${ANY_ADMIN}) ON CONFLICT (name) DO NOTHING RETURNING name`;

/** If two users have the same name, the first one is inserted. */
const INSERT_MANY = `INSERT INTO users (${COLUMNS})
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, ${accountIn('value -> 6')}
  FROM json_each($1) WHERE true
  ON CONFLICT (name) DO NOTHING RETURNING name`;

const REPLACE = `UPDATE users SET (${COLUMNS}) = (${GIVEN}) WHERE name = $1 AND revision = $8`;

const REMOVE = 'DELETE FROM users WHERE name = $1';

/** No enabled admin would be left otherwise. */
const UNLESS_LAST_ADMIN = `(NOT (${ACTIVE_ADMIN}) OR ${OTHER_ADMIN})`;

export function find(name: string): Statement {
  return { text: FIND, values: [name] };
}

export function findAll(names: readonly string[]): Statement {
  return { text: FIND_ALL, values: [JSON.stringify(names)] };
}

/**
 * The different lists of permissions of the next users in the file, joined by commas, with the number of users of each, and
 * the last of their rows.
 *
 * @param after the last row of the users before; 0 at the beginning
 */
export function permissionLists(after: number, limit: number): Statement {
  return { text: PERMISSION_LISTS, values: [after, limit] };
}

export function insert(user: StoredUser): Change {
  return { write: { text: INSERT, values: valuesOf(user) } };
}

/** `otherwise` has a row if there is an admin. */
export function insertFirstAdmin(user: StoredUser): Change {
  return { write: { text: INSERT_FIRST_ADMIN, values: valuesOf(user) }, otherwise: { text: ANY_ADMIN, values: [] } };
}

export function insertMany(users: readonly KeyOwner[]): Change {
  return {
    write: { text: INSERT_MANY, values: [JSON.stringify(users.map((user) => [...columnsOf(user), accountOf(user)]))] },
    after: insertKeys(users),
  };
}

/** `otherwise` has a row if this is the last admin. */
export function replace(user: StoredUser, expectedRevision: string): Change {
  const unlessLast = isActiveAdmin(user) ? '' : ` AND ${UNLESS_LAST_ADMIN}`;
  return {
    write: { text: `${REPLACE}${unlessLast} RETURNING name`, values: [...valuesOf(user), expectedRevision] },
    otherwise: { text: 'SELECT 1 FROM users WHERE name = $1 AND revision = $2', values: [user.name, expectedRevision] },
  };
}

/** `otherwise` has the revision of the user if it has another one, or is the last admin. */
export function remove(name: string, expectedRevision?: string): Change {
  const [condition, values] =
    expectedRevision === undefined ? ['', [name]] : [' AND revision = $2', [name, expectedRevision]];
  return {
    write: { text: `${REMOVE}${condition} AND ${UNLESS_LAST_ADMIN} RETURNING name`, values },
    otherwise: { text: 'SELECT revision FROM users WHERE name = $1', values: [name] },
  };
}

export function userFromRow(row: SqliteRow): StoredUser {
  return toStoredUser(row as unknown as UserRow, row['enabled'] === 1, row['must_change_password'] === 1);
}

function valuesOf(user: StoredUser): SqliteValue[] {
  return [...columnsOf(user), JSON.stringify(accountOf(user))];
}

function columnsOf({ name, type, permissions, enabled, hash, revision }: StoredUser): SqliteValue[] {
  return [name, type, permissions.join(','), enabled ? 1 : 0, hash, revision];
}

/** For JSON, which has null where the account says nothing. */
function accountOf({ created, passwordChanged, expires, mustChangePassword, note }: StoredUser): unknown[] {
  return [created, passwordChanged, expires, mustChangePassword ? 1 : 0, note];
}
