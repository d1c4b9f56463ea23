import {
  kapacitorAuth,
  MemoryUserRepository,
  type RemoveOutcome,
  type ReplaceOutcome,
  SqliteUserRepository,
  type StoredUser,
  type UserListQuery,
  type UserRepository,
} from 'kapacitor-auth';
import { claim, type Same } from './claims.js';

/** A repository that has its answers at hand. */
class InMap implements UserRepository {
  readonly #users = new Map<string, StoredUser>();

  find(name: string): StoredUser | undefined {
    return this.#users.get(name);
  }

  list({ pattern, after, offset, limit }: UserListQuery): StoredUser[] {
    claim<Same<typeof pattern.prefix, string>>();
    claim<Same<typeof after, string | undefined>>();
    return [...this.#users.values()].filter(({ name }) => pattern.matches(name)).slice(offset, offset + limit);
  }

  insert(user: StoredUser): boolean {
    this.#users.set(user.name, { ...user, permissions: [...user.permissions] });
    return true;
  }

  replace(user: StoredUser, expectedRevision: string): ReplaceOutcome {
    return this.#users.get(user.name)?.revision === expectedRevision ? 'replaced' : 'conflict';
  }

  remove(name: string): RemoveOutcome {
    return this.#users.delete(name) ? 'removed' : 'not-found';
  }
}

/** A repository that asks somebody else, and has something to open and to close. */
class Remote implements UserRepository {
  readonly #users = new InMap();

  async find(name: string): Promise<StoredUser | undefined> {
    return this.#users.find(name);
  }

  async list(query: UserListQuery): Promise<StoredUser[]> {
    return this.#users.list(query);
  }

  async insert(user: StoredUser): Promise<boolean> {
    return this.#users.insert(user);
  }

  async replace(user: StoredUser, expectedRevision: string): Promise<ReplaceOutcome> {
    return this.#users.replace(user, expectedRevision);
  }

  async remove(name: string): Promise<RemoveOutcome> {
    return this.#users.remove(name);
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {}
}

/** A repository that leaves nothing out. */
class Whole extends InMap {
  async hasAdmin(): Promise<boolean> {
    return false;
  }

  insertFirstAdmin(user: StoredUser): FirstAdminOutcome {
    return this.insert(user) ? 'inserted' : 'name-taken';
  }

  insertMany(users: readonly StoredUser[]): string[] {
    return users.filter((user) => this.insert(user)).map(({ name }) => name);
  }

  async *snapshot(): AsyncGenerator<StoredUser> {}

  permissionsInUse(): readonly string[] {
    return [];
  }
}

kapacitorAuth({ auth: { store: new InMap() } });
kapacitorAuth({ auth: { store: new Whole() } });
kapacitorAuth({ auth: { store: new Remote() } });
kapacitorAuth('kapacitor.conf', { auth: { store: new Remote() } });
kapacitorAuth({ auth: { store: new MemoryUserRepository() } });
kapacitorAuth({ auth: { store: new SqliteUserRepository('./users.db') } });

type FirstAdminOutcome = Awaited<ReturnType<NonNullable<UserRepository['insertFirstAdmin']>>>;
claim<Same<FirstAdminOutcome, 'inserted' | 'admin-exists' | 'name-taken'>>();
claim<Same<ReturnType<SqliteUserRepository['backup']>, Promise<void>>>();

const { remove: _, ...withoutRemove } = new MemoryUserRepository();
// @ts-expect-error methods are missing
kapacitorAuth({ auth: { store: withoutRemove } });

claim<Same<ReplaceOutcome, 'replaced' | 'conflict' | 'last-admin'>>();
claim<Same<RemoveOutcome, 'removed' | 'not-found' | 'conflict' | 'last-admin'>>();
