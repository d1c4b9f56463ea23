import { createHash } from 'node:crypto';
import { type KnownKeys, keyProblem } from '../../argument-checks.js';
import { ConfigError } from '../../errors.js';

/** The table of the users. */
export interface PostgresTable {
  /** The schema, case-sensitive, 1 to 63 bytes. Defaults to `public`. */
  readonly schema?: string | undefined;
  /**
   * The table, case-sensitive, 1 to 40 bytes: its index, functions and triggers are named after it. Defaults to
   * `kapacitor_auth_users`.
   */
  readonly table?: string | undefined;
}

/** Bytes. PostgreSQL truncates longer names. */
const MAX_SCHEMA = 63;
/** Bytes. Leaves room for the longest suffix. */
const MAX_TABLE = 40;

/** The names of the table of users and of everything that belongs to it, quoted for SQL. */
export class TableNames {
  readonly schema: string;
  /** The table of users, with its schema. */
  readonly users: string;
  /** The table with the number of the latest migration. */
  readonly version: string;
  /** The names as the catalog has them: without quotes, and without the schema. */
  readonly bare: { readonly schema: string; readonly users: string; readonly version: string };
  /** The channel of NOTIFY. Its name needs no quotes. */
  readonly channel: string;

  /** @throws {ConfigError} a schema or a table cannot have this name */
  constructor({ schema = 'public', table = 'kapacitor_auth_users' }: PostgresTable = {}) {
    checkName(schema, 'schema', MAX_SCHEMA);
    checkName(table, 'table', MAX_TABLE);
    this.bare = { schema, users: table, version: `${table}_version` };
    this.schema = quoteIdentifier(schema);
    this.users = `${this.schema}.${quoteIdentifier(table)}`;
    this.version = this.inSchema('version');
    this.channel = `kapacitor_auth_${this.#digest('channel').toString('hex', 0, 8)}`;
  }

  /** The name of a part of the table, such as an index: `"users_admins"`. */
  part(suffix: string): string {
    return quoteIdentifier(`${this.bare.users}_${suffix}`);
  }

  /** The same with the schema. */
  inSchema(suffix: string): string {
    return `${this.schema}.${this.part(suffix)}`;
  }

  /** The key of an advisory lock. The whole database shares the keys, so it is derived from the table's full name. */
  lockKey(purpose: 'admins' | 'migration'): string {
    return String(this.#digest(purpose).readBigInt64BE());
  }

  #digest(purpose: string): Buffer {
    return createHash('sha256').update(`kapacitor-auth ${this.users} ${purpose}`).digest();
  }
}

const TABLE: KnownKeys = { owner: 'the table in PostgreSQL', noun: 'option', keys: ['schema', 'table'] };

/** @throws {ConfigError} the table is not an object, or has another key than `schema` and `table` */
export function checkTable(table: unknown): void {
  const problem = keyProblem(table, TABLE);
  if (problem !== undefined) throw new ConfigError(problem);
}

function checkName(name: unknown, kind: 'schema' | 'table', most: number): void {
  const isName = typeof name === 'string' && name !== '' && !name.includes('\0') && Buffer.byteLength(name) <= most;
  if (!isName) throw new ConfigError(`the name of the ${kind} in PostgreSQL must have 1 to ${most} bytes`);
}

function quoteIdentifier(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** Milliseconds that a migration waits for the lock of a table with users. */
const LOCK_WITHIN = 200;

/** A change of more users than this by one statement is reported as a change of everybody. */
const MOST_NAMES = 100;

/** The SQL that makes a version of the schema from the one before. */
export type Migration = (names: TableNames) => string;

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
 * the former constraint allowed satisfies the new one. Requests that read users queue behind a change that waits for its
 * lock, so it gives up soon if another transaction, such as that of pg_dump, uses the table.
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
SET LOCAL lock_timeout = '${LOCK_WITHIN}ms';

DO ${quoteLiteral(dropFormer)};

-- Names of permissions. A NULL is not one, and neither is a text with a comma: both change the number of elements.
ALTER TABLE ${names.users} ADD CONSTRAINT ${names.part('permission_names')} CHECK (
  array_to_string(permissions, ',') COLLATE "C" ~ '^([a-z][a-z0-9_-]{0,63}(,[a-z][a-z0-9_-]{0,63})*)?$'
  AND cardinality(permissions) = cardinality(string_to_array(array_to_string(permissions, ','), ','))
) NOT VALID;
`;
};

function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The first migration makes version 1. A published migration never changes: append another one. */
export const MIGRATIONS: readonly Migration[] = [createUsers, allowOwnPermissions];

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
