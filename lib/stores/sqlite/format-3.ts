import type { Format } from './format.js';
import { USERS } from './format-1.js';
import { GENERATION, ownedBy, SECRETS_AND_INDEXES } from './format-2.js';

/** New columns. In the SQL of a table, ALTER TABLE puts each behind the last one. */
const ACCOUNT_COLUMNS = [
  'created_at /* Times are milliseconds since 1970. NULL: older than this column. */ INTEGER',
  'password_changed_at INTEGER',
  'expires_at /* NULL: never. */ INTEGER',
  'must_change_password INTEGER NOT NULL DEFAULT 0 CHECK (must_change_password IN (0, 1))',
  'note TEXT',
];
const USERS_WITH_ACCOUNTS = USERS.replace(
  /\) STRICT$/,
  `${ACCOUNT_COLUMNS.map((column) => `, ${column}`).join('')}) STRICT`,
);

/** For lists of some users. The first two have few: a list of all others passes over them. */
const INDEXES = [
  "CREATE INDEX users_admins ON users (name) WHERE type = 'admin'",
  'CREATE INDEX users_disabled ON users (name) WHERE NOT enabled',
  "CREATE INDEX users_permissions ON users (permissions, name) WHERE permissions <> ''",
];

/** Most users share their list of permissions with many others, so that this has few rows. */
const PERMISSION_LISTS = `CREATE TABLE permission_lists (
  permission TEXT NOT NULL,
  -- The permissions of one user or several. Triggers keep a row for each permission in it.
  list TEXT NOT NULL,
  PRIMARY KEY (permission, list)
) STRICT, WITHOUT ROWID`;

const LOGINS = `CREATE TABLE logins (
  -- Of a user. A login changes no row of the users.
  name TEXT NOT NULL PRIMARY KEY,
  -- Milliseconds since 1970.
  last_login INTEGER NOT NULL
) STRICT, WITHOUT ROWID`;

/** The permissions in a list, as `value`. */
const each = (list: string) => `json_each('[' || replace(json_quote(${list}), ',', '","') || ']')`;

const hasUser = (list: string, other = '') =>
  `EXISTS (SELECT 1 FROM users WHERE permissions = ${list} AND permissions <> ''${other})`;
const addList = `INSERT INTO permission_lists (permission, list) SELECT DISTINCT value, new.permissions
    FROM ${each('new.permissions')} WHERE value <> '' AND NOT EXISTS
      (SELECT 1 FROM permission_lists WHERE permission = value AND list = new.permissions)`;
const removeList = `DELETE FROM permission_lists
    WHERE list = old.permissions AND permission IN (SELECT value FROM ${each('old.permissions')})`;

/** They also follow changes that are made with sqlite3. */
const TRIGGERS = [
  `CREATE TRIGGER users_inserted AFTER INSERT ON users BEGIN
  UPDATE generation SET users = users + 1;
  -- INSERT OR REPLACE removes a user without the trigger for that.
  DELETE FROM secrets WHERE ${ownedBy('new.name')};
  DELETE FROM logins WHERE name = new.name;
END`,
  `CREATE TRIGGER users_deleted AFTER DELETE ON users BEGIN
  UPDATE generation SET users = users + 1;
  DELETE FROM secrets WHERE ${ownedBy('old.name')};
  DELETE FROM logins WHERE name = old.name;
END`,
  `CREATE TRIGGER users_updated AFTER UPDATE ON users BEGIN
  UPDATE generation SET users = users + 1;
  DELETE FROM secrets WHERE (new.hash <> old.hash OR NOT new.enabled) AND kind = 'session' AND owner = old.name;
END`,
  `CREATE TRIGGER users_renamed AFTER UPDATE OF name ON users WHEN new.name <> old.name BEGIN
  -- A user with a new name keeps its secrets and its login. UPDATE OR REPLACE removes a user who had that name.
  DELETE FROM secrets WHERE ${ownedBy('new.name')};
  UPDATE secrets SET owner = new.name WHERE ${ownedBy('old.name')};
  DELETE FROM logins WHERE name = new.name;
  UPDATE logins SET name = new.name WHERE name = old.name;
END`,
  // A list that INSERT OR REPLACE leaves behind has no user, and does no harm.
  `CREATE TRIGGER lists_inserted AFTER INSERT ON users
WHEN new.permissions <> '' AND NOT ${hasUser('new.permissions', ' AND name <> new.name')} BEGIN
  ${addList};
END`,
  `CREATE TRIGGER lists_deleted AFTER DELETE ON users
WHEN old.permissions <> '' AND NOT ${hasUser('old.permissions')} BEGIN
  ${removeList};
END`,
  `CREATE TRIGGER lists_updated AFTER UPDATE OF permissions ON users WHEN new.permissions <> old.permissions BEGIN
  ${removeList} AND NOT ${hasUser('old.permissions')};
  ${addList};
END`,
];

/** The account of each user, the times of logins, and indexes for lists of some users. */
export const FORMAT_3: Format = {
  upgrade: [
    'DROP INDEX users_admins; DROP TRIGGER users_inserted; DROP TRIGGER users_deleted; DROP TRIGGER users_updated',
    ...ACCOUNT_COLUMNS.map((column) => `ALTER TABLE users ADD COLUMN ${column}`),
    ...[...INDEXES, PERMISSION_LISTS, LOGINS],
    `INSERT OR IGNORE INTO permission_lists (permission, list) SELECT value, list
      FROM (SELECT DISTINCT permissions AS list FROM users WHERE permissions <> ''), ${each('list')} WHERE value <> ''`,
    ...TRIGGERS,
  ],
  objects: [
    USERS_WITH_ACCOUNTS,
    ...INDEXES,
    ...SECRETS_AND_INDEXES,
    ...[GENERATION, PERMISSION_LISTS, LOGINS, ...TRIGGERS],
  ],
};
