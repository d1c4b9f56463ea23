import { MemoryUserRepository, type StoredUser, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { everyUser, hasAdmin, insertFirstAdmin, insertMany } from '../../lib/stores/complete-repository.js';
import { userNamed } from '../support/stored-user.js';

/** A repository that has left out what may be left out. */
function bareRepository(...users: StoredUser[]) {
  const memory = new MemoryUserRepository();
  memory.insertMany(users);
  return {
    find: (name) => memory.find(name),
    list: vi.fn<UserRepository['list']>((query) => memory.list(query)),
    insert: vi.fn<UserRepository['insert']>((user) => memory.insert(user)),
    replace: (user, expectedRevision) => memory.replace(user, expectedRevision),
    remove: (name) => memory.remove(name),
  } satisfies UserRepository;
}

const ADMIN = userNamed('root', { type: 'admin' });

async function all(users: AsyncIterable<StoredUser>): Promise<StoredUser[]> {
  const read: StoredUser[] = [];
  for await (const user of users) read.push(user);
  return read;
}

describe('of a repository that has left it out', () => {
  it('everybody is read page by page, each once and in order', async () => {
    const users = Array.from({ length: 2_000 }, (_, index) => userNamed(`user${10_000 + index}`));
    const repository = bareRepository(...users);
    expect(await all(everyUser(repository))).toEqual(users);
    const asked = repository.list.mock.calls.map(([{ after, offset, limit }]) => ({ after, offset, limit }));
    expect(asked).toEqual([undefined, 'user10999', 'user11999'].map((after) => ({ after, offset: 0, limit: 1_000 })));
    expect(await all(everyUser(bareRepository()))).toEqual([]);
  });

  it('no more pages are read than are looked at', async () => {
    const repository = bareRepository(...Array.from({ length: 1_000 }, (_, index) => userNamed(`user${index}`)));
    for await (const { name } of everyUser(repository)) if (name === 'user1') break;
    expect(repository.list).toHaveBeenCalledTimes(1);
  });

  it('an admin who is enabled is looked for among everybody', async () => {
    const disabled = userNamed('disabled', { type: 'admin', enabled: false });
    expect(await hasAdmin(bareRepository(disabled, userNamed('someone')))).toBe(false);
    expect(await hasAdmin(bareRepository(disabled, ADMIN, userNamed('someone')))).toBe(true);
  });

  it('the first admin is inserted if there is none, and if the name is free', async () => {
    const repository = bareRepository(userNamed('someone'));
    expect(await insertFirstAdmin(repository, userNamed('someone', { type: 'admin' }))).toBe('name-taken');
    expect(await insertFirstAdmin(repository, ADMIN)).toBe('inserted');
    expect(await insertFirstAdmin(repository, userNamed('someone', { type: 'admin' }))).toBe('admin-exists');
    expect(await insertFirstAdmin(repository, userNamed('other', { type: 'admin' }))).toBe('admin-exists');
    expect(repository.find('other')).toBeUndefined();
    expect(repository.find('someone')?.type).toBe('normal');
  });

  it('many are inserted one by one, and those before a failure stay', async () => {
    const repository = bareRepository(userNamed('b'));
    expect(
      await insertMany(
        repository,
        ['c', 'b', 'a', 'c'].map((name) => userNamed(name)),
      ),
    ).toEqual(['c', 'a']);
    repository.insert.mockImplementationOnce(() => true).mockRejectedValueOnce(new Error('no disk'));
    const three = ['d', 'e', 'f'].map((name) => userNamed(name));
    await expect(insertMany(repository, three)).rejects.toThrow('no disk');
    expect(repository.insert).toHaveBeenCalledTimes(6);
  });
});

describe('of a repository that has it', () => {
  it('its own method is asked', async () => {
    const repository = new MemoryUserRepository();
    const spies = (['hasAdmin', 'insertFirstAdmin', 'insertMany', 'snapshot'] as const).map((method) =>
      vi.spyOn(repository, method),
    );
    const list = vi.spyOn(repository, 'list');
    expect(await insertMany(repository, [userNamed('someone')])).toEqual(['someone']);
    expect(await hasAdmin(repository)).toBe(false);
    expect(await insertFirstAdmin(repository, ADMIN)).toBe('inserted');
    expect(await all(everyUser(repository))).toEqual([ADMIN, userNamed('someone')]);
    for (const spy of spies) expect(spy).toHaveBeenCalled();
    expect(list).not.toHaveBeenCalled();
  });
});
