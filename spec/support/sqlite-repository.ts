import { join } from 'node:path';
import { SqliteUserRepository } from 'kapacitor-auth';
import { onTestFinished } from 'vitest';
import { Connection } from '../../lib/stores/sqlite/connection.js';
import { temporaryFolder } from './temporary-folder.js';

/** The file of a store that is not there yet, in a folder that is gone when the test is over. */
export const storeFile = (): string => join(temporaryFolder(), 'users.db');

/** The repository in a file, open until the test is over. */
export function openRepository(file: string): SqliteUserRepository {
  const repository = new SqliteUserRepository(file);
  onTestFinished(() => repository.close());
  return repository;
}

/** A connection to a database, of SQLite alone, until the test is over. */
export function connect(file: string): Connection {
  const connection = new Connection(file);
  onTestFinished(() => connection.close());
  return connection;
}
