import { StoreError } from '../errors.js';
import type { UserRepository } from '../users/repository.js';
import { sqliteFile } from './address.js';
import { MemoryUserRepository } from './memory.js';
import { PostgresUserRepository } from './postgres/postgres-repository.js';
import { isPostgresUrl } from './postgres/url.js';
import { SqliteUserRepository } from './sqlite/sqlite-repository.js';

/**
 * Makes the repository that a setting names.
 *
 * @param store `memory:`, `sqlite:FILE` or `postgres://…`
 * @throws {StoreError} the file cannot be opened, or a package is missing
 * @throws {ConfigError} the `postgres://` URL is not valid
 */
export function createRepository(store: string): UserRepository {
  if (isPostgresUrl(store)) return new PostgresUserRepository(store);
  const file = sqliteFile(store);
  return file === undefined ? new MemoryUserRepository() : new SqliteUserRepository(file);
}

/** The repository while `[auth] enabled` is false: each question fails with an error that says so. */
export const noUsers: UserRepository = {
  find: refuseQuestion,
  list: refuseQuestion,
  insert: refuseQuestion,
  replace: refuseQuestion,
  remove: refuseQuestion,
};

function refuseQuestion(): never {
  throw new StoreError('there are no users: [auth] enabled is false');
}
