import { ACTIVE_ADMIN } from '../user-row.js';
import type { Connection } from './connection.js';

/** Says that a database is a store of this package: `kpau`. */
const APPLICATION_ID = 0x6b706175;
/** What the tables hold and how. A store that says a higher number was written by a later version. */
const FORMAT = 1;

const USERS = `CREATE TABLE users (
  -- Names are told apart, and ordered, byte by byte. octet_length() is not in every sqlite3 that people look with.
  name TEXT NOT NULL PRIMARY KEY CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 256),
  type TEXT NOT NULL CHECK (type IN ('admin', 'normal')),
  -- In their order, with commas between them.
  permissions TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  -- bcrypt's.
  hash TEXT NOT NULL,
  -- Another one after each change.
  revision TEXT NOT NULL
) STRICT`;

const ADMINS = `CREATE INDEX users_admins ON users (name) WHERE ${ACTIVE_ADMIN}`;

/** What belongs to the users, and what may change them. The index of the primary key has no SQL. */
const SCHEMA = `SELECT type, name, sql FROM sqlite_schema
  WHERE sql IS NOT NULL AND (tbl_name = 'users' COLLATE NOCASE OR type = 'trigger')`;

const CREATE = `
${USERS};
${ADMINS};
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${FORMAT};
`;

/**
 * Makes the tables in an empty database, and sees to it that what is in another one can be used. A database that is not
 * ours stays as it is. The log is there afterwards.
 *
 * @throws {Error} it is of another application, or of another version
 */
export function prepareSchema(connection: Connection): void {
  if (!hasTables(connection)) {
    // While there is no log: so the file itself has them, and a copy of it without its log is not taken for a new store.
    connection.inTransaction(() => {
      // Another process may have made them meanwhile.
      if (!hasTables(connection)) connection.execute(CREATE);
    });
  }
  // Readers never wait for a writer then. It is kept in the file.
  connection.execute('PRAGMA journal_mode = WAL');
  // The first question makes the log where there is none, as beside a backup.
  hasTables(connection);
}

/**
 * @returns whether there are the tables of this version; false: there is nothing yet
 * @throws {Error} there is something else
 */
function hasTables(connection: Connection): boolean {
  // First: another process may make them in between, together with what is asked next.
  const tables = connection.value('SELECT count(*) FROM sqlite_schema');
  const [application, format] = [connection.value('PRAGMA application_id'), connection.value('PRAGMA user_version')];
  if (application === 0 && tables === 0) return false;
  if (application !== APPLICATION_ID) throw new Error('it is a database of another application');
  if (format !== FORMAT) {
    throw new Error(
      `it has format ${format}, and this version of kapacitor-auth reads format ${FORMAT}: use the version that made it`,
    );
  }
  expectOwnSchema(connection);
  return true;
}

/**
 * A database may hold code: a trigger could make an admin of everybody who is created, and a view could answer in the
 * place of the table. Tables beside this one are left alone: Litestream has its own there.
 */
function expectOwnSchema(connection: Connection): void {
  const rows = connection.all({ text: SCHEMA, values: [] });
  const other = rows.find(({ sql }) => sql !== USERS && sql !== ADMINS);
  if (other === undefined && rows.length === 2) return;
  const what = other === undefined ? 'a part is missing' : `see the ${other['type']} ${JSON.stringify(other['name'])}`;
  throw new Error(`its table of users is not as kapacitor-auth made it: ${what}. Restore a backup`);
}
