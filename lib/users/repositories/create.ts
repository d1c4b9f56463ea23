import type { UserRepository } from '../repository.js';
import { LmdbUserRepository } from './lmdb.js';
import { MemoryUserRepository } from './memory.js';
import { isPostgresUrl } from './postgres/url.js';
import { PostgresUserRepository } from './postgres.js';

/**
 * The repository that a store's URL stands for.
 *
 * @param store `memory:`, `lmdb:FOLDER` or `postgres://…`
 * @throws {StoreError} it cannot be opened, or a package is missing
 * @throws {ConfigError} a `postgres://` URL is none
 */
export function createRepository(store: string): UserRepository {
  if (isPostgresUrl(store)) return new PostgresUserRepository(store);
  return store === 'memory:' ? new MemoryUserRepository() : new LmdbUserRepository(store.slice('lmdb:'.length));
}
