import { join } from 'node:path';
import { SqliteUserRepository } from 'kapacitor-auth';
import { onTestFinished } from 'vitest';
import { Connection } from '../../lib/stores/sqlite/connection.js';
import type { KeyOwner } from '../../lib/users/repository.js';
import { keyOf, sessionOf } from './stored-secret.js';
import { userNamed } from './stored-user.js';
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

/** The changes of one transaction. */
const PORTION = 200;

/** Makes a change for each item. One that waits for 4 seconds is given up, so they do not all wait at once. */
export async function inPortions<T>(items: readonly T[], change: (item: T) => unknown): Promise<void> {
  for (let index = 0; index < items.length; index += PORTION) {
    await Promise.all(items.slice(index, index + PORTION).map(change));
  }
}

/** A repository with `user0`, `user1` and so on, each with a key and a session. */
export async function storeWithSecrets(count = 2) {
  const file = storeFile();
  const repository = openRepository(file);
  const owners = Array.from({ length: count }, (_, index): KeyOwner => {
    const name = `user${index}`;
    return { ...userNamed(name), keys: [keyOf(name)] };
  });
  await repository.insertMany(owners);
  await inPortions(owners, ({ name }) => repository.secrets.insert(sessionOf(name), '1', 10));
  return { file, repository, secrets: repository.secrets, other: connect(file) };
}
