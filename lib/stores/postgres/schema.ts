import { ConfigError } from '../../errors.js';
import { keepAccounts } from './accounts-schema.js';
import { keepLimits } from './limits-schema.js';
import { keepSecrets } from './secrets-schema.js';
import { checkTable, type PostgresTable, quoteLiteral, TableNames } from './table-names.js';

/** Milliseconds that a migration waits for the lock of a table with users. */
const LOCK_WITHIN = 200;

/** A change of more users than this by one statement is reported as a change of everybody. */
const MOST_NAMES = 100;

/** The SQL that makes a version of the schema from the one before. */
export type Migration = (names: TableNames) => string;

/**
 * Lets a migration give up soon if another transaction, such as that of pg_dump, uses the table: requests that read users
 * queue behind a change that waits for its lock.
 */
const withoutWaiting =
  (migration: Migration): Migration =>
  (names) =>
    `SET LOCAL lock_timeout = '${LOCK_WITHIN}ms';\n${migration(names)}`;

const createUsers: Migration = (names) => `
CREATE TABLE ${names.users} (
  -- Names are compared, and ordered, byte by byte.
  name text COLLATE "C" PRIMARY KEY CHECK (octet_length(name) BETWEEN 1 AND 256),
  type text NOT NULL DEFAULT 'normal' CHECK (type IN ('admin', 'normal')),
  permissions text[] NOT NULL DEFAULT '{}'
    CHECK (permissions <@ ARRAY['api', 'config_api', 'write_points', 'all']),
  enabled boolean NOT NULL DEFAULT true,
  -- bcrypt.
  hash text NOT NULL,
  -- Changes with every update.
  revision text NOT NULL DEFAULT gen_random_uuid()
);

CREATE INDEX ${names.part('admins')} ON ${names.users} (name) WHERE type = 'admin' AND enabled;

-- An update with psql gets a new revision as well.
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

-- Notifies every process of the names of changed users. An empty name stands for all users.
CREATE OR REPLACE FUNCTION ${names.inSchema('notify')}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  -- TRUNCATE has no transition table, so it is tested first, in a branch of its own.
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

-- No process has a new user in memory, so INSERT needs no trigger.
CREATE TRIGGER ${names.part('notify_update')} AFTER UPDATE ON ${names.users}
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ${names.inSchema('notify')}();
CREATE TRIGGER ${names.part('notify_delete')} AFTER DELETE ON ${names.users}
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ${names.inSchema('notify')}();
CREATE TRIGGER ${names.part('notify_truncate')} AFTER TRUNCATE ON ${names.users}
  FOR EACH STATEMENT EXECUTE FUNCTION ${names.inSchema('notify')}();
`;

/**
 * Replaces the list of Kapacitor's permissions by a rule for names: an app defines permissions of its own. The former
 * constraint is found by what it says, because an app's migrations may have given it another name.
 *
 * Both changes need an ACCESS EXCLUSIVE lock, so they are brief. The table is not scanned (NOT VALID): every user that
 * the former constraint allowed satisfies the new one.
 */
const allowOwnPermissions: Migration = (names) => {
  const table = quoteLiteral(names.users);
  const dropFormer = `
DECLARE
  former name;
BEGIN
  FOR former IN
    SELECT conname FROM pg_catalog.pg_constraint WHERE conrelid = ${table}::regclass AND contype = 'c'
      AND pg_catalog.pg_get_expr(conbin, conrelid)
        LIKE '%permissions <@ ARRAY[''api''%''config_api''%''write_points''%''all''%'
  LOOP
    EXECUTE pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', ${table}, former);
  END LOOP;
END`;
  return `
DO ${quoteLiteral(dropFormer)};

-- Names of permissions. A NULL is not one, and neither is a text with a comma: both change the number of elements.
ALTER TABLE ${names.users} ADD CONSTRAINT ${names.part('permission_names')} CHECK (
  array_to_string(permissions, ',') COLLATE "C" ~ '^([a-z][a-z0-9_-]{0,63}(,[a-z][a-z0-9_-]{0,63})*)?$'
  AND cardinality(permissions) = cardinality(string_to_array(array_to_string(permissions, ','), ','))
) NOT VALID;
`;
};

/** The first migration makes version 1. A published migration never changes: append another one. */
export const MIGRATIONS: readonly Migration[] = [
  createUsers,
  withoutWaiting(allowOwnPermissions),
  withoutWaiting(keepSecrets),
  withoutWaiting(keepAccounts),
  keepLimits,
];

/** The statements of a migration, which also write its version. */
export function migrationStatements(migration: Migration, version: number, names: TableNames): string {
  const statements = [migration(names).trim(), `UPDATE ${names.version} SET version = ${version};`];
  if (version === 1) {
    statements.unshift(
      `CREATE TABLE ${names.version} (version integer NOT NULL);`,
      `INSERT INTO ${names.version} VALUES (0);`,
    );
  }
  return statements.join('\n\n');
}

/**
 * Returns the SQL that makes the table of users, for an app that runs its migrations itself. It is one transaction; run it
 * with psql's `ON_ERROR_STOP`.
 *
 * @param table defaults to `public.kapacitor_auth_users`
 * @param from the version that the table has already; defaults to 0, no table
 * @throws {ConfigError} the schema or the table cannot have this name, an option is unknown, or there is no such version
 */
export function postgresSchema(table: PostgresTable = {}, from = 0): string {
  checkTable(table);
  const latest = MIGRATIONS.length;
  if (!Number.isInteger(from) || from < 0 || from > latest) {
    throw new ConfigError(`postgresSchema: the version of the table must be an integer from 0 to ${latest}`);
  }
  const names = new TableNames(table);
  const steps = MIGRATIONS.map((migration, index) => migrationStatements(migration, index + 1, names)).slice(from);
  if (from === 0) steps.unshift(`CREATE SCHEMA IF NOT EXISTS ${names.schema};`);
  return [`-- The users of kapacitor-auth, version ${latest}`, 'BEGIN;', ...steps, 'COMMIT;\n'].join('\n\n');
}
