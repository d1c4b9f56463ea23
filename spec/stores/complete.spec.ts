import { MemoryUserRepository, type StoredUser, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { completeRepository } from '../../lib/stores/complete.js';
import { SupervisedRepository } from '../../lib/stores/supervised.js';
import { keyOf } from '../support/stored-secret.js';
import { userNamed } from '../support/stored-user.js';
import { countTurns } from '../support/turns.js';

const ADMIN = userNamed('root', { type: 'admin' });

/** A repository that has only the methods it must have, and the repository that completes it. */
function completed(...users: StoredUser[]) {
  const memory = new MemoryUserRepository();
  memory.insertMany(users);
  const bare = {
    find: (name) => memory.find(name),
    list: vi.fn<UserRepository['list']>((query) => memory.list(query)),
    insert: vi.fn<UserRepository['insert']>((user) => memory.insert(user)),
    replace: (user, expectedRevision) => memory.replace(user, expectedRevision),
    remove: (name) => memory.remove(name),
  } satisfies UserRepository;
  return { bare, repository: completeRepository(bare) };
}

async function all(users: AsyncIterable<StoredUser>): Promise<StoredUser[]> {
  const read: StoredUser[] = [];
  for await (const user of users) read.push(user);
  return read;
}

describe('a repository without the optional methods', () => {
  it('is completed, and its own methods are called', async () => {
    const { repository } = completed(ADMIN);
    const other = userNamed('other', { type: 'admin' });
    const query = { pattern: { matches: () => true } as never, after: undefined, offset: 0, limit: 10 };
    expect(await repository.insert(other)).toBe(true);
    expect(await repository.find('other')).toBe(other);
    expect(await repository.list(query)).toEqual([other, ADMIN]);
    expect(await repository.replace({ ...other, revision: 'second' }, 'another')).toBe('conflict');
    expect(await repository.remove('other')).toBe('removed');
  });

  it('is read page by page, each user once and in order', async () => {
    const users = Array.from({ length: 2_000 }, (_, index) => userNamed(`user${10_000 + index}`));
    const { bare, repository } = completed(...users);
    expect(await all(repository.snapshot())).toEqual(users);
    const asked = bare.list.mock.calls.map(([{ after, offset, limit }]) => ({ after, offset, limit }));
    expect(asked).toEqual([undefined, 'user10999', 'user11999'].map((after) => ({ after, offset: 0, limit: 1_000 })));
    expect(await all(completed().repository.snapshot())).toEqual([]);
  });

  it('is read no further than the caller reads', async () => {
    const { bare, repository } = completed(...Array.from({ length: 1_000 }, (_, index) => userNamed(`user${index}`)));
    for await (const { name } of repository.snapshot()) if (name === 'user1') break;
    expect(bare.list).toHaveBeenCalledTimes(1);
  });

  it('is searched for an enabled admin', async () => {
    const disabled = userNamed('disabled', { type: 'admin', enabled: false });
    expect(await completed(disabled, userNamed('someone')).repository.hasAdmin()).toBe(false);
    expect(await completed(disabled, ADMIN, userNamed('someone')).repository.hasAdmin()).toBe(true);
  });

  it('gets the first admin if there is none and the name is free', async () => {
    const { bare, repository } = completed(userNamed('someone'));
    expect(await repository.insertFirstAdmin(userNamed('someone', { type: 'admin' }))).toBe('name-taken');
    expect(await repository.insertFirstAdmin(ADMIN)).toBe('inserted');
    expect(await repository.insertFirstAdmin(userNamed('someone', { type: 'admin' }))).toBe('admin-exists');
    expect(await repository.insertFirstAdmin(userNamed('other', { type: 'admin' }))).toBe('admin-exists');
    expect(bare.find('other')).toBeUndefined();
    expect(bare.find('someone')?.type).toBe('normal');
  });

  it('gets many users one by one, and keeps those before a failure', async () => {
    const { bare, repository } = completed(userNamed('b'));
    const given = ['c', 'b', 'a', 'c'].map((name) => userNamed(name));
    expect(await repository.insertMany(given)).toEqual(['c', 'a']);
    bare.insert.mockImplementationOnce(() => true).mockRejectedValueOnce(new Error('no disk'));
    const three = ['d', 'e', 'f'].map((name) => userNamed(name));
    await expect(repository.insertMany(three)).rejects.toThrow('no disk');
    expect(bare.insert).toHaveBeenCalledTimes(6);
  });

  it('keeps its secrets, and gets many users without their keys', async () => {
    const { bare, repository } = completed();
    const { secrets } = new MemoryUserRepository();
    expect(repository.secrets).toBeUndefined();
    expect(completeRepository({ ...bare, secrets }).secrets).toBe(secrets);
    expect(await repository.insertMany([{ ...ADMIN, keys: [keyOf('root')] }])).toEqual(['root']);
    expect(bare.insert).toHaveBeenCalledWith(ADMIN);
  });

  it('is searched for the permissions in use, and other work has its turn meanwhile', async () => {
    const users = Array.from({ length: 3_000 }, (_, index) =>
      userNamed(`user${10_000 + index}`, { permissions: index % 1_500 === 0 ? ['api', `p${index}`] : [] }),
    );
    const { repository } = completed(...users);
    const turns = countTurns();
    expect(await repository.permissionsInUse()).toEqual(['api', 'p0', 'p1500']);
    expect(turns()).toBeGreaterThanOrEqual(3);
    expect(await completed().repository.permissionsInUse()).toEqual([]);
  });

  it('keeps the optional methods that it has', async () => {
    const { bare } = completed(userNamed('someone'));
    const own = {
      hasAdmin: vi.fn(async () => true),
      insertFirstAdmin: vi.fn(async () => 'name-taken' as const),
      insertMany: vi.fn(async () => ['someone']),
      snapshot: vi.fn(async function* () {
        yield ADMIN;
      }),
      permissionsInUse: vi.fn(async () => ['clerk']),
    };
    const { hasAdmin, ...others } = own;
    const withoutSearch = completeRepository({ ...bare, ...others });
    expect(await withoutSearch.hasAdmin()).toBe(true);
    expect(await withoutSearch.insertFirstAdmin(ADMIN)).toBe('name-taken');
    expect(await withoutSearch.insertMany([])).toEqual(['someone']);
    expect(others.snapshot).toHaveBeenCalledTimes(1);
    expect(await withoutSearch.permissionsInUse()).toEqual(['clerk']);
    expect(await completeRepository({ ...bare, hasAdmin }).insertFirstAdmin(ADMIN)).toBe('admin-exists');
    expect(hasAdmin).toHaveBeenCalledTimes(1);
    expect(bare.list).not.toHaveBeenCalled();
  });
});

describe('a complete repository', () => {
  it('is used directly, also if it is supervised', () => {
    const memory = new MemoryUserRepository();
    const supervised = new SupervisedRepository(memory, { grace: 0, onFailure: vi.fn(), onState: vi.fn() });
    expect(completeRepository(memory)).toBe(memory);
    expect(completeRepository(supervised)).toBe(supervised);
  });
});

describe('a substitute in a supervised repository', () => {
  /** A repository with 3,000 users in which each page and each insertion takes so many milliseconds. */
  function taking(milliseconds: number) {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { bare } = completed(...Array.from({ length: 3_000 }, (_, index) => userNamed(`user${10_000 + index}`)));
    const later = <T>(answer: () => T) =>
      new Promise<T>((resolve) => setTimeout(() => resolve(answer()), milliseconds));
    const slow: UserRepository = {
      ...bare,
      list: (query) => later(() => bare.list(query) as StoredUser[]),
      insert: (user) => later(() => bare.insert(user) as boolean),
    };
    return completeRepository(new SupervisedRepository(slow, { grace: 0, onFailure: vi.fn(), onState: vi.fn() }));
  }

  it('may take longer than the time limit', async () => {
    const repository = taking(4_000);
    const answers = Promise.all([repository.hasAdmin(), repository.insertMany([userNamed('a'), userNamed('b')])]);
    await vi.advanceTimersByTimeAsync(4 * 4_000);
    expect(await answers).toEqual([false, ['a', 'b']]);
  });

  it('fails if one of its steps fails', async () => {
    const repository = taking(5_000);
    const answers = Promise.allSettled([repository.hasAdmin(), repository.insertMany([userNamed('a')])]);
    await vi.advanceTimersByTimeAsync(4_500);
    const reason = expect.objectContaining({ code: 'STORE_UNAVAILABLE' });
    expect(await answers).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
  });
});
