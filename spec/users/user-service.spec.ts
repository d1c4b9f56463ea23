import type { StoredUser } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ForbiddenError } from '../../lib/errors.js';
import { completeRepository } from '../../lib/stores/complete.js';
import { PasswordPolicy } from '../../lib/users/password-policy.js';
import { UserService } from '../../lib/users/user-service.js';
import { failure, invalidUser } from '../support/failure.js';
import { ANY_ACCOUNT } from '../support/user.js';
import { createUserService } from '../support/user-service.js';

const THERE_ARE = 'the permissions are none, api, config_api, write_points and all';
const NOT_KNOWN = `is not known: ${THERE_ARE}`;

describe('creating a user', () => {
  it('returns the user, of type normal and without permissions by default', async () => {
    const { users } = createUserService();
    expect(await users.create({ name: 'someone', password: 'p' })).toEqual({
      name: 'someone',
      type: 'normal',
      permissions: [],
      enabled: true,
      ...ANY_ACCOUNT,
    });
  });

  it('ignores fields of a prototype', async () => {
    const { users } = createUserService();
    Object.defineProperty(Object.prototype, 'type', { value: 'admin', configurable: true });
    onTestFinished(() => void Reflect.deleteProperty(Object.prototype, 'type'));
    expect((await users.create({ name: 'someone', password: 'p' })).type).toBe('normal');
  });

  it('keeps the hash and never the password', async () => {
    const { users, repository } = createUserService();
    await users.create({ name: 'someone', password: 'a password' });
    const stored = await repository.find('someone');
    expect(stored?.hash).toBe('hash 1 of 10 characters');
    expect(JSON.stringify(stored)).not.toContain('a password');
  });

  it.each([
    [
      ['write_points', 'config_api'],
      ['config_api', 'write_points'],
    ],
    [['api', 'api', 'none'], ['api']],
    [['none'], []],
    [['write_points', 'api', 'config_api'], ['all']],
    [['all'], ['all']],
    [['all', 'api'], ['all']],
  ] as const)('puts the permissions %j into Kapacitor’s form', async (given, shown) => {
    const { users } = createUserService();
    expect((await users.create({ name: 'someone', password: 'p', permissions: given })).permissions).toEqual(shown);
  });

  it('drops the permissions of an admin', async () => {
    const { users } = createUserService();
    const user = await users.create({ name: 'root', password: 'p', type: 'admin', permissions: ['api'] });
    expect(user.permissions).toEqual([]);
  });

  it.each([
    ['', 'username is required'],
    ['a b', `username must contain only letters, numbers, '-', '.', '@' and '_'. "a b"`],
    ['a:b', `username must contain only letters, numbers, '-', '.', '@' and '_'. "a:b"`],
    ['e\u0301', `username must contain only letters, numbers, '-', '.', '@' and '_'. "e\u0301"`],
    ['\ud800', `username must contain only letters, numbers, '-', '.', '@' and '_'. "\\ud800"`],
    ['.', 'username must not be "." or ".."'],
    ['..', 'username must not be "." or ".."'],
    ['x'.repeat(257), 'username must be at most 256 bytes'],
    ['é'.repeat(129), 'username must be at most 256 bytes'],
  ])('refuses the name %j', async (name, message) => {
    const { users, hasher } = createUserService();
    await expect(users.create({ name, password: 'p' })).rejects.toThrow(invalidUser(message));
    expect(hasher.hash).not.toHaveBeenCalled();
  });

  it('refuses a password that the policy refuses, without hashing it', async () => {
    const { users, hasher } = createUserService();
    const creation = users.create({ name: 'someone', password: 'x'.repeat(73) });
    await expect(creation).rejects.toThrow(invalidUser('password must be at most 72 bytes'));
    expect(hasher.hash).not.toHaveBeenCalled();
  });

  it('hashes the form that every keyboard produces', async () => {
    const { users, hasher } = createUserService();
    await users.create({ name: 'someone', password: 'cafe\u0301\u00a0au\u3000lait' });
    expect(hasher.hash).toHaveBeenCalledExactlyOnceWith('caf\u00e9 au lait');
  });

  it.each([
    [{ password: 'p' }, 'username is required'],
    [{ name: 5, password: 'p' }, 'name must be a text, not a number'],
    [{ name: 'a' }, 'password is required'],
    [{ name: 'a', password: 5 }, 'password must be a text, not a number'],
    [{ name: 'a', password: ['secret'] }, 'password must be a text, not an array'],
    [{ name: 'a', password: null }, 'password must be a text, not null'],
    [{ name: 'a', password: 'p', type: 'root' }, 'type must be "admin" or "normal", not "root"'],
    [{ name: 'a', password: 'p', type: { secret: 1 } }, 'type must be "admin" or "normal", not an object'],
    [{ name: 'a', password: 'p', type: null }, 'type must be "admin" or "normal", not null'],
    [{ name: 'a', password: 'p', enabled: 'false' }, 'enabled must be true or false, not "false"'],
  ])('refuses %j from JavaScript', async (user, message) => {
    const { users, hasher } = createUserService();
    await expect(users.create(user as never)).rejects.toThrow(invalidUser(message));
    expect(hasher.hash).not.toHaveBeenCalled();
  });

  it.each<[unknown, string]>([
    ['api', 'permissions must be an array, not a text'],
    [new Set(['api']), 'permissions must be an array, not a set'],
    [['API'], 'permission "API" is not known: did you mean api?'],
    [['write-points'], 'permission "write-points" is not known: did you mean write_points?'],
    [['api', 'clerk'], `permission "clerk" ${NOT_KNOWN}`],
    [['x'.repeat(301)], `permission "${'x'.repeat(300)}"… ${NOT_KNOWN}`],
    [[null], 'a permission must be a text, not null'],
    [[undefined], 'a permission must be a text, not undefined'],
    [[{ secret: 1 }], 'a permission must be a text, not an object'],
    [Array(1), 'a permission must be a text, not undefined'],
  ])('refuses the permissions %j', async (permissions, message) => {
    const { users } = createUserService();
    const creation = users.create({ name: 'a', password: 'p', permissions: permissions as never });
    await expect(creation).rejects.toThrow(invalidUser(message));
  });

  it.each<[object, string]>([
    [{ enable: false }, 'unknown field "enable": did you mean enabled?'],
    [{ permission: ['api'] }, 'unknown field "permission": did you mean permissions?'],
    [
      { role: 'admin' },
      'unknown field "role": a user has name, password, type, permissions, enabled, expires, mustChangePassword and note',
    ],
    [
      { role: undefined },
      'unknown field "role": a user has name, password, type, permissions, enabled, expires, mustChangePassword and note',
    ],
    [
      { hash: '$2b$10$' },
      'unknown field "hash": a user has name, password, type, permissions, enabled, expires, mustChangePassword and note',
    ],
    [JSON.parse('{"__proto__":{}}'), 'unknown field "__proto__": a user has '],
    [{ constructor: 1 }, 'unknown field "constructor": a user has '],
  ])('refuses unknown fields: %j', async (fields, message) => {
    const { users, hasher } = createUserService();
    const user = Object.defineProperties({ name: 'a', password: 'p' }, Object.getOwnPropertyDescriptors(fields));
    await expect(users.create(user)).rejects.toThrow(invalidUser(expect.stringContaining(message) as never));
    expect(hasher.hash).not.toHaveBeenCalled();
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['someone', 'a text'],
    [[], 'an array'],
    [new Map([['name', 'a']]), 'a map'],
    [Promise.resolve({ name: 'a' }), 'a promise'],
  ])('refuses %s instead of a user', async (user, kind) => {
    const { users } = createUserService();
    await expect(users.create(user as never)).rejects.toThrow(
      invalidUser(
        `a user must be an object with name, password, type, permissions, enabled, expires, mustChangePassword and note, not ${kind}`,
      ),
    );
  });

  it('ignores fields of a prototype', async () => {
    const { users } = createUserService();
    const inherited = { type: 'admin', enabled: false };
    const user = Object.assign(Object.create(inherited), { name: 'someone', password: 'p' });
    expect(await users.create(user)).toMatchObject({ type: 'normal', enabled: true });
  });

  it('accepts the longest name and password', async () => {
    const { users } = createUserService();
    const name = 'x'.repeat(256);
    expect(await users.create({ name, password: 'é'.repeat(36) })).toMatchObject({ name });
  });

  it('refuses an existing name before it hashes, and one that is taken meanwhile', async () => {
    const { users, hasher } = createUserService();
    const taken = failure('USER_EXISTS', 409, 'user "taken" already exists');
    await users.create({ name: 'taken', password: 'p' });
    await expect(users.create({ name: 'taken', password: 'p' })).rejects.toThrow(taken);
    expect(hasher.hash).toHaveBeenCalledTimes(1);
    const race = createUserService();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => race.users.create({ name: 'taken', password: 'p' })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('changing a user', () => {
  async function setUpSomeone() {
    const set = createUserService();
    await set.users.create({ name: 'root', password: 'p', type: 'admin' });
    await set.users.create({ name: 'someone', password: 'p', permissions: ['api'] });
    return set;
  }

  it('changes only the given fields', async () => {
    const { users, repository } = await setUpSomeone();
    const before = await repository.find('someone');
    expect(await users.update('someone', {})).toMatchObject({ type: 'normal', permissions: ['api'] });
    expect(await users.update('someone', { permissions: ['write_points'] })).toMatchObject({
      permissions: ['write_points'],
    });
    expect((await repository.find('someone'))?.hash).toBe(before?.hash);
    await users.update('someone', { password: 'new' });
    expect((await repository.find('someone'))?.hash).not.toBe(before?.hash);
    expect(await users.get('someone')).toMatchObject({ permissions: ['write_points'] });
  });

  it('removes the permissions of a user who becomes an admin, permanently', async () => {
    const { users } = await setUpSomeone();
    expect(await users.update('someone', { type: 'admin', permissions: ['all'] })).toMatchObject({ permissions: [] });
    expect(await users.update('someone', { type: 'normal' })).toMatchObject({ type: 'normal', permissions: [] });
  });

  it('fails for a missing user', async () => {
    const { users, hasher } = await setUpSomeone();
    const absent = failure('USER_NOT_FOUND', 404, 'no user exists');
    hasher.hash.mockClear();
    await expect(users.update('nobody', { password: 'new' })).rejects.toThrow(absent);
    await expect(users.update('a b', {})).rejects.toThrow(absent);
    expect(hasher.hash).not.toHaveBeenCalled();
  });

  it.each([
    [{ password: '' }, 'password is required'],
    [{ password: 5 }, 'password must be a text, not a number'],
    [{ type: 'root' }, 'type must be "admin" or "normal", not "root"'],
    [{ permissions: ['API'] }, 'permission "API" is not known: did you mean api?'],
    [{ enabled: 'no' }, 'enabled must be true or false, not "no"'],
    [{ name: 'other' }, 'a user cannot be renamed'],
    [{ name: 5 }, 'name must be a text, not a number'],
    [{ enable: false }, 'unknown field "enable": did you mean enabled?'],
    [
      { role: 'admin' },
      'unknown field "role": a change of a user has name, password, type, permissions, enabled, expires, mustChangePassword and note',
    ],
    [
      'someone',
      'a change of a user must be an object with name, password, type, permissions, enabled, expires, mustChangePassword and note, not a text',
    ],
  ])('refuses %j', async (changes, message) => {
    const { users } = await setUpSomeone();
    const before = await users.get('someone');
    await expect(users.update('someone', changes as never)).rejects.toThrow(invalidUser(message));
    expect(await users.get('someone')).toEqual(before);
  });

  it('accepts a user as it was read, with changes', async () => {
    const { users } = await setUpSomeone();
    const changes = { ...(await users.get('someone')), enabled: false };
    expect(await users.update('someone', changes)).toEqual({ ...changes, revision: expect.any(String) });
  });

  it('hashes the form of a new password that every keyboard produces', async () => {
    const { users, hasher } = await setUpSomeone();
    hasher.hash.mockClear();
    await users.update('someone', { password: 'cafe\u0301\u3000au lait' });
    expect(hasher.hash).toHaveBeenCalledExactlyOnceWith('caf\u00e9 au lait', undefined);
  });

  it("does not wait long for the hash of a user's own new password", async () => {
    const { users, hasher } = await setUpSomeone();
    hasher.hash.mockClear();
    await users.by({ by: 'someone' }).update('someone', { password: 'another' });
    expect(hasher.hash).toHaveBeenCalledExactlyOnceWith('another', { isPatient: false });
  });

  it('does not check an existing password against new rules', async () => {
    const { repository } = await setUpSomeone();
    const isRefused = vi.fn(() => true);
    const strict = createUserService(repository, { minimumLength: 8, isRefused });
    await expect(strict.users.update('someone', { password: 'p' })).rejects.toThrow(
      invalidUser('password must be at least 8 characters'),
    );
    const changed = await strict.users.update('someone', { permissions: ['write_points'] });
    expect(changed).toMatchObject({ permissions: ['write_points'] });
    expect(isRefused).not.toHaveBeenCalled();
  });

  it('loses no concurrent change of the same user', async () => {
    const { users, repository, hasher } = await setUpSomeone();
    hasher.hash.mockImplementation(async () => {
      await users.update('someone', { permissions: ['write_points'] });
      return 'the new hash';
    });
    expect(await users.update('someone', { password: 'new' })).toMatchObject({ permissions: ['write_points'] });
    expect(await repository.find('someone')).toMatchObject({ hash: 'the new hash', permissions: ['write_points'] });
  });

  it('applies to the user as another change has left it, and is confirmed again', async () => {
    const { users } = await setUpSomeone();
    const confirm = vi.fn().mockImplementationOnce(() => users.update('someone', { permissions: ['write_points'] }));
    const changed = await users.update('someone', { enabled: false }, confirm);
    expect(changed).toMatchObject({ permissions: ['write_points'], enabled: false });
    expect(confirm.mock.calls.map(([{ permissions }]) => permissions)).toEqual([['api'], ['write_points']]);
  });

  it('is retried after a conflict, and not for ever', async () => {
    const { users, repository } = await setUpSomeone();
    const replace = vi.spyOn(repository, 'replace').mockReturnValueOnce('conflict').mockReturnValueOnce('conflict');
    expect(await users.update('someone', { permissions: [] })).toMatchObject({ permissions: [] });
    expect(replace).toHaveBeenCalledTimes(3);
    replace.mockReturnValue('conflict');
    await expect(users.update('someone', { permissions: [] })).rejects.toThrow(
      failure('STORE_UNAVAILABLE', 503, 'the user "someone" changes too often for this change: try again later'),
    );
  });

  it('is confirmed and reported, and not stored, if nothing changes, because users may repeat it', async () => {
    const { repository: given, hasher } = await setUpSomeone();
    const repository = completeRepository(given);
    const audit = vi.fn();
    const users = new UserService({ repository, hasher, policy: new PasswordPolicy({ minimumLength: 0 }), audit });
    const replace = vi.spyOn(repository, 'replace');
    const confirm = vi.fn();
    const someone = await users.get('someone');
    for (const changes of [{}, { name: 'someone' }, { permissions: undefined }]) {
      expect(await users.update('someone', changes, confirm)).toEqual(someone);
    }
    expect(confirm).toHaveBeenCalledTimes(3);
    expect(replace).not.toHaveBeenCalled();
    expect(audit.mock.calls.map(([event, details]) => [event, details().changed])).toEqual(
      Array(3).fill(['user-changed', []]),
    );
  });

  it('is confirmed with the user as it is at that moment', async () => {
    const { users, repository, hasher } = await setUpSomeone();
    hasher.hash.mockImplementation(async () => {
      await users.update('someone', { permissions: ['write_points'] });
      return 'the new hash';
    });
    const confirm = vi.fn(async ({ permissions }: StoredUser) => {
      throw new ForbiddenError(`not with ${permissions}`);
    });
    await expect(users.update('someone', { password: 'new' }, confirm)).rejects.toThrow(
      failure('FORBIDDEN', 403, 'not with write_points'),
    );
    expect(confirm).toHaveBeenCalledOnce();
    expect((await repository.find('someone'))?.hash).not.toBe('the new hash');
  });

  it('keeps the last admin', async () => {
    const { users } = await setUpSomeone();
    const lastAdmin = failure('LAST_ADMIN', 409, 'the last admin cannot be deleted or demoted');
    await expect(users.update('root', { type: 'normal' })).rejects.toThrow(lastAdmin);
    await expect(users.delete('root')).rejects.toThrow(lastAdmin);
    await users.update('someone', { type: 'admin' });
    const outcomes = await Promise.allSettled([
      users.update('root', { type: 'normal' }),
      users.update('someone', { type: 'normal' }),
    ]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('a name that is not a string', () => {
  it.each([
    [undefined, 'username is required'],
    [null, 'name must be a text, not null'],
    [{ name: 'someone' }, 'name must be a text, not an object'],
  ])('cannot be read, changed or deleted: %j', async (name, message) => {
    const { users } = createUserService();
    const refused = invalidUser(message);
    await expect(users.get(name as never)).rejects.toThrow(refused);
    await expect(users.update(name as never, {})).rejects.toThrow(refused);
    await expect(users.delete(name as never)).rejects.toThrow(refused);
  });
});

describe('deleting a user', () => {
  it('returns whether the user existed', async () => {
    const { users } = createUserService();
    await users.create({ name: 'someone', password: 'p' });
    expect(await users.delete('someone')).toBe(true);
    expect(await users.delete('someone')).toBe(false);
    expect(await users.delete('a b')).toBe(false);
    expect(await users.get('someone')).toBeUndefined();
  });

  it('returns false if another process was faster', async () => {
    const { users, repository } = createUserService();
    await users.create({ name: 'someone', password: 'p' });
    vi.spyOn(repository, 'remove').mockReturnValue('not-found');
    expect(await users.delete('someone')).toBe(false);
  });
});

describe('an impossible name', () => {
  it.each([
    ['a blank', 'a b'],
    ['too many letters', 'x'.repeat(10_000)],
  ])('causes no question to the store: %s', async (_what, name) => {
    const { users, repository } = createUserService();
    const find = vi.spyOn(repository, 'find');
    expect(await users.get(name)).toBeUndefined();
    expect(await users.delete(name)).toBe(false);
    await expect(users.update(name, {})).rejects.toMatchObject({ code: 'USER_NOT_FOUND', status: 404 });
    expect(find).not.toHaveBeenCalled();
  });
});

describe('the argument confirm', () => {
  it('must be a function, and not options', async () => {
    const { users, hasher } = createUserService();
    const refused = (call: string) =>
      failure('CONFIG_INVALID', 500, `users.${call}: confirm must be a function, not an object`);
    const options = { by: 'root' } as never;
    await expect(users.create({ name: 'a', password: 'p' }, options)).rejects.toThrow(refused('create'));
    await expect(users.update('a', { password: 'p' }, options)).rejects.toThrow(refused('update'));
    expect(hasher.hash).not.toHaveBeenCalled();
  });
});
