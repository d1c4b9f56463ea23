import { inspect } from 'node:util';
import { MemoryUserRepository, type StoredUser, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, type MockInstance, onTestFinished, vi } from 'vitest';
import { Authenticator } from '../../lib/authentication/authenticator.js';
import { basicCredentials } from '../../lib/authentication/basic-credentials.js';
import { CredentialCache } from '../../lib/authentication/credential-cache.js';
import { PasswordHasher } from '../../lib/authentication/password-hasher.js';
import { UserService } from '../../lib/users/user-service.js';

const NAME = 'someone';
const PASSWORD = 'a password';

async function setUp(timeToLive = 60_000, repository: UserRepository = new MemoryUserRepository()) {
  const hasher = new PasswordHasher(4);
  const cache = new CredentialCache(timeToLive);
  onTestFinished(() => cache.close());
  const users = new UserService(repository, hasher);
  await users.create({ name: NAME, password: PASSWORD, permissions: ['api'] });
  const authenticator = new Authenticator(repository, hasher, cache);
  const verify = vi.spyOn(hasher, 'verify');
  return { repository, users, hasher, cache, authenticator, verify };
}

/** Keeps a verification waiting; gives what finishes it. */
function holdVerification(verify: MockInstance<PasswordHasher['verify']>): (matches: boolean) => void {
  let finish = (_matches: boolean) => {};
  verify.mockImplementation(
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  return (matches) => finish(matches);
}

describe('authentication', () => {
  it('gives the user with this name and password, without the hash', async () => {
    const { authenticator } = await setUp();
    const user = await authenticator.authenticate(NAME, PASSWORD);
    expect(user).toEqual({ name: NAME, type: 'normal', permissions: ['api'] });
    expect(Object.isFrozen(user)).toBe(true);
  });

  it('verifies a password once, and recalls it from then on', async () => {
    const { authenticator, verify } = await setUp();
    const header = basicCredentials(NAME, PASSWORD);
    expect(authenticator.recall(header)).toBeUndefined();
    await authenticator.authenticate(NAME, PASSWORD);
    expect(authenticator.recall(header)).toEqual({ name: NAME, type: 'normal', permissions: ['api'] });
    await authenticator.authenticate(NAME, PASSWORD);
    expect(verify).toHaveBeenCalledTimes(1);
  });

  it('verifies it each time when the cache is off', async () => {
    const { authenticator, verify } = await setUp(0);
    await authenticator.authenticate(NAME, PASSWORD);
    await authenticator.authenticate(NAME, PASSWORD);
    expect(authenticator.recall(basicCredentials(NAME, PASSWORD))).toBeUndefined();
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('remembers no failure', async () => {
    const { authenticator, verify } = await setUp();
    expect(await authenticator.authenticate(NAME, 'wrong')).toBeUndefined();
    expect(await authenticator.authenticate(NAME, 'wrong')).toBeUndefined();
    expect(authenticator.recall(basicCredentials(NAME, 'wrong'))).toBeUndefined();
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('sees a new password, a new permission and a deletion at the next request', async () => {
    const { authenticator, users } = await setUp();
    const header = basicCredentials(NAME, PASSWORD);
    await authenticator.authenticate(NAME, PASSWORD);
    await users.update(NAME, { permissions: ['config_api'] });
    expect(authenticator.recall(header)).toMatchObject({ permissions: ['config_api'] });
    await users.update(NAME, { password: 'another' });
    expect(authenticator.recall(header)).toBeUndefined();
    expect(await authenticator.authenticate(NAME, PASSWORD)).toBeUndefined();
    await authenticator.authenticate(NAME, 'another');
    await users.delete(NAME);
    expect(authenticator.recall(basicCredentials(NAME, 'another'))).toBeUndefined();
    expect(await authenticator.authenticate(NAME, 'another')).toBeUndefined();
  });

  it('verifies again when a user of the same name and password comes after a deleted one', async () => {
    const { authenticator, users, verify } = await setUp();
    await authenticator.authenticate(NAME, PASSWORD);
    await users.delete(NAME);
    await users.create({ name: NAME, password: PASSWORD });
    expect(authenticator.recall(basicCredentials(NAME, PASSWORD))).toBeUndefined();
    expect(await authenticator.authenticate(NAME, PASSWORD)).toMatchObject({ permissions: [] });
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it.each<[string, (users: UserService) => Promise<unknown>]>([
    ['is deleted', (users) => users.delete(NAME)],
    ['gets another password', (users) => users.update(NAME, { password: 'another' })],
  ])('does not let in whoever is being verified while the user %s', async (_what, change) => {
    const { authenticator, users, verify } = await setUp();
    const finish = holdVerification(verify);
    const login = authenticator.authenticate(NAME, PASSWORD);
    await vi.waitFor(() => expect(verify).toHaveBeenCalledOnce());
    await change(users);
    finish(true);
    expect(await login).toBeUndefined();
    expect(authenticator.recall(basicCredentials(NAME, PASSWORD))).toBeUndefined();
  });

  it('gives a user whose permissions change while it is being verified with the new ones', async () => {
    const { authenticator, users, verify } = await setUp();
    const finish = holdVerification(verify);
    const login = authenticator.authenticate(NAME, PASSWORD);
    await vi.waitFor(() => expect(verify).toHaveBeenCalledOnce());
    await users.update(NAME, { permissions: [] });
    finish(true);
    expect(await login).toMatchObject({ permissions: [] });
  });

  it('shares one verification between equal attempts, and none between different ones', async () => {
    const { authenticator, users, verify } = await setUp();
    await users.create({ name: 'other', password: PASSWORD });
    await Promise.all(Array.from({ length: 100 }, () => authenticator.authenticate(NAME, PASSWORD)));
    expect(verify).toHaveBeenCalledTimes(1);
    verify.mockClear();
    const outcomes = await Promise.all([
      authenticator.authenticate('other', PASSWORD),
      authenticator.authenticate(NAME, 'wrong'),
      authenticator.authenticate('other', 'wrong'),
      authenticator.authenticate('unknown', 'wrong'),
      authenticator.authenticate('unknown2', 'wrong'),
      // The same text as the next one's, divided elsewhere.
      authenticator.authenticate('a:b', 'c'),
      authenticator.authenticate('a', 'b:c'),
    ]);
    expect(outcomes.map((user) => user?.name)).toEqual(['other', ...Array(6).fill(undefined)]);
    // Those two are unknown both: what they share tells nothing.
    expect(verify).toHaveBeenCalledTimes(6);
  });

  it('does not take a name with a colon for the user whose password begins behind it', async () => {
    const { authenticator, users } = await setUp();
    await users.create({ name: 'a', password: 'b:c' });
    await authenticator.authenticate('a', 'b:c');
    expect(await authenticator.authenticate('a:b', 'c')).toBeUndefined();
  });

  it('forgets an attempt in flight that failed to be verified', async () => {
    const { authenticator, verify } = await setUp();
    verify.mockRejectedValueOnce(new Error('bcrypt'));
    await expect(authenticator.authenticate(NAME, PASSWORD)).rejects.toThrow('bcrypt');
    expect(await authenticator.authenticate(NAME, PASSWORD)).toMatchObject({ name: NAME });
  });
});

describe('an unknown user, and a password that cannot be one', () => {
  it.each([
    ['an unknown name', 'unknown', PASSWORD],
    ['a wrong password', NAME, 'wrong'],
    ['an empty password', NAME, ''],
    ['a password of 73 bytes', NAME, 'x'.repeat(73)],
    ['a password of 16 KiB', NAME, 'x'.repeat(16_384)],
    ['a password with a NUL', NAME, `${PASSWORD}\0`],
    ['a name that nobody may have', 'a b', PASSWORD],
    ['a name of 257 bytes', 'x'.repeat(257), PASSWORD],
    ['a name of 16 KiB', 'x'.repeat(16_384), PASSWORD],
    ['the name of a property', '__proto__', PASSWORD],
  ])('take one bcrypt verification of the current cost: %s', async (_what, name, password) => {
    const { authenticator, hasher, verify } = await setUp();
    expect(await authenticator.authenticate(name, password)).toBeUndefined();
    expect(verify).toHaveBeenCalledTimes(1);
    const [, hash] = verify.mock.calls[0] as [string, string];
    expect(hash.slice(0, 7)).toBe(hasher.dummyHash.slice(0, 7));
  });

  it('bring no question to the store where nobody may have the name', async () => {
    const { authenticator, repository } = await setUp();
    const find = vi.spyOn(repository, 'find');
    for (const name of ['a b', 'x'.repeat(257), '..', 'é'.repeat(129)])
      await authenticator.authenticate(name, PASSWORD);
    expect(find).not.toHaveBeenCalled();
  });

  it('is not let in with a longer password that begins with 72 right bytes', async () => {
    const { authenticator, users } = await setUp();
    const longest = 'x'.repeat(72);
    await users.create({ name: 'long', password: longest });
    expect(await authenticator.authenticate('long', longest)).toMatchObject({ name: 'long' });
    expect(await authenticator.authenticate('long', `${longest}y`)).toBeUndefined();
    expect(await authenticator.authenticate('long', `${longest}x`)).toBeUndefined();
  });

  it('is not let in even where bcrypt says that the dummy hash matches', async () => {
    const { authenticator, verify } = await setUp();
    verify.mockResolvedValue(true);
    expect(await authenticator.authenticate('unknown', PASSWORD)).toBeUndefined();
    expect(await authenticator.authenticate(NAME, '')).toBeUndefined();
  });
});

describe('the store', () => {
  it('may answer with promises', async () => {
    const memory = new MemoryUserRepository();
    const slow: UserRepository = {
      find: async (name) => memory.find(name),
      list: async (query) => memory.list(query),
      insert: async (user) => memory.insert(user),
      replace: async (user, revision) => memory.replace(user, revision),
      remove: async (name) => memory.remove(name),
    };
    const { authenticator, users } = await setUp(60_000, slow);
    expect(await authenticator.authenticate(NAME, PASSWORD)).toMatchObject({ name: NAME });
    expect(await authenticator.recall(basicCredentials(NAME, PASSWORD))).toMatchObject({ name: NAME });
    await users.delete(NAME);
    expect(await authenticator.recall(basicCredentials(NAME, PASSWORD))).toBeUndefined();
  });

  it('lets nobody in when it fails', async () => {
    const { authenticator, repository } = await setUp();
    await authenticator.authenticate(NAME, PASSWORD);
    vi.spyOn(repository, 'find').mockImplementation(() => {
      throw new Error('out of order');
    });
    expect(() => authenticator.recall(basicCredentials(NAME, PASSWORD))).toThrow('out of order');
    await expect(authenticator.authenticate(NAME, PASSWORD)).rejects.toThrow('out of order');
  });

  it('lets nobody in when it fails after the verification', async () => {
    const { authenticator, repository } = await setUp();
    const find = repository.find.bind(repository);
    vi.spyOn(repository, 'find')
      .mockImplementationOnce(find)
      .mockImplementationOnce(() => {
        throw new Error('out of order');
      });
    await expect(authenticator.authenticate(NAME, PASSWORD)).rejects.toThrow('out of order');
  });
});

describe('the memory of the authenticator', () => {
  it('holds no password and no hash', async () => {
    const { authenticator, cache, repository } = await setUp();
    await authenticator.authenticate(NAME, PASSWORD);
    const { hash } = (await repository.find(NAME)) as StoredUser;
    const set = vi.spyOn(cache, 'set');
    await authenticator.authenticate(NAME, PASSWORD);
    const remembered = vi.spyOn(cache, 'get');
    authenticator.recall(basicCredentials(NAME, PASSWORD));
    const shown = inspect([set.mock.calls, remembered.mock.calls, remembered.mock.results], { depth: 9 });
    const secrets = [PASSWORD, hash, basicCredentials(NAME, PASSWORD), Buffer.from(PASSWORD).toString('base64')];
    expect(shown).toContain(NAME);
    for (const secret of secrets) expect(shown).not.toContain(secret);
  });

  it('makes other digests in another process: they are keyed', async () => {
    const keys: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const { authenticator, cache } = await setUp();
      const set = vi.spyOn(cache, 'set');
      await authenticator.authenticate(NAME, PASSWORD);
      keys.push(set.mock.calls[0]?.[0] as string);
    }
    expect(keys[0]).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(keys[0]).not.toBe(keys[1]);
  });
});
