import type { Connection, SqliteRow, Statement } from './connection.js';
import { FORMATS } from './formats.js';

/** Marks a database as a store of this package: `kpau` in ASCII. */
const APPLICATION_ID = 0x6b706175;
/** The version of the tables. A later version of this package may write a higher one. */
const FORMAT = FORMATS.length;

/** The names of the tables, their indexes and their triggers. */
const OWN_NAMES: ReadonlySet<string> = new Set(
  FORMATS.flatMap(({ objects }) => objects).map(
    (sql) => (/^CREATE (?:UNIQUE )?\w+ (\w+)/.exec(sql) as RegExpExecArray)[1] as string,
  ),
);

/**
 * Everything in the database, each time with the two numbers of its header. In one statement, because another process may
 * upgrade the tables at any moment. An empty database has one row.
 */
const SCHEMA: Statement = {
  text: `SELECT application_id AS application, user_version AS format, type, name, tbl_name, sql
    FROM pragma_application_id, pragma_user_version LEFT JOIN sqlite_schema ON true`,
  values: [],
};

/**
 * Makes the tables in an empty database, and those that a store of an earlier format lacks. Checks that the database is a
 * store. A database of another application stays as it is. The log exists afterwards.
 *
 * @throws {Error} the database belongs to another application, or has a later format
 */
export function prepareSchema(connection: Connection): void {
  if (formatOf(connection) !== FORMAT) {
    // Before the log is made, so that the tables are in the file itself, and in a copy without the log.
    connection.inTransaction(() => upgrade(connection));
  }
  // With a log, readers never wait for a writer. The mode is stored in the file.
  connection.execute('PRAGMA journal_mode = WAL');
  // The first read makes a missing log: a backup has none.
  formatOf(connection);
}

function upgrade(connection: Connection): void {
  // Another process may have upgraded the tables in the meantime.
  const format = formatOf(connection);
  for (const { upgrade } of FORMATS.slice(format)) connection.execute(upgrade.join(';\n'));
  connection.execute(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}`);
}

/**
 * @returns 0 if the database is empty
 * @throws {Error} the database has other tables
 */
function formatOf(connection: Connection): number {
  const rows = connection.all(SCHEMA);
  const { application, format } = rows[0] as SqliteRow;
  const objects = rows.filter(({ type }) => type !== null);
  if (application === 0 && objects.length === 0) return 0;
  if (application !== APPLICATION_ID) throw new Error('it is a database of another application: name another file');
  if (FORMATS[Number(format) - 1] === undefined) {
    throw new Error(
      `it has format ${format}, and this version of kapacitor-auth reads formats up to ${FORMAT}: use the version that ` +
        'made it',
    );
  }
  expectOwnSchema(objects, Number(format));
  return Number(format);
}

/**
 * Refuses code in the database: a trigger could make every new user an admin, and a view could answer instead of the
 * table. Other tables are allowed: Litestream keeps its own there.
 */
function expectOwnSchema(objects: readonly SqliteRow[], format: number): void {
  const own = new Set(FORMATS[format - 1]?.objects);
  // The index of a primary key has no SQL. Any trigger may change users.
  const rows = objects.filter((row) => row['sql'] !== null && (row['type'] === 'trigger' || hasOwnName(row)));
  const other = rows.find(({ sql }) => !own.has(String(sql)));
  if (other === undefined && rows.length === own.size) return;
  const what = other === undefined ? 'a part is missing' : `see the ${other['type']} ${JSON.stringify(other['name'])}`;
  throw new Error(`its tables are not as kapacitor-auth made them: ${what}. Restore a backup`);
}

/** SQLite does not tell upper from lower case in names. */
function hasOwnName({ name, tbl_name: table }: SqliteRow): boolean {
  return [name, table].some((each) => OWN_NAMES.has(String(each).toLowerCase()));
}
