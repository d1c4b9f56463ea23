import { SqliteUserRepository } from 'kapacitor-auth';
import { onTestFinished } from 'vitest';

/** The repository in a file, open until the test is over. */
export function openRepository(file: string): SqliteUserRepository {
  const repository = new SqliteUserRepository(file);
  onTestFinished(() => repository.close());
  return repository;
}
