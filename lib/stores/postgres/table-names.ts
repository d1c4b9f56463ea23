import { createHash } from 'node:crypto';
import { type KnownKeys, keyProblem } from '../../argument-checks.js';
import { ConfigError } from '../../errors.js';

/** The table of the users. */
export interface PostgresTable {
  /** The schema, case-sensitive, 1 to 63 bytes. Defaults to `public`. */
  readonly schema?: string | undefined;
  /**
   * The table, case-sensitive, 1 to 40 bytes: its indexes, functions and triggers and the other tables are named after it. Defaults to `kapacitor_auth_users`.
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
  /** The table of their keys and sessions, with its schema. */
  readonly secrets: string;
  /** The table of their permissions, with its schema: a row for each permission of each user. */
  readonly grants: string;
  /** The table of the times of their logins, with its schema. */
  readonly logins: string;
  /** The table of counts of failed logins, with its schema. */
  readonly limits: string;
  /** The table with the number of the latest migration. */
  readonly version: string;
  /** The names as the catalog has them: without quotes, and without the schema. */
  readonly bare: {
    readonly schema: string;
    readonly users: string;
    readonly limits: string;
    readonly version: string;
  };
  /** The channel of NOTIFY. Its name needs no quotes. */
  readonly channel: string;

  /** @throws {ConfigError} a schema or a table cannot have this name */
  constructor({ schema = 'public', table = 'kapacitor_auth_users' }: PostgresTable = {}) {
    checkName(schema, 'schema', MAX_SCHEMA);
    checkName(table, 'table', MAX_TABLE);
    this.bare = { schema, users: table, limits: `${table}_limits`, version: `${table}_version` };
    this.schema = quoteIdentifier(schema);
    this.users = `${this.schema}.${quoteIdentifier(table)}`;
    this.secrets = this.inSchema('secrets');
    this.grants = this.inSchema('grants');
    this.logins = this.inSchema('logins');
    this.limits = this.inSchema('limits');
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
  lockKey(purpose: 'admins' | 'listeners' | 'migration'): string {
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

/** Quotes a text for SQL, such as a name inside the body of a function. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
