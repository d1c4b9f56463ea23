import { ConfigError } from '../../errors.js';
import type { PostgresPool } from './driver.js';
import { parseStoreUrl } from './url.js';

/**
 * Where the connections come from: what a URL says, or a pool of the app's own.
 *
 * @throws {ConfigError} the URL is none, or the pool is none: the options of one are no pool
 */
export function readSource(source: string | PostgresPool): ReturnType<typeof parseStoreUrl> | PostgresPool {
  if (typeof source === 'string') return parseStoreUrl(source);
  const { connect, on, options } = Object(source) as Partial<PostgresPool>;
  if (typeof connect === 'function' && typeof on === 'function' && typeof options === 'object') return source;
  throw new ConfigError('PostgresUserRepository takes a URL such as "postgres://…", or a pool: new pg.Pool({ … })');
}
