import { StoreError } from '../../errors.js';
import type { Connections } from './connections.js';
import type { Ask } from './driver.js';
import { type Migration, migrationStatements } from './schema.js';
import type { TableNames } from './table-names.js';

/** Milliseconds. */
const CHECK_WITHIN = 2_000;
/** Milliseconds. Processes that start at the same time wait for each other. */
const MIGRATE_WITHIN = 60_000;
/** `server_version_num` of 14.0. */
const OLDEST_SERVER = 140_000;
/** The SQLSTATE of `insufficient_privilege`. */
const INSUFFICIENT_PRIVILEGE = '42501';
/** The SQLSTATE of `duplicate_table`. */
const DUPLICATE_TABLE = '42P07';
/** The SQLSTATE of `lock_not_available`: a migration has waited for the table long enough. */
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Makes the table of users if it is missing, and runs the migrations that an older one lacks. An up-to-date table needs
 * only the right to read its version: nothing is written.
 *
 * @throws {StoreError} the server is too old or a standby, the encoding is not UTF8, the table is newer than this package
 *   or has been dropped, or a right is missing
 */
export async function migrate(
  connections: Connections,
  names: TableNames,
  migrations: readonly Migration[],
): Promise<void> {
  const found = await connections.use(CHECK_WITHIN, async (ask) => {
    await checkServer(ask);
    return readVersion(ask, names, migrations.length).catch((error) => {
      throw withAdvice(error, names, `may not read ${names.version}`, 'SELECT on it');
    });
  });
  if (found === migrations.length) return;
  await connections.use(MIGRATE_WITHIN, async (ask) => {
    await runMigrations(ask, names, migrations).catch((error) => {
      throw found === 0
        ? withAdvice(
            error,
            names,
            `may not make the table ${names.users}`,
            'CREATE, or run the SQL that postgresSchema() of kapacitor-auth/postgres returns',
          )
        : withAdvice(
            error,
            names,
            `may not change the table ${names.users} from version ${found} to ${migrations.length}`,
            `ownership of the table and CREATE on its schema, or run the SQL that postgresSchema({ … }, ${found}) of kapacitor-auth/postgres returns`,
          );
    });
  });
}

async function checkServer(ask: Ask): Promise<void> {
  const { rows } = await ask({
    text: `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
      current_setting('server_encoding') AS encoding, pg_is_in_recovery()::text AS is_standby`,
  });
  const { version, number, encoding, is_standby: isStandby } = rows[0] as Record<string, string>;
  if (Number(number) < OLDEST_SERVER) throw new StoreError(`PostgreSQL 14 or later is needed, and this is ${version}`);
  if (isStandby === 'true') {
    throw new StoreError(
      'the server is a standby, which sees changes late and sends no notifications: connect to the primary server',
    );
  }
  if (encoding !== 'UTF8') {
    throw new StoreError(
      `the database has the encoding ${encoding}, which cannot store every name: create one with  ENCODING 'UTF8' TEMPLATE template0`,
    );
  }
}

/** The version of the table that is there, 0 for none. */
async function readVersion(ask: Ask, names: TableNames, latest: number): Promise<number> {
  // to_regclass() may still have the answer from before the wait for another process.
  const { rows } = await ask({
    text: `SELECT relname FROM pg_catalog.pg_class WHERE relname = ANY ($2)
      AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1)`,
    values: [names.bare.schema, [names.bare.users, names.bare.version]],
  });
  const exists = (table: string) => rows.some((row) => row['relname'] === table);
  if (!exists(names.bare.version)) return 0;
  const answer = await ask({ text: `SELECT version FROM ${names.version}` });
  const version = Number(answer.rows[0]?.['version'] ?? 0);
  if (version > latest) {
    throw new StoreError(
      `the table ${names.users} has version ${version}, and this version of kapacitor-auth knows ${latest}: install a newer one`,
    );
  }
  if (!exists(names.bare.users)) {
    const rest = `${names.version}, ${names.secrets}, ${names.logins}, ${names.limits} and ${names.grants}`;
    throw new StoreError(
      `the table ${names.users} is missing, although ${names.version} exists: restore it, or drop ${rest} to start anew`,
    );
  }
  return version;
}

async function runMigrations(ask: Ask, names: TableNames, migrations: readonly Migration[]): Promise<void> {
  await ask({
    text: `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout = ${MIGRATE_WITHIN}`,
  });
  await ask({ text: 'SELECT pg_advisory_xact_lock($1)', values: [names.lockKey('migration')] });
  const found = await readVersion(ask, names, migrations.length);
  if (found === 0) await createSchema(ask, names);
  for (const [index, migration] of migrations.entries()) {
    if (index >= found) await ask({ text: migrationStatements(migration, index + 1, names) });
  }
  await ask({ text: 'COMMIT' });
}

/** `CREATE SCHEMA IF NOT EXISTS` needs the right to create schemas even if the schema exists. */
async function createSchema(ask: Ask, names: TableNames): Promise<void> {
  const { rowCount } = await ask({
    text: 'SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1',
    values: [names.bare.schema],
  });
  if (rowCount === 0) await ask({ text: `CREATE SCHEMA ${names.schema}` });
}

/** The same error, with what to do about it for those that the operator can put right. */
function withAdvice(error: NodeJS.ErrnoException, names: TableNames, problem: string, right: string): Error {
  if (error.code === INSUFFICIENT_PRIVILEGE) {
    return new StoreError(`this database user ${problem} (${error.message}): grant it ${right}`, { cause: error });
  }
  if (error.code === DUPLICATE_TABLE) {
    return new StoreError(`another relation has a name that the store needs (${error.message}): name another table`, {
      cause: error,
    });
  }
  if (error.code === LOCK_NOT_AVAILABLE) {
    return new StoreError(
      `the table ${names.users} cannot be changed to this version while a long transaction uses it, such as that of ` +
        'pg_dump: try again when that is done',
      { cause: error },
    );
  }
  return error;
}
