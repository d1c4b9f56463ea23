import { LmdbUserRepository } from 'kapacitor-auth';
import { onTestFinished } from 'vitest';

/** The repository in a folder, open until the test is over. */
export function openRepository(path: string): LmdbUserRepository {
  const repository = new LmdbUserRepository(path);
  onTestFinished(() => repository.close());
  return repository;
}
