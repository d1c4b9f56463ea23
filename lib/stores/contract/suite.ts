import { NamePattern } from '../../users/name-pattern.js';
import type { UserRepository } from '../../users/repository.js';
import type { StoredUser } from '../../users/user.js';

/** The two functions of a test runner that the suite needs: those of vitest, jest, mocha or `node:test`. */
export interface TestRunner {
  readonly describe: (name: string, define: () => void) => unknown;
  readonly it: (name: string, run: () => Promise<void>) => unknown;
}

/** Makes the repositories that the suite tests. */
export interface RepositoryFactory {
  /** Makes an empty repository that is open. */
  create(): UserRepository | Promise<UserRepository>;
  /** Releases a repository that `create` made, and its users. */
  destroy?(repository: UserRepository): void | Promise<void>;
}

/** The functions that the parts of the suite use. */
export interface Suite {
  readonly describe: TestRunner['describe'];
  /** A test with an empty repository of its own. */
  readonly test: (title: string, run: (repository: UserRepository) => Promise<void>) => void;
}

/** A repository that has this optional part. */
export type With<Part extends keyof UserRepository> = UserRepository & Required<Pick<UserRepository, Part>>;

/** Tests a part of a repository if it is there. */
export function testOf<Part extends keyof UserRepository>(
  { test }: Suite,
  part: Part,
  title: string,
  run: (repository: With<Part>) => Promise<void>,
): void {
  test(title, async (repository) => {
    if (repository[part]) await run(repository as With<Part>);
  });
}

export const everybody: NamePattern = new NamePattern('');

/** A user. The hash has the form of bcrypt's, and no password matches it. */
export function userNamed(name: string, changes: Partial<StoredUser> = {}): StoredUser {
  const hash = `$2b$10$${'.'.repeat(53)}`;
  return { name, type: 'normal', permissions: [], enabled: true, hash, revision: `first of ${name}`, ...changes };
}

/** Names of permissions of an app's own, in the order in which a user has them. */
export const OWN_PERMISSIONS: readonly string[] = ['write_points', 'a', 'a-b', 'a0', 'a_b', `z${'-'.repeat(63)}`];

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
