import { setImmediate } from 'node:timers/promises';
import type { MaybePromise } from '../promises.js';
import type { LoginTimes } from '../users/login-times.js';
import { NamePattern } from '../users/name-pattern.js';
import {
  type CompleteUserRepository,
  type FirstAdminOutcome,
  type KeyOwner,
  OPTIONAL_METHODS,
  type RemoveOutcome,
  type ReplaceOutcome,
  type UserFilter,
  type UserListQuery,
  type UserRepository,
} from '../users/repository.js';
import type { SecretRepository } from '../users/secret.js';
import { isActiveAdmin, type StoredUser } from '../users/user.js';
import { hasConditions, isSelected } from '../users/user-filter.js';

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
  return OPTIONAL_METHODS.every((method) => repository[method] !== undefined);
}

class CompletedRepository implements CompleteUserRepository {
  readonly #repository: UserRepository;

  readonly keepsAccounts: boolean;
  readonly secrets?: SecretRepository;
  readonly logins?: LoginTimes;

  constructor(repository: UserRepository) {
    this.#repository = repository;
    this.keepsAccounts = repository.keepsAccounts === true;
    if (repository.secrets) this.secrets = repository.secrets;
    if (repository.logins) this.logins = repository.logins;
  }

  find(name: string): MaybePromise<StoredUser | undefined> {
    return this.#repository.find(name);
  }

  list(query: UserListQuery): MaybePromise<StoredUser[]> {
    const filters = this.#repository.count !== undefined || !hasConditions(query);
    return filters ? this.#repository.list(query) : this.#listSelected(query);
  }

  async count(filter: UserFilter): Promise<number> {
    if (this.#repository.count !== undefined) return this.#repository.count(filter);
    let count = 0;
    for await (const user of this.#pageByPage()) if (isSelected(user, filter)) count += 1;
    return count;
  }

  async #listSelected({ after, offset, limit, ...filter }: UserListQuery): Promise<StoredUser[]> {
    const selected: StoredUser[] = [];
    let toSkip = offset;
    if (limit === 0) return selected;
    for await (const user of this.#pageByPage(after)) {
      if (!isSelected(user, filter)) continue;
      if (toSkip > 0) toSkip -= 1;
      else if (selected.push(user) === limit) break;
    }
    return selected;
  }

  insert(user: StoredUser): MaybePromise<boolean> {
    return this.#repository.insert(user);
  }

  replace(user: StoredUser, expectedRevision: string): MaybePromise<ReplaceOutcome> {
    return this.#repository.replace(user, expectedRevision);
  }

  remove(name: string, expectedRevision?: string): MaybePromise<RemoveOutcome> {
    return this.#repository.remove(name, expectedRevision);
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

  async *#pageByPage(after?: string): AsyncGenerator<StoredUser, void, void> {
    const pattern = new NamePattern('');
    let page: readonly StoredUser[] = [];
    do {
      page = await this.list({ pattern, after: page.at(-1)?.name ?? after, offset: 0, limit: PAGE });
      yield* page;
    } while (page.length === PAGE);
  }
}
