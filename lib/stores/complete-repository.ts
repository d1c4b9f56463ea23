import { NamePattern } from '../users/name-pattern.js';
import type { FirstAdminOutcome, UserRepository } from '../users/repository.js';
import { isActiveAdmin, type StoredUser } from '../users/user.js';

/** How many users are listed at once. */
const PAGE = 1_000;

/** What is needed of a repository to read everybody. */
type Readable = Pick<UserRepository, 'list' | 'snapshot'>;
type Searchable = Readable & Pick<UserRepository, 'hasAdmin'>;

/**
 * Every user in the order of their names' UTF-8 bytes: as all of them were at one moment, or page by page where the
 * repository has no {@link UserRepository.snapshot}.
 */
export function everyUser(repository: Readable): AsyncIterable<StoredUser> {
  return repository.snapshot?.() ?? pageByPage(repository);
}

/** Whether there is an admin that is enabled: see {@link UserRepository.hasAdmin}. */
export async function hasAdmin(repository: Searchable): Promise<boolean> {
  if (repository.hasAdmin !== undefined) return repository.hasAdmin();
  for await (const user of everyUser(repository)) if (isActiveAdmin(user)) return true;
  return false;
}

/** Adds an admin if there is none: see {@link UserRepository.insertFirstAdmin}. */
export async function insertFirstAdmin(
  repository: Searchable & Pick<UserRepository, 'insert' | 'insertFirstAdmin'>,
  user: StoredUser,
): Promise<FirstAdminOutcome> {
  if (repository.insertFirstAdmin !== undefined) return repository.insertFirstAdmin(user);
  if (await hasAdmin(repository)) return 'admin-exists';
  return (await repository.insert(user)) ? 'inserted' : 'name-taken';
}

/**
 * Adds those whose names are free: see {@link UserRepository.insertMany}.
 *
 * @returns their names
 */
export async function insertMany(
  repository: Pick<UserRepository, 'insert' | 'insertMany'>,
  users: readonly StoredUser[],
): Promise<string[]> {
  if (repository.insertMany !== undefined) return repository.insertMany(users);
  const inserted: string[] = [];
  for (const user of users) if (await repository.insert(user)) inserted.push(user.name);
  return inserted;
}

async function* pageByPage(repository: Readable): AsyncGenerator<StoredUser, void, void> {
  const pattern = new NamePattern('');
  let page: readonly StoredUser[] = [];
  do {
    page = await repository.list({ pattern, after: page.at(-1)?.name, offset: 0, limit: PAGE });
    yield* page;
  } while (page.length === PAGE);
}
