import { StoreError } from '../../errors.js';
import { loadPackage } from '../../optional-package.js';

/** What is used of a client of `pg`. An app that uses this package need not have the types of `pg`. */
export interface PostgresClient {
  connect(): Promise<unknown>;
  query(config: any): Promise<any>;
  end(): Promise<void>;
  unref(): void;
  on(event: any, listener: (...args: any[]) => void): unknown;
  off(event: any, listener: (...args: any[]) => void): unknown;
}

/** A client that a pool has given, until it is given back. */
export interface PooledClient extends Pick<PostgresClient, 'query' | 'end' | 'on' | 'off'> {
  release(error?: Error): void;
}

/** What is used of a pool of `pg`: a `new pg.Pool(…)` is one. */
export interface PostgresPool {
  connect(): Promise<PooledClient>;
  end(): Promise<void>;
  on(event: any, listener: (...args: any[]) => void): unknown;
  off(event: any, listener: (...args: any[]) => void): unknown;
  /** How its clients connect. */
  readonly options: object;
}

/** What is used of the package `pg`. */
export interface Driver {
  readonly Pool: new (options: object) => PostgresPool;
  readonly Client: new (options: object) => PostgresClient;
}

/** Loaded when it is asked for: most apps have another store. */
export function loadDriver(): Driver {
  return loadPackage('pg', 'the store "postgres:" needs', StoreError);
}

export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** Each value is a text, as PostgreSQL writes it. */
export type Row = Readonly<Record<string, string | null>>;

export interface Answer {
  readonly rows: readonly Row[];
  /** How many rows were found or changed. */
  readonly rowCount: number | null;
}

/** Asks the database, on one connection. */
export type Ask = (statement: Statement) => Promise<Answer>;

/** Whatever parsers the app has set for its own types: ours read the rows as PostgreSQL writes them. */
const types = { getTypeParser: () => String };

/** What a client is to be asked. */
export function withTypes({ text, values }: Statement): object {
  return { text, values, types };
}
