import { ACTIVE_ADMIN } from '../sql.js';
import type { Connection } from './connection.js';

/** Marks a database as a store of this package: `kpau` in ASCII. */
const APPLICATION_ID = 0x6b706175;
/** The version of the tables. A later version of this package may write a higher one. */
const FORMAT = 1;

/** Compared letter by letter: see {@link expectOwnSchema}. A change of this text needs a new {@link FORMAT}. */
const USERS = `CREATE TABLE users (
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

const ADMINS = `CREATE INDEX users_admins ON users (name) WHERE ${ACTIVE_ADMIN}`;

/** The table, its indexes, and every trigger, since any may change users. The index of the primary key has no SQL. */
const SCHEMA = `SELECT type, name, sql FROM sqlite_schema
  WHERE sql IS NOT NULL AND (tbl_name = 'users' COLLATE NOCASE OR type = 'trigger')`;

const CREATE = `
${USERS};
${ADMINS};
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${FORMAT};
`;

/**
 * Makes the tables in an empty database, or checks that the database is a store of this version. A database of another
 * application stays as it is. The log exists afterwards.
 *
 * @throws {Error} the database belongs to another application, or has another version
 */
export function prepareSchema(connection: Connection): void {
  if (!hasTables(connection)) {
    // Before the log is made, so that the tables are in the file itself, and in a copy without the log.
    connection.inTransaction(() => {
      // Another process may have made them in the meantime.
      if (!hasTables(connection)) connection.execute(CREATE);
    });
  }
  // With a log, readers never wait for a writer. The mode is stored in the file.
  connection.execute('PRAGMA journal_mode = WAL');
  // The first read makes a missing log: a backup has none.
  hasTables(connection);
}

/**
 * @returns false if the database is empty
 * @throws {Error} the database has other tables
 */
function hasTables(connection: Connection): boolean {
  // The tables first: another process may make them, and set the two numbers, between these questions.
  const tables = connection.value('SELECT count(*) FROM sqlite_schema');
  const [application, format] = [connection.value('PRAGMA application_id'), connection.value('PRAGMA user_version')];
  if (application === 0 && tables === 0) return false;
  if (application !== APPLICATION_ID) throw new Error('it is a database of another application: name another file');
  if (format !== FORMAT) {
    throw new Error(
      `it has format ${format}, and this version of kapacitor-auth reads format ${FORMAT}: use the version that made it`,
    );
  }
  expectOwnSchema(connection);
  return true;
}

/**
 * Refuses code in the database: a trigger could make every new user an admin, and a view could answer instead of the
 * table. Other tables are allowed: Litestream keeps its own there.
 */
function expectOwnSchema(connection: Connection): void {
  const rows = connection.all({ text: SCHEMA, values: [] });
  const other = rows.find(({ sql }) => sql !== USERS && sql !== ADMINS);
  if (other === undefined && rows.length === 2) return;
  const what = other === undefined ? 'a part is missing' : `see the ${other['type']} ${JSON.stringify(other['name'])}`;
  throw new Error(`its table of users is not as kapacitor-auth made it: ${what}. Restore a backup`);
}
