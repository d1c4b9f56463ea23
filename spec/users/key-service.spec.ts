import { MemoryUserRepository, type SecretRepository, type UserRepository } from 'kapacitor-auth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KeyService, type KeyServiceParts } from '../../lib/users/key-service.js';
import { PermissionNames } from '../../lib/users/permissions.js';
import { missingSecretMethods } from '../../lib/users/secret.js';
import { digestOfSecret } from '../../lib/users/secret-text.js';
import { failure } from '../support/failure.js';
import { userNamed } from '../support/stored-user.js';

const NOW = new Date('2026-11-30T00:00:00Z');
const DAY = 86_400_000;

/** The keys of jane and kim. */
function setUp(parts: Partial<KeyServiceParts> = {}) {
  const repository = new MemoryUserRepository();
  for (const name of ['jane', 'kim']) repository.insert(userNamed(name, { permissions: ['api'] }));
  const audit = vi.fn((_event: string, details: () => object) => void told.push([_event, details()]));
  const told: unknown[] = [];
  const permissionNames = new PermissionNames(['clerk']);
  const keys = new KeyService({ repository, permissionNames, audit: audit as never, ...parts });
  return { keys, repository, secrets: repository.secrets, told };
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a new key', () => {
  it('is shown once, and kept as its digest', async () => {
    const { keys, secrets } = setUp();
    const { key, ...created } = await keys.create('jane', { name: 'prometheus', expires: '90d', permissions: ['api'] });
    expect(created).toEqual({
      id: expect.stringMatching(/^[0-9A-Za-z]{16}$/),
      name: 'prometheus',
      user: 'jane',
      permissions: ['api'],
      created: NOW,
      expires: new Date(NOW.getTime() + 90 * DAY),
      lastUsed: undefined,
    });
    expect(await keys.list('jane')).toEqual([created]);
    expect(secrets.find(digestOfSecret(key))).toMatchObject({ id: created.id, owner: 'jane', kind: 'key' });
    expect(JSON.stringify(secrets.list('jane', 'key'))).not.toContain(key.slice(4, 34));
  });

  it('may all that its owner may, and has no end, unless something else is said', async () => {
    const { keys } = setUp();
    expect(await keys.create('jane', { name: 'a' })).toMatchObject({ permissions: undefined, expires: undefined });
    expect(await keys.create('jane', { name: 'b', permissions: [] })).toMatchObject({ permissions: [] });
  });

  it('has a name that no other key of the user has, until that one is deleted or expired', async () => {
    const { keys } = setUp();
    const { id } = await keys.create('jane', { name: 'a' });
    await keys.create('kim', { name: 'a' });
    await keys.create('jane', { name: 'A' });
    const message = 'there is a key "a" already: choose another name, or delete that key';
    await expect(keys.create('jane', { name: 'a' })).rejects.toThrow(failure('KEY_EXISTS', 409, message) as Error);
    await keys.delete('jane', id);
    await keys.create('jane', { name: 'a', expires: '1h' });
    vi.setSystemTime(NOW.getTime() + 3_600_000);
    expect((await keys.create('jane', { name: 'a' })).id).not.toBe(id);
  });

  it('is one of a hundred', async () => {
    const { keys } = setUp();
    for (let index = 0; index < 100; index += 1) await keys.create('jane', { name: `${index}`, expires: '1h' });
    await expect(keys.create('jane', { name: 'one more' })).rejects.toMatchObject({ code: 'KEY_LIMIT', status: 409 });
    await keys.create('kim', { name: 'one more' });
    vi.setSystemTime(NOW.getTime() + 3_600_000);
    await keys.create('jane', { name: 'one more' });
    expect((await keys.list('jane')).map(({ name }) => name)).toEqual(['one more']);
  });

  it.each<[string, unknown[], string, string]>([
    ['no user', ['ghost', { name: 'a' }], 'USER_NOT_FOUND', 'no user exists'],
    ['a name that no user can have', ['a b', { name: 'a' }], 'USER_NOT_FOUND', 'no user exists'],
    ['no name', [undefined, { name: 'a' }], 'USER_INVALID', 'username is required'],
    [
      'a user in place of a name',
      [{ name: 'jane' }, { name: 'a' }],
      'USER_INVALID',
      'name must be a text, not an object',
    ],
    ['no key', ['jane'], 'KEY_INVALID', 'a key must be an object with name, expires and permissions, not undefined'],
    ['a bad field', ['jane', { name: 'a', expires: 'x' }], 'KEY_INVALID', 'expires must be a duration'],
    [
      'a third argument',
      ['jane', { name: 'a' }, {}],
      'CONFIG_INVALID',
      'keys.create: confirm must be a function, not an object',
    ],
  ])('is not made for %s', async (_what, given, code, message) => {
    const { keys, secrets, told } = setUp();
    const call = keys.create(...(given as Parameters<typeof keys.create>));
    await expect(call).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect([secrets.list('jane', 'key'), told]).toEqual([[], []]);
  });

  it('is not stored if what confirms it throws, which runs after each conflict again', async () => {
    const { keys, repository, secrets } = setUp();
    let confirmations = 0;
    const call = keys.create('jane', { name: 'a' }, () => {
      confirmations += 1;
      if (confirmations === 3) throw new Error('demoted');
      repository.replace(userNamed('jane', { revision: `${confirmations + 1}` }), `${confirmations}`);
    });
    await expect(call).rejects.toThrow('demoted');
    expect([confirmations, secrets.list('jane', 'key')]).toEqual([3, []]);
  });

  it('is stored although its owner changes meanwhile, unless it is deleted or never stops', async () => {
    const { keys, repository, secrets } = setUp();
    let changes = 0;
    const change = () => {
      changes += 1;
      if (changes > 5) return;
      repository.replace(userNamed('jane', { revision: `${changes + 1}` }), `${changes}`);
    };
    expect(await keys.create('jane', { name: 'a' }, change)).toMatchObject({ name: 'a' });
    const remove = () => void repository.remove('jane');
    await expect(keys.create('jane', { name: 'b' }, remove)).rejects.toMatchObject({ code: 'USER_NOT_FOUND' });
    const insert = vi.spyOn(secrets, 'insert').mockReturnValue('conflict');
    const message = 'the user "kim" changes too often for this change: try again later';
    await expect(keys.create('kim', { name: 'c' })).rejects.toThrow(
      failure('STORE_UNAVAILABLE', 503, message) as Error,
    );
    expect(insert).toHaveBeenCalledTimes(100);
  });

  it('does not belong to a later user of the same name', async () => {
    const { keys, repository, secrets } = setUp();
    const { key } = await keys.create('jane', { name: 'a' });
    repository.remove('jane');
    repository.insert(userNamed('jane', { type: 'admin', revision: '2' }));
    expect([secrets.find(digestOfSecret(key)), await keys.list('jane')]).toEqual([undefined, []]);
  });
});

describe('a key', () => {
  it('is deleted by its id, or else by its name', async () => {
    const { keys } = setUp();
    const a = await keys.create('jane', { name: 'a' });
    const namedLikeA = await keys.create('jane', { name: a.id });
    await keys.delete('jane', a.id);
    expect(await keys.list('jane')).toMatchObject([{ id: namedLikeA.id }]);
    await keys.delete('jane', namedLikeA.name);
    expect(await keys.list('jane')).toEqual([]);
  });

  it.each<[string, unknown[], string]>([
    ['another user’s', ['kim', 'a'], 'KEY_NOT_FOUND'],
    ['no key', ['jane', 'b'], 'KEY_NOT_FOUND'],
    ['nothing', ['jane'], 'KEY_NOT_FOUND'],
    ['one of no user', ['ghost', 'a'], 'USER_NOT_FOUND'],
  ])('is not deleted as %s', async (_what, given, code) => {
    const { keys, told } = setUp();
    await keys.create('jane', { name: 'a' });
    const call = keys.delete(...(given as Parameters<typeof keys.delete>));
    await expect(call).rejects.toMatchObject({ code, status: 404 });
    expect([(await keys.list('jane')).length, told.length]).toEqual([1, 1]);
  });

  it('is not deleted twice at once', async () => {
    const { keys, told } = setUp();
    const { id } = await keys.create('jane', { name: 'a' });
    const both = await Promise.allSettled([keys.delete('jane', id), keys.delete('jane', id)]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(told.map((event) => (event as unknown[])[0])).toEqual(['key-created', 'key-deleted']);
  });

  it('shows when it was used last, and stays in the list when it is expired', async () => {
    const { keys, secrets } = setUp();
    const { key } = await keys.create('jane', { name: 'a', expires: '1h' });
    secrets.recordUses([{ digest: digestOfSecret(key), lastUsed: NOW.getTime() + 1 }]);
    vi.setSystemTime(NOW.getTime() + DAY);
    expect(await keys.list('jane')).toMatchObject([{ name: 'a', lastUsed: new Date(NOW.getTime() + 1) }]);
  });
});

describe('the events of keys', () => {
  it('have the context and the key, without its secret', async () => {
    const { keys, told } = setUp();
    const by = keys.by({ by: 'root', from: '192.0.2.1' });
    const { id } = await by.create('jane', { name: 'a', expires: '1h', permissions: ['clerk'] });
    await by.delete('jane', 'a');
    const expires = new Date(NOW.getTime() + 3_600_000);
    const details = { by: 'root', from: '192.0.2.1', user: 'jane', id, key: 'a', permissions: ['clerk'], expires };
    expect(told).toEqual([
      ['key-created', details],
      ['key-deleted', details],
    ]);
  });

  it.each<[unknown, string]>([
    [
      { headers: {} },
      'keys.by takes words for the audit, not a request: did you mean keys.by({ by: req.user.name, from: req.ip })?',
    ],
    [{ form: 'x' }, 'unknown field "form": did you mean from?'],
    [{ by: 5 }, 'keys.by: by must be a text, not a number'],
    [undefined, 'the context of keys.by must be an object with by, from, method, path and requestId, not undefined'],
  ])('do not take any context: %j', (context, message) => {
    const { keys } = setUp();
    expect(() => keys.by(context as never)).toThrow(failure('CONFIG_INVALID', 500, message) as Error);
  });
});

describe('the limit of own keys', () => {
  it('counts those that users make for themselves', async () => {
    const run = vi.fn((_name: string, create: () => Promise<never>) => create());
    const { keys } = setUp({ ownKeys: { run } });
    await keys.create('jane', { name: 'in code' });
    await keys.by({ by: 'root' }).create('jane', { name: 'by an admin' });
    await keys.by({ by: 'jane' }).delete('jane', 'in code');
    expect(run).not.toHaveBeenCalled();
    await keys.by({ by: 'jane' }).create('jane', { name: 'by herself' });
    expect(run.mock.calls.map(([name]) => name)).toEqual(['jane']);
  });
});

describe('a store without keys', () => {
  const METHODS =
    'secrets.find, secrets.list, secrets.insert, secrets.remove, secrets.removeAll, secrets.recordUses, secrets.removeExpired';
  const withoutSecrets = { find: () => userNamed('jane') } as unknown as UserRepository;

  it.each<[string, (keys: KeyService) => Promise<unknown>]>([
    ['create', (keys) => keys.create('jane', { name: 'a' })],
    ['list', (keys) => keys.list('jane')],
    ['delete', (keys) => keys.delete('jane', 'a')],
  ])('says what it lacks: %s', async (_call, call) => {
    const { keys } = setUp({ repository: withoutSecrets });
    const message = `the user store keeps no keys: it lacks ${METHODS}`;
    await expect(call(keys)).rejects.toThrow(failure('CONFIG_INVALID', 500, message) as Error);
    expect([keys.areKept, setUp().keys.areKept]).toEqual([false, true]);
  });

  it('lacks the methods that are no functions', () => {
    const { secrets } = new MemoryUserRepository();
    expect(missingSecretMethods({})).toEqual(METHODS.split(', '));
    expect(missingSecretMethods({ secrets })).toEqual([]);
    const some = { find() {}, list: true, removeExpired: null } as unknown as SecretRepository;
    expect(missingSecretMethods({ secrets: some })).toEqual(METHODS.split(', ').slice(1));
  });
});
