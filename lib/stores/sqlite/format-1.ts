import type { Format } from './format.js';

export const USERS = `CREATE TABLE users (
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
) STRICT`;

const ADMINS = `CREATE INDEX users_admins ON users (name) WHERE type = 'admin' AND enabled`;

/** Users. */
export const FORMAT_1: Format = { upgrade: [USERS, ADMINS], objects: [USERS, ADMINS] };
