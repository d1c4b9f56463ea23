import type {
  CompleteUserRepository,
  FirstAdminOutcome,
  KeyOwner,
  RemoveOutcome,
  ReplaceOutcome,
  UserFilter,
  UserListQuery,
} from '../users/repository.js';
import type { StoredSecret } from '../users/secret.js';
import { isActiveAdmin, type StoredUser } from '../users/user.js';
import { isSelected } from '../users/user-filter.js';
import { compareNames } from '../users/user-name.js';
import { MemoryLogins } from './memory-logins.js';
import { MemorySecrets } from './memory-secrets.js';

/** Keeps users in the memory of this process, for tests and demonstrations. They are gone when it ends. */
export class MemoryUserRepository implements CompleteUserRepository {
  readonly #users = new Map<string, StoredUser>();
  readonly keepsAccounts = true;
  readonly secrets: MemorySecrets = new MemorySecrets(this.#users);
  readonly logins: MemoryLogins = new MemoryLogins(this.#users);

  find(name: string): StoredUser | undefined {
    return this.#users.get(name);
  }

  list({ after, offset, limit, ...filter }: UserListQuery): StoredUser[] {
    return this.#select(filter)
      .filter(({ name }) => after === undefined || compareNames(name, after) > 0)
      .sort((a, b) => compareNames(a.name, b.name))
      .slice(offset, offset + limit);
  }

  count(filter: UserFilter): number {
    return this.#select(filter).length;
  }

  insert(user: StoredUser): boolean {
    if (this.#users.has(user.name)) return false;
    this.#users.set(user.name, user);
    return true;
  }

  replace(user: StoredUser, expectedRevision: string): ReplaceOutcome {
    const current = this.#users.get(user.name);
    if (current?.revision !== expectedRevision) return 'conflict';
    if (!isActiveAdmin(user) && this.#isLastAdmin(current)) return 'last-admin';
    this.#users.set(user.name, user);
    this.secrets.ownerReplaced(current, user);
    return 'replaced';
  }

  remove(name: string, expectedRevision?: string): RemoveOutcome {
    const current = this.#users.get(name);
    if (current === undefined) return 'not-found';
    if (expectedRevision !== undefined && current.revision !== expectedRevision) return 'conflict';
    if (this.#isLastAdmin(current)) return 'last-admin';
    this.#users.delete(name);
    this.secrets.ownerRemoved(name);
    this.logins.userRemoved(name);
    return 'removed';
  }

  hasAdmin(): boolean {
    for (const user of this.#users.values()) if (isActiveAdmin(user)) return true;
    return false;
  }

  insertFirstAdmin(user: StoredUser): FirstAdminOutcome {
    if (this.hasAdmin()) return 'admin-exists';
    return this.insert(user) ? 'inserted' : 'name-taken';
  }

  insertMany(users: readonly KeyOwner[]): string[] {
    const added: string[] = [];
    for (const { keys, ...user } of users) {
      if (!this.insert(user)) continue;
      this.secrets.addKeys(keys);
      added.push(user.name);
    }
    return added;
  }

  async *snapshot(): AsyncGenerator<KeyOwner, void, void> {
    const users = [...this.#users.values()].sort((a, b) => compareNames(a.name, b.name));
    const keys = new Map(users.map(({ name }) => [name, this.secrets.list(name, 'key')]));
    for (const user of users) {
      const own = keys.get(user.name) as StoredSecret[];
      yield own.length > 0 ? { ...user, keys: own } : user;
    }
  }

  permissionsInUse(): string[] {
    const inUse = new Set<string>();
    for (const { permissions } of this.#users.values()) for (const permission of permissions) inUse.add(permission);
    return [...inUse];
  }

  #select(filter: UserFilter): StoredUser[] {
    return [...this.#users.values()].filter((user) => isSelected(user, filter));
  }

  #isLastAdmin(user: StoredUser): boolean {
    if (!isActiveAdmin(user)) return false;
    for (const other of this.#users.values()) {
      if (isActiveAdmin(other) && other.name !== user.name) return false;
    }
    return true;
  }
}
