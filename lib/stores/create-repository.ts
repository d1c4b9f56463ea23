import type { UserRepository } from '../users/repository.js';
import { sqliteFile } from './address.js';
import { MemoryUserRepository } from './memory.js';
import { PostgresUserRepository } from './postgres/postgres-repository.js';
import { isPostgresUrl } from './postgres/url.js';
import { SqliteUserRepository } from './sqlite/sqlite-repository.js';

/**
 * The repository that a store's URL stands for.
 *
 * @param store `memory:`, `sqlite:FILE` or `postgres://…`
 * @throws {StoreError} it cannot be opened, or a package is missing
 * @throws {ConfigError} a `postgres://` URL is none
 */
export function createRepository(store: string): UserRepository {
  if (isPostgresUrl(store)) return new PostgresUserRepository(store);
  const file = sqliteFile(store);
  return file === undefined ? new MemoryUserRepository() : new SqliteUserRepository(file);
}
