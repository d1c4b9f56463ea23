import { writeFileSync } from 'node:fs';
import { Connection } from '../../lib/stores/sqlite/connection.js';
import { storeFile } from './sqlite-repository.js';
import { keyOf, NOON } from './stored-secret.js';
import { userNamed } from './stored-user.js';

/** The tables of each format, as a version of the package made them. A store in the field has exactly these. */
export const FORMAT_1: readonly string[] = [
  `CREATE TABLE users (
  -- Compared and ordered by bytes. octet_length() is not in every sqlite3 that people look with.
  name TEXT NOT NULL PRIMARY KEY CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 256),
  type TEXT NOT NULL CHECK (type IN ('admin', 'normal')),
  -- Names of permissions, separated by commas.
  permissions TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  -- Of bcrypt.
  hash TEXT NOT NULL,
  -- Another one after each change.
  revision TEXT NOT NULL
) STRICT`,
  `CREATE INDEX users_admins ON users (name) WHERE type = 'admin' AND enabled`,
];

/** The objects of format 2 that format 1 lacks. */
export const FORMAT_2: readonly string[] = [
  `CREATE TABLE secrets (
  -- The SHA-256 of the secret in base64url.
  digest TEXT NOT NULL PRIMARY KEY CHECK (length(digest) = 43),
  kind TEXT NOT NULL CHECK (kind IN ('key', 'session')),
  id TEXT NOT NULL UNIQUE,
  -- The name of a user. Triggers follow the users: sqlite3 ignores foreign keys unless it is told otherwise.
  owner TEXT NOT NULL,
  -- Only keys have one.
  name TEXT CHECK ((name IS NULL) = (kind = 'session')),
  -- Names of permissions, separated by commas. NULL: all that the owner may.
  permissions TEXT,
  -- Times are milliseconds since 1970. NULL: never.
  created INTEGER NOT NULL,
  expires INTEGER,
  last_used INTEGER
) STRICT`,
  `CREATE INDEX secrets_owners ON secrets (kind, owner, created, id)`,
  `CREATE UNIQUE INDEX secrets_names ON secrets (owner, name) WHERE kind = 'key'`,
  `CREATE INDEX secrets_expiry ON secrets (expires) WHERE expires IS NOT NULL`,
  `CREATE TABLE generation (
  -- One row. Each change of a table advances its number, so that processes read again what they have in memory.
  users INTEGER NOT NULL,
  -- A recorded use is no change.
  secrets INTEGER NOT NULL
) STRICT`,
  `CREATE TRIGGER users_inserted AFTER INSERT ON users BEGIN
  UPDATE generation SET users = users + 1;
  -- INSERT OR REPLACE removes a user without the trigger for that.
  DELETE FROM secrets WHERE kind IN ('key', 'session') AND owner = new.name;
END`,
  `CREATE TRIGGER users_deleted AFTER DELETE ON users BEGIN
  UPDATE generation SET users = users + 1;
  DELETE FROM secrets WHERE kind IN ('key', 'session') AND owner = old.name;
END`,
  `CREATE TRIGGER users_updated AFTER UPDATE ON users BEGIN
  UPDATE generation SET users = users + 1;
  DELETE FROM secrets WHERE (new.hash <> old.hash OR NOT new.enabled) AND kind = 'session' AND owner = old.name;
  -- A user with a new name keeps its secrets. UPDATE OR REPLACE removes a user who had that name.
  DELETE FROM secrets WHERE new.name <> old.name AND kind IN ('key', 'session') AND owner = new.name;
  UPDATE secrets SET owner = new.name WHERE new.name <> old.name AND kind IN ('key', 'session') AND owner = old.name;
END`,
  `CREATE TRIGGER secrets_inserted AFTER INSERT ON secrets BEGIN
  UPDATE generation SET secrets = secrets + 1;
END`,
  `CREATE TRIGGER secrets_deleted AFTER DELETE ON secrets BEGIN
  UPDATE generation SET secrets = secrets + 1;
END`,
  `CREATE TRIGGER secrets_updated AFTER UPDATE OF digest, kind, id, owner, name, permissions, created, expires ON secrets BEGIN
  UPDATE generation SET secrets = secrets + 1;
END`,
];

/** The objects that format 3 has, and format 2 lacks. */
const FORMAT_3: readonly string[] = [
  // ALTER TABLE has put the columns of the account behind the others.
  (FORMAT_1[0] as string).replace(
    ') STRICT',
    ', created_at /* Times are milliseconds since 1970. NULL: older than this column. */ INTEGER, password_changed_at INTEGER' +
      ', expires_at /* NULL: never. */ INTEGER' +
      ', must_change_password INTEGER NOT NULL DEFAULT 0 CHECK (must_change_password IN (0, 1)), note TEXT) STRICT',
  ),
  `CREATE INDEX users_admins ON users (name) WHERE type = 'admin'`,
  'CREATE INDEX users_disabled ON users (name) WHERE NOT enabled',
  `CREATE INDEX users_permissions ON users (permissions, name) WHERE permissions <> ''`,
  `CREATE TABLE permission_lists (
  permission TEXT NOT NULL,
  -- The permissions of one user or several. Triggers keep a row for each permission in it.
  list TEXT NOT NULL,
  PRIMARY KEY (permission, list)
) STRICT, WITHOUT ROWID`,
  `CREATE TABLE logins (
  -- Of a user. A login changes no row of the users.
  name TEXT NOT NULL PRIMARY KEY,
  -- Milliseconds since 1970.
  last_login INTEGER NOT NULL
) STRICT, WITHOUT ROWID`,
  `CREATE TRIGGER users_inserted AFTER INSERT ON users BEGIN
  UPDATE generation SET users = users + 1;
  -- INSERT OR REPLACE removes a user without the trigger for that.
  DELETE FROM secrets WHERE kind IN ('key', 'session') AND owner = new.name;
  DELETE FROM logins WHERE name = new.name;
END`,
  `CREATE TRIGGER users_deleted AFTER DELETE ON users BEGIN
  UPDATE generation SET users = users + 1;
  DELETE FROM secrets WHERE kind IN ('key', 'session') AND owner = old.name;
  DELETE FROM logins WHERE name = old.name;
END`,
  `CREATE TRIGGER users_updated AFTER UPDATE ON users BEGIN
  UPDATE generation SET users = users + 1;
  DELETE FROM secrets WHERE (new.hash <> old.hash OR NOT new.enabled) AND kind = 'session' AND owner = old.name;
END`,
  `CREATE TRIGGER users_renamed AFTER UPDATE OF name ON users WHEN new.name <> old.name BEGIN
  -- A user with a new name keeps its secrets and its login. UPDATE OR REPLACE removes a user who had that name.
  DELETE FROM secrets WHERE kind IN ('key', 'session') AND owner = new.name;
  UPDATE secrets SET owner = new.name WHERE kind IN ('key', 'session') AND owner = old.name;
  DELETE FROM logins WHERE name = new.name;
  UPDATE logins SET name = new.name WHERE name = old.name;
END`,
  `CREATE TRIGGER lists_inserted AFTER INSERT ON users
WHEN new.permissions <> '' AND NOT EXISTS (SELECT 1 FROM users WHERE permissions = new.permissions AND permissions <> '' AND name <> new.name) BEGIN
  INSERT INTO permission_lists (permission, list) SELECT DISTINCT value, new.permissions
    FROM json_each('[' || replace(json_quote(new.permissions), ',', '","') || ']') WHERE value <> '' AND NOT EXISTS
      (SELECT 1 FROM permission_lists WHERE permission = value AND list = new.permissions);
END`,
  `CREATE TRIGGER lists_deleted AFTER DELETE ON users
WHEN old.permissions <> '' AND NOT EXISTS (SELECT 1 FROM users WHERE permissions = old.permissions AND permissions <> '') BEGIN
  DELETE FROM permission_lists
    WHERE list = old.permissions AND permission IN (SELECT value FROM json_each('[' || replace(json_quote(old.permissions), ',', '","') || ']'));
END`,
  `CREATE TRIGGER lists_updated AFTER UPDATE OF permissions ON users WHEN new.permissions <> old.permissions BEGIN
  DELETE FROM permission_lists
    WHERE list = old.permissions AND permission IN (SELECT value FROM json_each('[' || replace(json_quote(old.permissions), ',', '","') || ']')) AND NOT EXISTS (SELECT 1 FROM users WHERE permissions = old.permissions AND permissions <> '');
  INSERT INTO permission_lists (permission, list) SELECT DISTINCT value, new.permissions
    FROM json_each('[' || replace(json_quote(new.permissions), ',', '","') || ']') WHERE value <> '' AND NOT EXISTS
      (SELECT 1 FROM permission_lists WHERE permission = value AND list = new.permissions);
END`,
];

/** The objects of a database of format 3. Those that it replaces are left out. */
const ALL_OF_FORMAT_3: readonly string[] = [
  ...FORMAT_2.filter((sql) => !/^CREATE TRIGGER users_/.test(sql)),
  ...FORMAT_3,
];

/** The objects of a database of the newest format. */
export const NEWEST: readonly string[] = [
  ...ALL_OF_FORMAT_3,
  `CREATE TABLE limits (
  -- A limit, and a digest of what it counts.
  key TEXT NOT NULL PRIMARY KEY,
  points INTEGER NOT NULL,
  -- Milliseconds since 1970, when the window ends.
  expire INTEGER NOT NULL
) STRICT, WITHOUT ROWID`,
  'CREATE INDEX limits_expire ON limits (expire)',
];

/** The number of the newest format. */
export const NEWEST_FORMAT = 4;

/** A store of format 1 that nobody has open, with users `user1` and so on. */
export function storeOfFormat1(users: number): string {
  return storeOf(1, FORMAT_1, users);
}

/** A store of format 2 that nobody has open, with users `user1` and so on. */
export function storeOfFormat2(users: number): string {
  return storeOf(2, [...FORMAT_1, ...FORMAT_2, 'INSERT INTO generation VALUES (0, 0)'], users);
}

/** A store of format 2 that nobody has open, with users of several kinds, and a key of `user1`. */
export function storeOfFormat2WithSecrets(): string {
  const file = storeOfFormat2(1_000);
  const { digest, id } = keyOf('user1');
  const connection = new Connection(file);
  connection.execute(`
    UPDATE users SET type = 'admin' WHERE name = 'user1';
    UPDATE users SET enabled = 0 WHERE name = 'user2';
    UPDATE users SET permissions = 'api,write_points' WHERE name = 'user3';
    UPDATE users SET permissions = 'write_points,api' WHERE name = 'user4';
    UPDATE users SET permissions = 'api' WHERE name = 'user5';
    INSERT INTO secrets (digest, kind, id, owner, name, created) VALUES ('${digest}', 'key', '${id}', 'user1', 'key', ${NOON})`);
  connection.close();
  return file;
}

function storeOf(format: number, sql: readonly string[], users: number): string {
  const file = storeFile();
  writeFileSync(file, '', { mode: 0o600 });
  const connection = new Connection(file);
  connection.execute(sql.join(';'));
  connection.execute(`PRAGMA application_id = 1802527093; PRAGMA user_version = ${format}; PRAGMA journal_mode = WAL`);
  connection.execute(`WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers LIMIT ${users})
    INSERT INTO users SELECT 'user' || number, 'normal', '', 1, '${userNamed('').hash}', '1' FROM numbers`);
  connection.close();
  return file;
}
