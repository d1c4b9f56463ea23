import { inspect } from 'node:util';
import { MemoryUserRepository, type StoredUser, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { basicCredentials } from '../../lib/authentication/credentials.js';
import { SupervisedRepository } from '../../lib/stores/supervised.js';
import type { UserService } from '../../lib/users/user-service.js';
import { attempt, holdVerification, NAME, ORIGIN, PASSWORD, setUpAuthenticator } from '../support/authenticator.js';
import { InPlaceRepository } from '../support/in-place-repository.js';
import { from } from '../support/origin.js';

describe('authentication', () => {
  it('returns the user with this name and password, without the hash', async () => {
    const { authenticator } = await setUpAuthenticator();
    const user = await authenticator.authenticate(...attempt(NAME, PASSWORD));
    expect(user).toEqual({ name: NAME, type: 'normal', permissions: ['api'], enabled: true });
    expect(Object.isFrozen(user)).toBe(true);
  });

  it('verifies a password once, and then takes it from the cache', async () => {
    const { authenticator, verify } = await setUpAuthenticator();
    const header = basicCredentials(NAME, PASSWORD);
    expect(authenticator.recall(header, ORIGIN)).toBeUndefined();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    expect(authenticator.recall(header, ORIGIN)).toEqual({
      name: NAME,
      type: 'normal',
      permissions: ['api'],
      enabled: true,
    });
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    expect(verify).toHaveBeenCalledTimes(1);
  });

  it('verifies it each time when the cache is off', async () => {
    const { authenticator, verify } = await setUpAuthenticator(0);
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    expect(authenticator.recall(basicCredentials(NAME, PASSWORD), ORIGIN)).toBeUndefined();
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('caches no failure', async () => {
    const { authenticator, verify } = await setUpAuthenticator();
    expect(await authenticator.authenticate(...attempt(NAME, 'wrong'))).toBeUndefined();
    expect(await authenticator.authenticate(...attempt(NAME, 'wrong'))).toBeUndefined();
    expect(authenticator.recall(basicCredentials(NAME, 'wrong'), ORIGIN)).toBeUndefined();
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('takes a new password, a new permission and a deletion into account at the next request', async () => {
    const { authenticator, users } = await setUpAuthenticator();
    const header = basicCredentials(NAME, PASSWORD);
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    await users.update(NAME, { permissions: ['config_api'] });
    expect(authenticator.recall(header, ORIGIN)).toMatchObject({ permissions: ['config_api'] });
    await users.update(NAME, { password: 'another' });
    expect(authenticator.recall(header, ORIGIN)).toBeUndefined();
    expect(await authenticator.authenticate(...attempt(NAME, PASSWORD))).toBeUndefined();
    await authenticator.authenticate(...attempt(NAME, 'another'));
    await users.delete(NAME);
    expect(authenticator.recall(basicCredentials(NAME, 'another'), ORIGIN)).toBeUndefined();
    expect(await authenticator.authenticate(...attempt(NAME, 'another'))).toBeUndefined();
  });

  it('verifies again if a user of the same name and password follows a deleted one', async () => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    await users.delete(NAME);
    await users.create({ name: NAME, password: PASSWORD });
    expect(authenticator.recall(basicCredentials(NAME, PASSWORD), ORIGIN)).toBeUndefined();
    expect(await authenticator.authenticate(...attempt(NAME, PASSWORD))).toMatchObject({ permissions: [] });
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it.each<[string, (users: UserService) => Promise<unknown>]>([
    ['is deleted', (users) => users.delete(NAME)],
    ['gets another password', (users) => users.update(NAME, { password: 'another' })],
    ['is disabled', (users) => users.update(NAME, { enabled: false })],
  ])('refuses a login if during its verification the user %s', async (_what, change) => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    const finish = holdVerification(verify);
    const login = authenticator.authenticate(...attempt(NAME, PASSWORD));
    await vi.waitFor(() => expect(verify).toHaveBeenCalledOnce());
    await change(users);
    finish(PASSWORD);
    expect(await login).toBeUndefined();
    expect(authenticator.recall(basicCredentials(NAME, PASSWORD), ORIGIN)).toBeUndefined();
  });

  it('returns a user with the new permissions if they change during the verification', async () => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    const finish = holdVerification(verify);
    const login = authenticator.authenticate(...attempt(NAME, PASSWORD));
    await vi.waitFor(() => expect(verify).toHaveBeenCalledOnce());
    await users.update(NAME, { permissions: [] });
    finish(PASSWORD);
    expect(await login).toMatchObject({ permissions: [] });
  });

  it('shares one verification between equal attempts, and none between different ones', async () => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    await users.create({ name: 'other', password: PASSWORD });
    const origins = Array.from({ length: 100 }, (_, index) => from(`192.0.2.${index % 10}`));
    await Promise.all(origins.map((origin) => authenticator.authenticate(...attempt(NAME, PASSWORD, origin))));
    expect(verify).toHaveBeenCalledTimes(1);
    verify.mockClear();
    const outcomes = await Promise.all([
      authenticator.authenticate(...attempt('other', PASSWORD)),
      authenticator.authenticate(...attempt(NAME, 'wrong')),
      authenticator.authenticate(...attempt('other', 'wrong')),
      authenticator.authenticate(...attempt('unknown', 'wrong')),
      authenticator.authenticate(...attempt('unknown2', 'wrong')),
      // The same text as the next one's, divided elsewhere.
      authenticator.authenticate(...attempt('a:b', 'c')),
      authenticator.authenticate(...attempt('a', 'b:c')),
    ]);
    expect(outcomes.map((user) => user?.name)).toEqual(['other', ...Array(6).fill(undefined)]);
    expect(verify).toHaveBeenCalledTimes(7);
  });

  it('counts a failure for each client, even if they share a verification', async () => {
    const { authenticator, throttle, verify } = await setUpAuthenticator();
    const counted = vi.spyOn(throttle, 'attempt');
    const clients = ['192.0.2.1', '192.0.2.2', '192.0.2.2'];
    await Promise.all(clients.map((ip) => authenticator.authenticate(...attempt(NAME, 'wrong', from(ip)))));
    expect(counted.mock.calls.map(([{ client }]) => client)).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(verify).toHaveBeenCalledOnce();
  });

  it('splits name and password at the first colon only', async () => {
    const { authenticator, users } = await setUpAuthenticator();
    await users.create({ name: 'a', password: 'b:c' });
    await authenticator.authenticate(...attempt('a', 'b:c'));
    expect(await authenticator.authenticate(...attempt('a:b', 'c'))).toBeUndefined();
  });

  it('forgets an attempt whose verification failed', async () => {
    const { authenticator, verify } = await setUpAuthenticator();
    verify.mockRejectedValueOnce(new Error('bcrypt'));
    await expect(authenticator.authenticate(...attempt(NAME, PASSWORD))).rejects.toThrow('bcrypt');
    expect(await authenticator.authenticate(...attempt(NAME, PASSWORD))).toMatchObject({ name: NAME });
  });
});

describe('the store', () => {
  it('may change its objects in place during a verification', async () => {
    const rows = new SupervisedRepository(new InPlaceRepository(), { grace: 0, onFailure: vi.fn(), onState: vi.fn() });
    const { authenticator, users, verify } = await setUpAuthenticator<UserRepository>(60_000, rows);
    const finish = holdVerification(verify);
    const login = authenticator.authenticate(...attempt(NAME, PASSWORD));
    await vi.waitFor(() => expect(verify).toHaveBeenCalledOnce());
    await users.update(NAME, { password: 'another' });
    finish(PASSWORD);
    expect(await login).toBeUndefined();
  });

  it('may answer with a promise', async () => {
    const memory = new MemoryUserRepository();
    const slow: UserRepository = {
      find: async (name) => memory.find(name),
      list: async (query) => memory.list(query),
      insert: async (user) => memory.insert(user),
      replace: async (user, revision) => memory.replace(user, revision),
      remove: async (name) => memory.remove(name),
    };
    const { authenticator, users } = await setUpAuthenticator(60_000, slow);
    expect(await authenticator.authenticate(...attempt(NAME, PASSWORD))).toMatchObject({ name: NAME });
    expect(await authenticator.recall(basicCredentials(NAME, PASSWORD), ORIGIN)).toMatchObject({ name: NAME });
    await users.delete(NAME);
    expect(await authenticator.recall(basicCredentials(NAME, PASSWORD), ORIGIN)).toBeUndefined();
  });

  it('lets nobody in if it fails', async () => {
    const { authenticator, repository } = await setUpAuthenticator();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    vi.spyOn(repository, 'find').mockImplementation(() => {
      throw new Error('out of order');
    });
    expect(() => authenticator.recall(basicCredentials(NAME, PASSWORD), ORIGIN)).toThrow('out of order');
    await expect(authenticator.authenticate(...attempt(NAME, PASSWORD))).rejects.toThrow('out of order');
  });

  it('lets nobody in if it fails after the verification', async () => {
    const { authenticator, repository } = await setUpAuthenticator();
    const find = repository.find.bind(repository);
    vi.spyOn(repository, 'find')
      .mockImplementationOnce(find)
      .mockImplementationOnce(() => {
        throw new Error('out of order');
      });
    await expect(authenticator.authenticate(...attempt(NAME, PASSWORD))).rejects.toThrow('out of order');
  });
});

describe('the memory of the authenticator', () => {
  it('contains no password and no hash', async () => {
    const { authenticator, cache, repository } = await setUpAuthenticator();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    const { hash } = (await repository.find(NAME)) as StoredUser;
    const set = vi.spyOn(cache, 'set');
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    const remembered = vi.spyOn(cache, 'get');
    authenticator.recall(basicCredentials(NAME, PASSWORD), ORIGIN);
    const shown = inspect([set.mock.calls, remembered.mock.calls, remembered.mock.results], { depth: 9 });
    const secrets = [PASSWORD, hash, basicCredentials(NAME, PASSWORD), Buffer.from(PASSWORD).toString('base64')];
    expect(shown).toContain(NAME);
    for (const secret of secrets) expect(shown).not.toContain(secret);
  });

  it('has other digests in another process, because they are keyed', async () => {
    const keys: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const { authenticator, cache } = await setUpAuthenticator();
      const set = vi.spyOn(cache, 'set');
      await authenticator.authenticate(...attempt(NAME, PASSWORD));
      keys.push(set.mock.calls[0]?.[0] as string);
    }
    expect(keys[0]).toHaveLength(32);
    expect(keys[0]).not.toBe(keys[1]);
  });
});
