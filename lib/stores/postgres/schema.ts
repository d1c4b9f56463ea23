import { ConfigError, StoreError } from '../../errors.js';
import type { Connections } from './connections.js';
import type { Ask } from './driver.js';
import { checkTable, type PostgresTable, TableNames } from './table.js';

/** Milliseconds. */
const CHECK_WITHIN = 2_000;
/** Milliseconds. Of twenty processes that start at once each waits for the others. */
const MIGRATE_WITHIN = 60_000;
/** As PostgreSQL numbers them: 14.0. */
const OLDEST_SERVER = 140_000;
/** Of one statement: a change of more users than this is told as a change of everybody. */
const MOST_NAMES = 100;

type Migration = (names: TableNames) => string;

const createUsers: Migration = (names) => `
CREATE TABLE ${names.users} (
  -- Names are told apart, and ordered, byte by byte.
  name text COLLATE "C" PRIMARY KEY CHECK (octet_length(name) BETWEEN 1 AND 256),
  type text NOT NULL DEFAULT 'normal' CHECK (type IN ('admin', 'normal')),
  permissions text[] NOT NULL DEFAULT '{}'
    CHECK (permissions <@ ARRAY['api', 'config_api', 'write_points', 'all']),
  enabled boolean NOT NULL DEFAULT true,
  -- bcrypt's.
  hash text NOT NULL,
  -- Another one after each change.
  revision text NOT NULL DEFAULT gen_random_uuid()
);

CREATE INDEX ${names.part('admins')} ON ${names.users} (name) WHERE type = 'admin' AND enabled;

-- A change that is made with psql makes a new revision as well.
CREATE OR REPLACE FUNCTION ${names.inSchema('revise')}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.revision = OLD.revision THEN
    NEW.revision := gen_random_uuid();
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER ${names.part('revise')} BEFORE UPDATE ON ${names.users}
  FOR EACH ROW EXECUTE FUNCTION ${names.inSchema('revise')}();

-- Tells every process which users have changed: an empty name stands for all of them.
CREATE OR REPLACE FUNCTION ${names.inSchema('notify')}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  -- Each for itself: there is no table of what has changed when everything has.
  IF TG_OP = 'TRUNCATE' THEN
    PERFORM pg_notify('${names.channel}', '');
  ELSIF (SELECT count(*) > ${MOST_NAMES} FROM (SELECT FROM changed LIMIT ${MOST_NAMES + 1}) few) THEN
    PERFORM pg_notify('${names.channel}', '');
  ELSE
    PERFORM pg_notify('${names.channel}', name) FROM changed;
  END IF;
  RETURN NULL;
END
$$;

-- Nobody has a new user in memory, so an insertion need not be told.
CREATE TRIGGER ${names.part('notify_update')} AFTER UPDATE ON ${names.users}
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ${names.inSchema('notify')}();
CREATE TRIGGER ${names.part('notify_delete')} AFTER DELETE ON ${names.users}
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ${names.inSchema('notify')}();
CREATE TRIGGER ${names.part('notify_truncate')} AFTER TRUNCATE ON ${names.users}
  FOR EACH STATEMENT EXECUTE FUNCTION ${names.inSchema('notify')}();
`;

/** The first one makes version 1. What was published stays as it is: a change is one more. */
const MIGRATIONS: readonly Migration[] = [createUsers];

/** @returns the statements that make version `to` out of the one before it */
function migration(names: TableNames, to: number, migrations: readonly Migration[]): string {
  const isFirst = to === 1;
  return [
    isFirst && `CREATE TABLE ${names.version} (version integer NOT NULL);`,
    isFirst && `INSERT INTO ${names.version} VALUES (0);`,
    (migrations[to - 1] as Migration)(names).trim(),
    `UPDATE ${names.version} SET version = ${to};`,
  ]
    .filter((part) => part !== false)
    .join('\n\n');
}

/**
 * The SQL that makes the table of users, for those who run their migrations themselves. Run as it is, with psql's
 * `ON_ERROR_STOP`, it does everything or nothing.
 *
 * @param table defaults to `public.kapacitor_auth_users`
 * @param from the version that is there already, 0 for none, which is the default
 * @throws {ConfigError} a schema or a table cannot have this name, an option is not known, or there is no such version
 */
export function postgresSchema(table: PostgresTable = {}, from = 0): string {
  checkTable(table);
  if (!Number.isInteger(from) || from < 0 || from > MIGRATIONS.length) {
    throw new ConfigError(`postgresSchema: the version that is there is 0 to ${MIGRATIONS.length}`);
  }
  const names = new TableNames(table);
  const steps = MIGRATIONS.map((_, index) => index + 1).filter((version) => version > from);
  return [
    `-- The users of kapacitor-auth, version ${MIGRATIONS.length}`,
    'BEGIN;',
    from === 0 && `CREATE SCHEMA IF NOT EXISTS ${names.schema};`,
    ...steps.map((version) => migration(names, version, MIGRATIONS)),
    'COMMIT;\n',
  ]
    .filter((part) => part !== false)
    .join('\n\n');
}

/**
 * Makes the table of users where it is missing, and brings an older one up to date. Where it is as it shall be nothing
 * is written, so the right to do so is not needed.
 *
 * @throws {StoreError} that says what is in the way
 */
export async function prepareSchema(
  connections: Connections,
  names: TableNames,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const found = await connections.use(CHECK_WITHIN, async (ask) => {
    await checkServer(ask);
    return findVersion(ask, names, migrations.length).catch((error) => {
      throw explain(error, names, `may not read ${names.version}`, 'SELECT on it');
    });
  });
  if (found === migrations.length) return;
  await connections.use(MIGRATE_WITHIN, async (ask) => {
    await migrate(ask, names, migrations).catch((error) => {
      throw explain(
        error,
        names,
        `may not make the table ${names.users}`,
        'CREATE, or run the SQL that postgresSchema() of kapacitor-auth/postgres gives',
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
      'this server is a standby, which hears of changes late, and of some only: name the primary one',
    );
  }
  if (encoding !== 'UTF8') {
    throw new StoreError(
      `the database has the encoding ${encoding}, in which not every name can be written: make one with  ENCODING 'UTF8' TEMPLATE template0`,
    );
  }
}

/** What is there: 0 stands for no table. */
async function findVersion(ask: Ask, names: TableNames, latest: number): Promise<number> {
  // Not to_regclass(): it may remember what was not there before this process had to wait for another one.
  const { rows } = await ask({
    text: `SELECT relname FROM pg_catalog.pg_class WHERE relname IN ($2, $3)
      AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1)`,
    values: [names.bare.schema, names.bare.users, names.bare.version],
  });
  const isThere = (table: string) => rows.some((row) => row['relname'] === table);
  if (!isThere(names.bare.version)) return 0;
  const answer = await ask({ text: `SELECT version FROM ${names.version}` });
  const version = Number(answer.rows[0]?.['version'] ?? 0);
  if (version > latest) {
    throw new StoreError(
      `the table ${names.users} has version ${version}, and this version of kapacitor-auth knows ${latest}: install a newer one`,
    );
  }
  if (!isThere(names.bare.users)) {
    throw new StoreError(
      `the table ${names.users} is missing, and ${names.version} says that it was there: restore it, or drop ${names.version} to begin anew`,
    );
  }
  return version;
}

async function migrate(ask: Ask, names: TableNames, migrations: readonly Migration[]): Promise<void> {
  await ask({
    text: `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout = ${MIGRATE_WITHIN}`,
  });
  await ask({ text: 'SELECT pg_advisory_xact_lock($1)', values: [names.lockKey('migration')] });
  const version = await findVersion(ask, names, migrations.length);
  if (version === 0) await createSchema(ask, names);
  for (let next = version + 1; next <= migrations.length; next += 1) {
    await ask({ text: migration(names, next, migrations) });
  }
  await ask({ text: 'COMMIT' });
}

/** Not `IF NOT EXISTS`: that asks for the right to create schemas in any case. */
async function createSchema(ask: Ask, names: TableNames): Promise<void> {
  const { rowCount } = await ask({
    text: 'SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1',
    values: [names.bare.schema],
  });
  if (rowCount === 0) await ask({ text: `CREATE SCHEMA ${names.schema}` });
}

/** Of the two errors that can be helped by whoever reads it, says how. */
function explain(error: NodeJS.ErrnoException, names: TableNames, deed: string, right: string): unknown {
  if (error.code === '42501') {
    return new StoreError(`this user of the database ${deed} (${error.message}): grant it ${right}`, { cause: error });
  }
  if (error.code === '42P07') {
    return new StoreError(`there is something else by the name of ${names.users}: name another table`, {
      cause: error,
    });
  }
  return error;
}
