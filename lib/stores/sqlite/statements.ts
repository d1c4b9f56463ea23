import type { KeyOwner } from '../../users/repository.js';
import type { StoredUser } from '../../users/user.js';
import type { Page, Selection } from '../listing.js';
import {
  countStatement,
  type Dialect,
  ENABLED_ADMIN,
  namesStatement,
  pageStatement,
  toStoredUser,
  type UserRow,
} from '../sql.js';
import type { Change } from './change.js';
import type { SqliteRow, SqliteValue, Statement } from './connection.js';
import { insertKeys } from './secret-statements.js';

const OTHER_ADMIN = `EXISTS (SELECT 1 FROM users WHERE ${ENABLED_ADMIN} AND name <> $1)`;
const COLUMNS = 'name, type, permissions, enabled, hash, revision';

/** Returns a number that differs after a change by another connection: https://www.sqlite.org/pragma.html. */
export const DATA_VERSION: Statement = { text: 'PRAGMA data_version', values: [] };
export const GENERATION: Statement = { text: 'SELECT users, secrets FROM generation', values: [] };

const FIND = `SELECT ${COLUMNS} FROM users WHERE name = $1`;
const FIND_ALL = `SELECT ${COLUMNS} FROM users WHERE name IN (SELECT value FROM json_each($1)) ORDER BY name`;
export const ANY_ADMIN: string = `SELECT 1 FROM users WHERE ${ENABLED_ADMIN} LIMIT 1`;

/** In the order of the rows, which needs fewer pages of the file than the order of names. */
const PERMISSION_LISTS = `SELECT permissions, max(position) AS last, count(*) AS users
  FROM (SELECT rowid AS position, permissions FROM users WHERE rowid > $1 ORDER BY rowid LIMIT $2) GROUP BY permissions`;

const INSERT = `INSERT INTO users (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING RETURNING name`;

const INSERT_FIRST_ADMIN = `INSERT INTO users (${COLUMNS}) SELECT $1, $2, $3, $4, $5, $6
  WHERE NOT EXISTS (${ANY_ADMIN}) ON CONFLICT (name) DO NOTHING RETURNING name`;

/** If two users have the same name, the first one is inserted. */
const INSERT_MANY = `INSERT INTO users (${COLUMNS})
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each($1) WHERE true
  ON CONFLICT (name) DO NOTHING RETURNING name`;

const REPLACE = `UPDATE users SET type = $2, permissions = $3, enabled = $4, hash = $5, revision = $6
  WHERE name = $1 AND revision = $7 AND ($2 = 'admin' AND $4 OR NOT (${ENABLED_ADMIN}) OR ${OTHER_ADMIN}) RETURNING name`;

const REMOVE = `DELETE FROM users WHERE name = $1 AND (NOT (${ENABLED_ADMIN}) OR ${OTHER_ADMIN}) RETURNING name`;

const DIALECT: Dialect = {
  enabled: (isEnabled) => `enabled = ${isEnabled ? 1 : 0}`,
  hasPermission: (permission) => `instr(',' || permissions || ',', ',' || ${permission} || ',') > 0`,
};

export function find(name: string): Statement {
  return { text: FIND, values: [name] };
}

export function findAll(names: readonly string[]): Statement {
  return { text: FIND_ALL, values: [JSON.stringify(names)] };
}

export function page(page: Page): Statement {
  return pageStatement(COLUMNS, 'users', page, DIALECT);
}

export function pageOfNames(page: Page): Statement {
  return namesStatement('users', page, DIALECT);
}

export function count(selection: Selection): Statement {
  return countStatement('users', selection, DIALECT);
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
    write: { text: INSERT_MANY, values: [JSON.stringify(users.map(valuesOf))] },
    after: insertKeys(users),
  };
}

/** `otherwise` has a row if this is the last admin. */
export function replace(user: StoredUser, expectedRevision: string): Change {
  return {
    write: { text: REPLACE, values: [...valuesOf(user), expectedRevision] },
    otherwise: { text: 'SELECT 1 FROM users WHERE name = $1 AND revision = $2', values: [user.name, expectedRevision] },
  };
}

/** `otherwise` has a row if this is the last admin. */
export function remove(name: string): Change {
  return {
    write: { text: REMOVE, values: [name] },
    otherwise: { text: 'SELECT 1 FROM users WHERE name = $1', values: [name] },
  };
}

export function userFromRow(row: SqliteRow): StoredUser {
  return toStoredUser(row as unknown as UserRow, row['enabled'] === 1);
}

function valuesOf({ name, type, permissions, enabled, hash, revision }: StoredUser): SqliteValue[] {
  return [name, type, permissions.join(','), enabled ? 1 : 0, hash, revision];
}
