import { NamePattern } from '../../users/name-pattern.js';
import type { UserRepository } from '../../users/repository.js';
import type { StoredUser } from '../../users/user.js';

/** The two functions of a test runner that the suite needs: those of vitest, jest, mocha or `node:test`. */
export interface TestRunner {
  readonly describe: (name: string, define: () => void) => unknown;
  readonly it: (name: string, run: () => Promise<void>) => unknown;
}

/** What the suite asks for a repository. */
export interface RepositoryFactory {
  /** An empty repository, opened. */
  create(): UserRepository | Promise<UserRepository>;
  /** Lets go of a repository that `create` gave, and of what it kept. */
  destroy?(repository: UserRepository): void | Promise<void>;
}

/** What the parts of the suite are written with. */
export interface Suite {
  readonly describe: TestRunner['describe'];
  /** A test with an empty repository of its own. */
  readonly test: (title: string, run: (repository: UserRepository) => Promise<void>) => void;
}

export const everybody: NamePattern = new NamePattern('');

/** A user to keep. The hash has the form of bcrypt's, and is nobody's. */
export function userNamed(name: string, changes: Partial<StoredUser> = {}): StoredUser {
  const hash = `$2b$10$${'.'.repeat(53)}`;
  return { name, type: 'normal', permissions: [], enabled: true, hash, revision: `first of ${name}`, ...changes };
}

/** Inserts a hundred users at a time: a store may wait for its disk each time. */
export async function insertAll(repository: UserRepository, users: readonly StoredUser[]): Promise<void> {
  for (let from = 0; from < users.length; from += 100) {
    await Promise.all(users.slice(from, from + 100).map((user) => repository.insert(user)));
  }
}

export async function namesAfter(
  repository: UserRepository,
  after: string | undefined,
  pattern = '',
  offset = 0,
  limit = 1_000,
): Promise<string[]> {
  const users = await repository.list({ pattern: new NamePattern(pattern), after, offset, limit });
  return users.map(({ name }) => name);
}

export function names(
  repository: UserRepository,
  pattern?: string,
  offset?: number,
  limit?: number,
): Promise<string[]> {
  return namesAfter(repository, undefined, pattern, offset, limit);
}
