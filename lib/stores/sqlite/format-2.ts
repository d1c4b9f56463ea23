import type { Format } from './format.js';
import { FORMAT_1 } from './format-1.js';

const SECRETS = `CREATE TABLE secrets (
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
) STRICT`;

const INDEXES_OF_SECRETS = [
  'CREATE INDEX secrets_owners ON secrets (kind, owner, created, id)',
  "CREATE UNIQUE INDEX secrets_names ON secrets (owner, name) WHERE kind = 'key'",
  'CREATE INDEX secrets_expiry ON secrets (expires) WHERE expires IS NOT NULL',
];

export const GENERATION = `CREATE TABLE generation (
  -- One row. Each change of a table advances its number, so that processes read again what they have in memory.
  users INTEGER NOT NULL,
  -- A recorded use is no change.
  secrets INTEGER NOT NULL
) STRICT`;

/** The condition for all secrets of a user, in the order of the index. */
export const ownedBy = (name: string) => `kind IN ('key', 'session') AND owner = ${name}`;

/** They also follow changes that are made with sqlite3. */
const TRIGGERS_OF_USERS = [
  `CREATE TRIGGER users_inserted AFTER INSERT ON users BEGIN
  UPDATE generation SET users = users + 1;
  -- INSERT OR REPLACE removes a user without the trigger for that.
  DELETE FROM secrets WHERE ${ownedBy('new.name')};
END`,
  `CREATE TRIGGER users_deleted AFTER DELETE ON users BEGIN
  UPDATE generation SET users = users + 1;
  DELETE FROM secrets WHERE ${ownedBy('old.name')};
END`,
  `CREATE TRIGGER users_updated AFTER UPDATE ON users BEGIN
  UPDATE generation SET users = users + 1;
  DELETE FROM secrets WHERE (new.hash <> old.hash OR NOT new.enabled) AND kind = 'session' AND owner = old.name;
  -- A user with a new name keeps its secrets. UPDATE OR REPLACE removes a user who had that name.
  DELETE FROM secrets WHERE new.name <> old.name AND ${ownedBy('new.name')};
  UPDATE secrets SET owner = new.name WHERE new.name <> old.name AND ${ownedBy('old.name')};
END`,
];

const TRIGGERS_OF_SECRETS = [
  ['secrets_inserted', 'INSERT'],
  ['secrets_deleted', 'DELETE'],
  ['secrets_updated', 'UPDATE OF digest, kind, id, owner, name, permissions, created, expires'],
].map(
  ([name, event]) => `CREATE TRIGGER ${name} AFTER ${event} ON secrets BEGIN
  UPDATE generation SET secrets = secrets + 1;
END`,
);

/** The table of secrets, and all that belongs to it. */
export const SECRETS_AND_INDEXES: readonly string[] = [SECRETS, ...INDEXES_OF_SECRETS, ...TRIGGERS_OF_SECRETS];

const ADDED = [SECRETS, ...INDEXES_OF_SECRETS, GENERATION, ...TRIGGERS_OF_USERS, ...TRIGGERS_OF_SECRETS];

/** Keys and sessions. */
export const FORMAT_2: Format = {
  upgrade: [...ADDED, 'INSERT INTO generation (users, secrets) VALUES (0, 0)'],
  objects: [...FORMAT_1.objects, ...ADDED],
};
