import { createHash } from 'node:crypto';
import { type KnownKeys, keyProblem } from '../../argument-checks.js';
import { ConfigError } from '../../errors.js';

/** Which table the users are in. */
export interface PostgresTable {
  /** At most 63 bytes. Defaults to `public`. */
  readonly schema?: string | undefined;
  /** At most 40 bytes: what belongs to the table is named after it. Defaults to `kapacitor_auth_users`. */
  readonly table?: string | undefined;
}

/** Bytes. PostgreSQL cuts off what is longer. */
const MAX_SCHEMA = 63;
const MAX_TABLE = 40;

/** The names of what is in the database, quoted where they stand in SQL, and what follows from them. */
export class TableNames {
  readonly schema: string;
  readonly users: string;
  /** The schema, and the tables in it, as the catalog has them: without quotes. */
  readonly bare: { readonly schema: string; readonly users: string; readonly version: string };
  /** Says which migrations have been made. */
  readonly version: string;
  /** Where changes are told. It needs no quotes. */
  readonly channel: string;

  /** @throws {ConfigError} a schema or a table cannot have this name */
  constructor({ schema = 'public', table = 'kapacitor_auth_users' }: PostgresTable = {}) {
    check(schema, 'schema', MAX_SCHEMA);
    check(table, 'table', MAX_TABLE);
    this.bare = { schema, users: table, version: `${table}_version` };
    this.schema = quote(schema);
    this.users = `${this.schema}.${quote(table)}`;
    this.version = this.inSchema('version');
    this.channel = `kapacitor_auth_${this.#digest('channel').toString('hex', 0, 8)}`;
  }

  /** Something that belongs to the table: `users_version`. */
  part(suffix: string): string {
    return quote(`${this.bare.users}_${suffix}`);
  }

  inSchema(suffix: string): string {
    return `${this.schema}.${this.part(suffix)}`;
  }

  /** The key of an advisory lock. Its number is the database's, so it follows from the table's whole name. */
  lockKey(purpose: 'admins' | 'migration'): string {
    return String(this.#digest(purpose).readBigInt64BE());
  }

  #digest(purpose: string): Buffer {
    return createHash('sha256').update(`kapacitor-auth ${this.users} ${purpose}`).digest();
  }
}

const TABLE: KnownKeys = { owner: 'the table in PostgreSQL', noun: 'option', keys: ['schema', 'table'] };

/** @throws {ConfigError} code says something else of the table than its schema and its name */
export function checkTable(table: unknown): void {
  const problem = keyProblem(table, TABLE);
  if (problem !== undefined) throw new ConfigError(problem);
}

function check(name: unknown, what: 'schema' | 'table', most: number): void {
  const isName = typeof name === 'string' && name !== '' && !name.includes('\0') && Buffer.byteLength(name) <= most;
  if (!isName) throw new ConfigError(`the name of the ${what} in PostgreSQL must have 1 to ${most} bytes`);
}

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
