import { MemoryUserRepository, type UserRepository } from 'kapacitor-auth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isDisabled } from '../../lib/users/account.js';
import { failure, invalidUser } from '../support/failure.js';
import { createUserService } from '../support/user-service.js';

const START = new Date('2030-01-01T00:00:00Z');
const LATER = new Date('2030-02-01T00:00:00Z');

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function setUp() {
  const { users, repository } = createUserService();
  await users.create({ name: 'root', password: 'p', type: 'admin' });
  await users.create({ name: 'jane', password: 'p' });
  vi.setSystemTime(LATER);
  return { users, repository };
}

describe('an account', () => {
  it('tells when the user was made, and when its password was set', async () => {
    const { users } = await setUp();
    expect(await users.get('jane')).toMatchObject({ created: START, passwordChanged: START });
    await users.update('jane', { note: 'left the password alone' });
    expect(await users.get('jane')).toMatchObject({ created: START, passwordChanged: START });
    await users.update('jane', { password: 'another' });
    expect(await users.get('jane')).toMatchObject({ created: START, passwordChanged: LATER });
  });

  it('keeps an end, a note and the duty to change the password, until they are removed', async () => {
    const { users } = await setUp();
    const account = { expires: '1h', note: 'works in the stable', mustChangePassword: true };
    const set = { expires: new Date(LATER.getTime() + 3_600_000), note: account.note, mustChangePassword: true };
    expect(await users.update('jane', account)).toMatchObject(set);
    expect(await users.update('jane', { type: 'admin' })).toMatchObject(set);
    expect(await users.update('jane', { password: 'set by an admin' })).toMatchObject(set);
    const removed = await users.update('jane', { expires: null, note: null, mustChangePassword: false });
    for (const field of Object.keys(set)) expect(removed).not.toHaveProperty(field);
    expect(await users.create({ name: 'jack', password: 'p', ...account })).toMatchObject(set);
  });

  it('has another revision after each change', async () => {
    const { users } = await setUp();
    const revisions = new Set<string | undefined>();
    for (const changes of [{}, { password: 'new' }, { note: 'n' }, { enabled: false }]) {
      revisions.add((await users.update('jane', changes)).revision);
    }
    expect(revisions.size).toBe(4);
  });

  it('cannot end in the past, unless it has ended already', async () => {
    const { users } = await setUp();
    const refused = invalidUser('expires must be in the future');
    await expect(users.update('jane', { expires: START })).rejects.toThrow(refused);
    await expect(users.create({ name: 'jack', password: 'p', expires: START })).rejects.toThrow(refused);
    await users.update('jane', { expires: '1m' });
    vi.setSystemTime(LATER.getTime() + 60_000);
    const jane = await users.get('jane');
    expect(await users.update('jane', { ...jane, note: 'gone' })).toMatchObject({
      expires: jane?.expires,
      note: 'gone',
    });
  });
});

describe('the duty to change the password', () => {
  it('ends when users change their own, and not when others do', async () => {
    const { users } = await setUp();
    await users.update('jane', { mustChangePassword: true });
    await users.by({ by: 'root' }).update('jane', { password: 'reset' });
    expect(await users.get('jane')).toMatchObject({ mustChangePassword: true });
    await expect(users.by({ by: 'jane' }).update('jane', { note: 'still the same password' })).rejects.toThrow(
      failure(
        'PASSWORD_CHANGE_REQUIRED',
        403,
        'user jane must change its password first: the change must have the new password, and nothing else',
      ),
    );
    expect(await users.get('jane')).toMatchObject({ mustChangePassword: true });
    await users.by({ by: 'jane' }).update('jane', { password: 'my own' });
    expect(await users.get('jane')).not.toHaveProperty('mustChangePassword');
  });

  it('stays if the same change says so', async () => {
    const { users } = await setUp();
    const changes = { password: 'my own', mustChangePassword: true };
    expect(await users.by({ by: 'jane' }).update('jane', changes)).toMatchObject({ mustChangePassword: true });
  });
});

describe('the last admin', () => {
  it('cannot be given an end, and an admin with an end is not the last one', async () => {
    const { users } = await setUp();
    const refused = failure('LAST_ADMIN', 409, 'the last admin cannot be given an end');
    await expect(users.update('root', { expires: '365d' })).rejects.toThrow(refused);
    await users.create({ name: 'guest', password: 'p', type: 'admin', expires: '1d' });
    await expect(users.update('root', { expires: '365d' })).rejects.toThrow(refused);
    await expect(users.delete('root')).rejects.toThrow(
      failure('LAST_ADMIN', 409, 'the last admin cannot be deleted or demoted'),
    );
    expect(await users.delete('guest')).toBe(true);
  });
});

describe('a store that does not keep accounts', () => {
  const poor = (): UserRepository => {
    const memory = new MemoryUserRepository();
    return {
      find: (name) => memory.find(name),
      list: (query) => memory.list(query),
      insert: (user) => memory.insert(user),
      replace: (user, revision) => memory.replace(user, revision),
      remove: (name, revision) => memory.remove(name, revision),
    };
  };

  it('gets none, and refuses what it would lose', async () => {
    const repository = poor();
    const { users } = createUserService(repository);
    await users.create({ name: 'jane', password: 'p', expires: null, note: '', mustChangePassword: false });
    await users.update('jane', { password: 'another' });
    expect(await repository.find('jane')).not.toHaveProperty('created');
    expect(await repository.find('jane')).not.toHaveProperty('passwordChanged');
    for (const [field, value] of Object.entries({ expires: '1d', note: 'a', mustChangePassword: true })) {
      const refused = invalidUser(`the user store of this app does not keep ${field}: leave it out`);
      await expect(users.update('jane', { [field]: value })).rejects.toThrow(refused);
      await expect(users.create({ name: 'jack', password: 'p', [field]: value })).rejects.toThrow(refused);
    }
    expect(await users.lastLogins(['jane'])).toEqual(new Map());
  });
});

describe('the last logins', () => {
  it('are those of the users who have one', async () => {
    const { users, repository } = createUserService();
    await users.create({ name: 'jane', password: 'p' });
    await users.create({ name: 'jack', password: 'p' });
    repository.logins?.record([{ name: 'jane', ago: 1_000 }]);
    const times = await users.lastLogins(['jack', 'jane', 'nobody', 'no name\0']);
    expect(times).toEqual(new Map([['jane', new Date(START.getTime() - 1_000)]]));
    await expect(users.lastLogins([7 as never])).rejects.toThrow(invalidUser('name must be a text, not a number'));
  });
});

describe('a conditional deletion', () => {
  it('sees the user as it is right before', async () => {
    const { users, repository } = await setUp();
    const confirm = vi.fn(({ revision }) => {
      if (revision !== 'expected') throw new Error('not the same any more');
    });
    await expect(users.delete('jane', confirm)).rejects.toThrow('not the same any more');
    expect(await users.delete('nobody', confirm)).toBe(false);
    expect(confirm).toHaveBeenCalledOnce();
    const remove = vi.spyOn(repository, 'remove').mockReturnValueOnce('conflict');
    expect(await users.delete('jane', () => {})).toBe(true);
    expect(remove).toHaveBeenCalledTimes(2);
    await expect(users.delete('root', 'yes' as never)).rejects.toThrow('confirm must be a function');
  });
});

it.each([
  [{ enabled: true }, false],
  [{ enabled: false }, true],
  [{ enabled: true, expires: 1_000 }, true],
  [{ enabled: true, expires: 1_001 }, false],
  [{ enabled: true, expires: new Date(1_000) }, true],
  [{ enabled: false, expires: 1_001 }, true],
])('%j is disabled at 1,000 ms: %s', (user, expected) => {
  expect(isDisabled(user, 1_000)).toBe(expected);
});
