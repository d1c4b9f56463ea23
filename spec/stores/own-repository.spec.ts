import type { RemoveOutcome, ReplaceOutcome, StoredUser, UserListQuery, UserRepository } from 'kapacitor-auth';
import { userRepositoryContract } from 'kapacitor-auth/contract';
import { describe, it } from 'vitest';

/** Written from the README alone, with rows as a table of SQL has them. */
class OwnRepository implements UserRepository {
  #rows: string[] = [];

  async find(name: string): Promise<StoredUser | undefined> {
    return this.#users().find((user) => user.name === name);
  }

  async list({ pattern, after, offset, limit }: UserListQuery): Promise<StoredUser[]> {
    return this.#users()
      .filter(({ name }) => name.startsWith(pattern.prefix) && (pattern.isPrefixOnly || pattern.matches(name)))
      .filter(({ name }) => after === undefined || compare(name, after) > 0)
      .toSorted((a, b) => compare(a.name, b.name))
      .slice(offset, offset + limit);
  }

  async insert(user: StoredUser): Promise<boolean> {
    if (this.#users().some(({ name }) => name === user.name)) return false;
    this.#rows.push(toRow(user));
    return true;
  }

  async replace(user: StoredUser, expectedRevision: string): Promise<ReplaceOutcome> {
    const current = this.#users().find(({ name }) => name === user.name);
    if (current?.revision !== expectedRevision) return 'conflict';
    const rows = this.#rows.map((row) => (row === toRow(current) ? toRow(user) : row));
    if (isAdmin(current) && !rows.map(toUser).some(isAdmin)) return 'last-admin';
    this.#rows = rows;
    return 'replaced';
  }

  async remove(name: string, expectedRevision = this.#revisionOf(name)): Promise<RemoveOutcome> {
    const current = this.#users().find((user) => user.name === name);
    if (current === undefined) return 'not-found';
    if (current.revision !== expectedRevision) return 'conflict';
    const rows = this.#rows.filter((row) => row !== toRow(current));
    if (isAdmin(current) && !rows.map(toUser).some(isAdmin)) return 'last-admin';
    this.#rows = rows;
    return 'removed';
  }

  #revisionOf(name: string): string | undefined {
    return this.#users().find((user) => user.name === name)?.revision;
  }

  #users(): StoredUser[] {
    return this.#rows.map(toUser);
  }
}

/** The same with what may be left out. */
class WholeRepository extends OwnRepository {
  async hasAdmin(): Promise<boolean> {
    return (await this.#everybody()).some(isAdmin);
  }

  async insertFirstAdmin(user: StoredUser): Promise<'inserted' | 'admin-exists' | 'name-taken'> {
    return this.#alone(async () => {
      if (await this.hasAdmin()) return 'admin-exists';
      return (await this.insert(user)) ? 'inserted' : 'name-taken';
    });
  }

  async insertMany(users: readonly StoredUser[]): Promise<string[]> {
    const added: string[] = [];
    for (const user of users) if (await this.insert(user)) added.push(user.name);
    return added;
  }

  async *snapshot(): AsyncGenerator<StoredUser> {
    yield* await this.#everybody();
  }

  #everybody(): Promise<StoredUser[]> {
    const everybody = { prefix: '', isPrefixOnly: true, matches: () => true };
    return this.list({ pattern: everybody as never, after: undefined, offset: 0, limit: Number.MAX_SAFE_INTEGER });
  }

  #latest: Promise<unknown> = Promise.resolve();

  /** A transaction. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#latest.then(work);
    this.#latest = done;
    return done;
  }
}

const isAdmin = ({ type, enabled }: StoredUser) => type === 'admin' && enabled;
const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function toRow({ name, type, permissions, enabled, hash, revision }: StoredUser): string {
  return JSON.stringify([name, type, permissions, enabled, hash, revision]);
}

function toUser(row: string): StoredUser {
  const [name, type, permissions, enabled, hash, revision] = JSON.parse(row);
  return { name, type, permissions, enabled, hash, revision };
}

userRepositoryContract({ describe, it }, 'a repository of an app', { create: () => new OwnRepository() });
userRepositoryContract({ describe, it }, 'one that leaves nothing out', { create: () => new WholeRepository() });
