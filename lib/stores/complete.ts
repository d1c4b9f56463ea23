import { setImmediate } from 'node:timers/promises';
import type { MaybePromise } from '../promises.js';
import { NamePattern } from '../users/name-pattern.js';
import type {
  CompleteUserRepository,
  FirstAdminOutcome,
  KeyOwner,
  RemoveOutcome,
  ReplaceOutcome,
  UserListQuery,
  UserRepository,
} from '../users/repository.js';
import type { SecretRepository } from '../users/secret.js';
import { isActiveAdmin, type StoredUser } from '../users/user.js';

/** How many users are listed at once. */
const PAGE = 1_000;

/**
 * Supplies the methods that a repository has left out. A repository that has all of them, as each of this package's own
 * has, is returned as it is.
 *
 * A substitute takes as many steps as there are users. The repository is a supervised one, so that each step has its own
 * time limit, and not the substitute as a whole.
 */
export function completeRepository(repository: UserRepository): CompleteUserRepository {
  return isComplete(repository) ? repository : new CompletedRepository(repository);
}

function isComplete(repository: UserRepository): repository is CompleteUserRepository {
  const { hasAdmin, insertFirstAdmin, insertMany, snapshot, permissionsInUse } = repository;
  return [hasAdmin, insertFirstAdmin, insertMany, snapshot, permissionsInUse].every((method) => method !== undefined);
}

class CompletedRepository implements CompleteUserRepository {
  readonly #repository: UserRepository;

  readonly secrets?: SecretRepository;

  constructor(repository: UserRepository) {
    this.#repository = repository;
    if (repository.secrets) this.secrets = repository.secrets;
  }

  find(name: string): MaybePromise<StoredUser | undefined> {
    return this.#repository.find(name);
  }

  list(query: UserListQuery): MaybePromise<StoredUser[]> {
    return this.#repository.list(query);
  }

  insert(user: StoredUser): MaybePromise<boolean> {
    return this.#repository.insert(user);
  }

  replace(user: StoredUser, expectedRevision: string): MaybePromise<ReplaceOutcome> {
    return this.#repository.replace(user, expectedRevision);
  }

  remove(name: string): MaybePromise<RemoveOutcome> {
    return this.#repository.remove(name);
  }

  async hasAdmin(): Promise<boolean> {
    if (this.#repository.hasAdmin !== undefined) return this.#repository.hasAdmin();
    for await (const user of this.snapshot()) if (isActiveAdmin(user)) return true;
    return false;
  }

  async insertFirstAdmin(user: StoredUser): Promise<FirstAdminOutcome> {
    if (this.#repository.insertFirstAdmin !== undefined) return this.#repository.insertFirstAdmin(user);
    if (await this.hasAdmin()) return 'admin-exists';
    return (await this.insert(user)) ? 'inserted' : 'name-taken';
  }

  async insertMany(users: readonly KeyOwner[]): Promise<string[]> {
    if (this.#repository.insertMany !== undefined) return this.#repository.insertMany(users);
    const inserted: string[] = [];
    for (const { keys: _, ...user } of users) if (await this.insert(user)) inserted.push(user.name);
    return inserted;
  }

  snapshot(): AsyncIterable<KeyOwner> {
    return this.#repository.snapshot?.() ?? this.#pageByPage();
  }

  async permissionsInUse(): Promise<readonly string[]> {
    if (this.#repository.permissionsInUse !== undefined) return this.#repository.permissionsInUse();
    const inUse = new Set<string>();
    let read = 0;
    for await (const { permissions } of this.snapshot()) {
      for (const permission of permissions) inUse.add(permission);
      read += 1;
      // Users in memory would otherwise be read all at once, and requests would wait.
      if (read % PAGE === 0) await setImmediate();
    }
    return [...inUse];
  }

  async *#pageByPage(): AsyncGenerator<StoredUser, void, void> {
    const pattern = new NamePattern('');
    let page: readonly StoredUser[] = [];
    do {
      page = await this.list({ pattern, after: page.at(-1)?.name, offset: 0, limit: PAGE });
      yield* page;
    } while (page.length === PAGE);
  }
}
