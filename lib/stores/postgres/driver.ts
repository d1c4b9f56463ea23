import { ConfigError, StoreError } from '../../errors.js';
import { loadPackage } from '../../optional-package.js';
import { warn } from '../../warnings.js';
import { parseStoreUrl, type StoreUrl } from './url.js';

// These types describe the part of `pg` that is used here, so that an app does not need `@types/pg`.

/** The part of a `pg.Client` that is used. */
export interface PostgresClient {
  connect(): Promise<unknown>;
  query(config: any): Promise<any>;
  end(): Promise<void>;
  unref(): void;
  on(event: any, listener: (...args: any[]) => void): unknown;
  off(event: any, listener: (...args: any[]) => void): unknown;
}

/** The part of a `pg.PoolClient` that is used: a client of a pool until it is released. */
export interface PooledClient extends Pick<PostgresClient, 'query' | 'end' | 'on' | 'off'> {
  release(error?: Error): void;
}

/** The part of a `pg.Pool` that is used: pass `new pg.Pool({ … })`. */
export interface PostgresPool {
  connect(): Promise<PooledClient>;
  end(): Promise<void>;
  on(event: any, listener: (...args: any[]) => void): unknown;
  off(event: any, listener: (...args: any[]) => void): unknown;
  /** The options of its clients. The connection that listens for changes is made with them as well. */
  readonly options: object;
}

/** The part of the package `pg` that is used. */
interface Driver {
  readonly Pool: new (options: object) => PostgresPool;
  readonly Client: new (options: object) => PostgresClient;
}

/**
 * Loads `pg` on first use: most apps have another store.
 *
 * @throws {StoreError} the package `pg` is not installed
 */
function loadDriver(): Driver {
  return loadPackage('pg', 'the store "postgres:" needs', StoreError);
}

/** A parameterized statement: `$1` is the first value. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** A row whose values are texts, as PostgreSQL writes them. */
export type Row = Readonly<Record<string, string | null>>;

export interface Answer {
  readonly rows: readonly Row[];
  /** The number of rows found or changed. */
  readonly rowCount: number | null;
}

/** Runs a statement. */
export type Ask = (statement: Statement) => Promise<Answer>;

/** Values stay texts, whatever parsers the app has set with `pg.types`. */
const types = { getTypeParser: () => String };

/** The argument of `client.query()`. */
export function queryConfig({ text, values }: Statement): object {
  return { text, values, types };
}

/** Milliseconds for making a connection. */
export const CONNECT_WITHIN = 2_000;

/** Milliseconds that the server spends on a statement at most. */
export const STATEMENT_TIMEOUT = 1_000;

/** Options of the clients made here. */
const CLIENT_OPTIONS = {
  connectionTimeoutMillis: CONNECT_WITHIN,
  statement_timeout: STATEMENT_TIMEOUT,
  keepAlive: true,
};

/** A pool, and how to make a client like its own. */
export interface ConnectionSource {
  readonly pool: PostgresPool;
  /** Whether this package made the pool, and ends it. */
  readonly isOwnPool: boolean;
  /** Makes a client outside the pool. It is not connected yet. */
  readonly createClient: () => PostgresClient;
}

/**
 * Parses the URL of a store, or checks that a value is a pool.
 *
 * @throws {ConfigError} it is neither
 */
export function parseSource(source: string | PostgresPool): StoreUrl | PostgresPool {
  if (typeof source === 'string') return parseStoreUrl(source);
  const { connect, on, options } = Object(source) as Partial<PostgresPool>;
  if (typeof connect === 'function' && typeof on === 'function' && typeof options === 'object') return source;
  throw new ConfigError('PostgresUserRepository takes a URL such as "postgres://…", or a pool: new pg.Pool({ … })');
}

/** Makes a pool for a URL, or takes the app's pool. */
export function connectionSource(source: StoreUrl | PostgresPool): ConnectionSource {
  if (!('connectionString' in source)) {
    warnAboutWaiting(source);
    return { pool: source, isOwnPool: false, createClient: () => clientLike(source) };
  }
  const { Pool, Client } = loadDriver();
  const { connectionString, max } = source;
  const options = { ...CLIENT_OPTIONS, connectionString, fallback_application_name: 'kapacitor-auth' };
  // Idle connections do not keep the process alive.
  const pool = new Pool({ ...options, max, allowExitOnIdle: true });
  return { pool, isOwnPool: true, createClient: () => new Client(options) };
}

/** A client outside the app's pool that connects as those in it do. */
function clientLike(pool: PostgresPool): PostgresClient {
  const { Client = loadDriver().Client } = pool as { Client?: new (options: object) => PostgresClient };
  // The pool makes its password non-enumerable.
  const { password } = pool.options as { password?: unknown };
  return new Client({ ...pool.options, password, ...CLIENT_OPTIONS });
}

/** By default `pg` waits without limit. Statements that hang would then take all connections, here and at the server. */
function warnAboutWaiting({ options }: PostgresPool): void {
  const wanted = ['connectionTimeoutMillis', 'statement_timeout'];
  const missing = wanted.filter((option) => !(options as Record<string, unknown>)[option]);
  if (missing.length === 0) return;
  warn(
    'KAPACITOR_AUTH_CONFIG',
    `the app's pool has no ${missing.join(' and no ')}, so it does not recover from every failure: ` +
      'new pg.Pool({ connectionTimeoutMillis: 2000, statement_timeout: 1000, … })',
  );
}
