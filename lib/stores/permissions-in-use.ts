import { statSync } from 'node:fs';
import { sqliteFile } from './address.js';
import { completeRepository } from './complete.js';
import { createRepository } from './create-repository.js';

/** The SQLSTATEs of `undefined_table` and `invalid_schema_name`. */
const NO_TABLE = ['42P01', '3F000'];

/**
 * Reads the permissions that the users of a store have. It makes no store, and changes none: a table of an older version
 * stays as it is.
 *
 * @param store `memory:`, `sqlite:FILE` or `postgres://…`
 * @returns none if there is no store yet
 * @throws {StoreError} the store cannot be opened. Errors of `pg` are thrown as they are
 */
export async function readPermissionsOfStore(store: string): Promise<readonly string[]> {
  const file = sqliteFile(store);
  // SQLite makes the tables in an empty file.
  if (file !== undefined && !statSync(file, { throwIfNoEntry: false })?.size) return [];
  const repository = createRepository(store);
  try {
    return await completeRepository(repository).permissionsInUse();
  } catch (error) {
    if (NO_TABLE.includes((error as NodeJS.ErrnoException).code as string)) return [];
    throw error;
  } finally {
    await repository.close?.();
  }
}
