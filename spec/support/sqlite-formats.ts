import { writeFileSync } from 'node:fs';
import { Connection } from '../../lib/stores/sqlite/connection.js';
import { storeFile } from './sqlite-repository.js';
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

/** A store of format 1 that nobody has open, with users `user1` and so on. */
export function storeOfFormat1(users: number): string {
  const file = storeFile();
  writeFileSync(file, '', { mode: 0o600 });
  const connection = new Connection(file);
  connection.execute(FORMAT_1.join(';'));
  connection.execute('PRAGMA application_id = 1802527093; PRAGMA user_version = 1; PRAGMA journal_mode = WAL');
  connection.execute(`WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers LIMIT ${users})
    INSERT INTO users SELECT 'user' || number, 'normal', '', 1, '${userNamed('').hash}', '1' FROM numbers`);
  connection.close();
  return file;
}
