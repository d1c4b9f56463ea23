import { MemoryUserRepository, type UserRepository } from 'kapacitor-auth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { completeRepository } from '../../lib/stores/complete.js';
import { importUsers } from '../../lib/transfer/import-users.js';
import { exportUsers, toJsonLine } from '../../lib/transfer/json-lines.js';
import type { StoredSecret } from '../../lib/users/secret.js';
import { failure } from '../support/failure.js';
import { digestOf, keyOf, NOON } from '../support/stored-secret.js';
import { userNamed } from '../support/stored-user.js';
import { fileWith, imported, openUsers, readAll, userFile } from './files.js';

const HOUR = 3_600_000;
const KEY = {
  id: 'a1',
  name: 'prometheus',
  digest: digestOf('x'),
  created: '2026-03-01T12:00:00Z',
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOON });
});
afterEach(() => {
  vi.useRealTimers();
});

async function exported(repository: MemoryUserRepository): Promise<string> {
  let text = '';
  await exportUsers(repository.snapshot(), async (part) => {
    text += part;
  });
  return text;
}

async function importedInto(repository: UserRepository, content: string, options = {}) {
  const file = await openUsers(fileWith(content), { format: 'jsonl' });
  try {
    return await importUsers(file, completeRepository(repository), options);
  } finally {
    await file.close();
  }
}

function repositoryWith(name: string, ...keys: readonly StoredSecret[]): MemoryUserRepository {
  const repository = new MemoryUserRepository();
  repository.insertMany([{ ...userNamed(name), keys }]);
  return repository;
}

describe('the keys of an export', () => {
  const ALL = [
    keyOf('stan', 'plain', { created: NOON - HOUR }),
    keyOf('stan', 'full', { permissions: ['api', 'clerk'], expires: NOON + 1, lastUsed: NOON - 1 }),
    keyOf('stan', 'powerless', { permissions: [], created: NOON + 1 }),
  ];

  it('are in the line of their user, with RFC 3339 times', async () => {
    const id = (name: string) => `"id":"stan-${name}","name":"${name}","digest":"${digestOf(`stan ${name}`)}"`;
    const text = await exported(repositoryWith('stan', ...ALL));
    expect(text).toContain(
      '"keys":[' +
        `{${id('plain')},"created":"2027-01-15T07:00:00.000Z"},` +
        `{${id('full')},"permissions":["api","clerk"],"created":"2027-01-15T08:00:00.000Z",` +
        '"expires":"2027-01-15T08:00:00.001Z","lastUsed":"2027-01-15T07:59:59.999Z"},' +
        `{${id('powerless')},"permissions":[],"created":"2027-01-15T08:00:00.001Z"}]}\n`,
    );
  });

  it('are imported as they were, and let in as before', async () => {
    const target = new MemoryUserRepository();
    const summary = await importedInto(target, await exported(repositoryWith('stan', ...ALL)));
    expect(summary).toMatchObject({ added: 1, keys: { added: 3, expired: 0, ignored: 0 }, ownPermissions: ['clerk'] });
    expect(target.secrets.list('stan', 'key')).toEqual(ALL);
    expect(target.secrets.find(digestOf('stan full'))).toEqual(ALL[1]);
  });

  it('are counted', async () => {
    const repository = repositoryWith('stan', ...ALL);
    expect(await exportUsers(repository.snapshot(), async () => {})).toEqual({ users: 1, keys: 3 });
  });

  it('do not include sessions', async () => {
    const repository = repositoryWith('stan');
    const { revision } = repository.find('stan') as { revision: string };
    repository.secrets.insert({ ...keyOf('stan'), kind: 'session', name: undefined }, revision, 100);
    expect(await exported(repository)).not.toContain('keys');
  });
});

describe('an import of keys', () => {
  const withKeys = (name: string, ...keys: readonly StoredSecret[]) => `${toJsonLine(imported(name, { keys }))}\n`;

  it('leaves out expired ones, and counts them', async () => {
    const target = new MemoryUserRepository();
    const content = withKeys(
      'stan',
      keyOf('stan', 'old', { expires: NOON }),
      keyOf('stan', 'new', { expires: NOON + 1 }),
    );
    for (const options of [{ dryRun: true }, {}]) {
      expect(await importedInto(target, content, options)).toMatchObject({
        keys: { added: 1, expired: 1, ignored: 0 },
      });
    }
    expect(target.secrets.list('stan', 'key').map(({ name }) => name)).toEqual(['new']);
  });

  it('leaves the keys of users who exist as they are, also if the users are replaced', async () => {
    const own = keyOf('stan', 'own');
    const target = repositoryWith('stan', own);
    const content = withKeys('stan', own, keyOf('stan', 'other'), keyOf('stan', 'old', { expires: NOON }));
    for (const options of [{}, { dryRun: true }, { overwrite: true }]) {
      expect(await importedInto(target, content, options)).toMatchObject({
        keys: { added: 0, expired: 0, ignored: 1 },
      });
      expect(target.secrets.list('stan', 'key')).toEqual([own]);
    }
    expect(await importedInto(target, withKeys('stan', own))).toMatchObject({ keys: { added: 0, ignored: 0 } });
  });

  it('refuses a new user with a key that another user has', async () => {
    const target = repositoryWith('stan', keyOf('stan'));
    const stolen = { ...keyOf('stan'), owner: 'kim', id: 'another' };
    const content = withKeys('kim', keyOf('kim', 'own'), stolen) + withKeys('zoe', keyOf('zoe'));
    expect(await importedInto(target, content)).toMatchObject({
      added: 1,
      keys: { added: 1 },
      refused: { count: 1, users: [{ name: 'kim', refusal: 'another user has the key "key" already' }] },
    });
    expect(target.find('kim')).toBeUndefined();
    // An existing user's keys stay as they are anyway.
    target.insert(userNamed('kim'));
    expect(await importedInto(target, withKeys('kim', stolen))).toMatchObject({
      kept: { count: 1 },
      refused: { count: 0 },
      keys: { ignored: 1 },
    });
  });

  it('says without a store what it would do', async () => {
    const file = userFile([imported('stan', { keys: [keyOf('stan')] })]);
    expect(await importUsers(file, undefined, { dryRun: true })).toMatchObject({ keys: { added: 1 } });
  });

  it('ignores all into a store that keeps none, and says so', async () => {
    const { find, list, insert, replace, remove } = new MemoryUserRepository();
    const users = new MemoryUserRepository();
    const methods = { find, list, insert, replace, remove };
    const target = Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, method.bind(users)]));
    const content = withKeys('stan', keyOf('stan'));
    expect(await importedInto(target as never, content)).toMatchObject({ added: 1, keys: { added: 0, ignored: 1 } });
    expect(users.find('stan')).toBeDefined();
  });

  it('takes the files of older versions, and those without keys', async () => {
    const line = toJsonLine(imported('stan'));
    expect(line).not.toContain('keys');
    const read = async (text: string) => {
      const file = await openUsers(fileWith(text), { format: 'jsonl' });
      const users = await readAll(file);
      await file.close();
      return users;
    };
    expect(await read(line)).toEqual([imported('stan')]);
    expect(await read(line.replace('}', ',"keys":[]}'))).toEqual([imported('stan', { keys: [] })]);
  });

  it('takes a hundred keys with many permissions, whatever the length of the line', async () => {
    const permissions = Array.from({ length: 100 }, (_, index) => `p${String(index).padStart(60, '0')}`);
    const keys = Array.from({ length: 100 }, (_, index) =>
      keyOf('stan', `key ${index}`, { permissions, id: `k${index}` }),
    );
    const content = withKeys('stan', ...keys);
    expect(content.length).toBeGreaterThan(500_000);
    expect(await importedInto(new MemoryUserRepository(), content)).toMatchObject({ keys: { added: 100 } });
  });
});

describe('a key in a file', () => {
  const lineWith = (keys: unknown, name = 'stan') =>
    toJsonLine(imported(name)).replace('}', `,"keys":${JSON.stringify(keys)}}`);

  it.each([
    [{}, '"keys" must be an array of at most 100 keys'],
    [null, '"keys" must be an array of at most 100 keys'],
    [Array.from({ length: 101 }, () => KEY), '"keys" must be an array of at most 100 keys'],
    [['x'], '"keys", number 1: a key must be an object'],
    [[[KEY]], '"keys", number 1: a key must be an object'],
    [[null], '"keys", number 1: a key must be an object'],
    [
      [{ ...KEY, owner: 'root' }],
      '"keys", number 1: unknown field "owner": a key has id, name, digest, permissions, created, expires, lastUsed',
    ],
    [[{ ...KEY, id: undefined }], '"keys", number 1: "id" must be 1 to 64 letters, digits, - and _'],
    [[{ ...KEY, id: '../x' }], '"keys", number 1: "id" must be 1 to 64 letters, digits, - and _'],
    [[{ ...KEY, id: 'x'.repeat(65) }], '"keys", number 1: "id" must be 1 to 64 letters, digits, - and _'],
    [[{ ...KEY, name: ' ' }], '"keys", number 1: "name" must be the name of a key'],
    [[{ ...KEY, name: 7 }], '"keys", number 1: "name" must be the name of a key'],
    [[{ ...KEY, digest: undefined }], '"keys", number 1: "digest" must be a SHA-256 in base64url'],
    [[{ ...KEY, digest: `${KEY.digest}=` }], '"keys", number 1: "digest" must be a SHA-256 in base64url'],
    [[{ ...KEY, digest: 'B'.repeat(43) }], '"keys", number 1: "digest" must be a SHA-256 in base64url'],
    [[{ ...KEY, permissions: null }], '"keys", number 1: "permissions" must be an array of names'],
    [[{ ...KEY, permissions: ['Clerk!'] }], '"keys", number 1: "permissions" must be an array of names'],
    [[{ ...KEY, created: undefined }], '"keys", number 1: "created" must be a time such as "2026-01-31T12:00:00Z"'],
    [[{ ...KEY, created: NOON }], '"keys", number 1: "created" must be a time such as "2026-01-31T12:00:00Z"'],
    [
      [{ ...KEY, expires: '2026-02-30T12:00:00Z' }],
      '"keys", number 1: "expires" must be a time such as "2026-01-31T12:00:00Z"',
    ],
    [[{ ...KEY, expires: null }], '"keys", number 1: "expires" must be a time such as "2026-01-31T12:00:00Z"'],
    [[{ ...KEY, lastUsed: 'never' }], '"keys", number 1: "lastUsed" must be a time such as "2026-01-31T12:00:00Z"'],
    [[KEY, { ...KEY, name: 'b', digest: digestOf('b') }], 'two keys have the same id'],
    [[KEY, { ...KEY, id: 'b', digest: digestOf('b') }], 'two keys have the same name'],
    [[KEY, { ...KEY, id: 'b', name: 'b' }], 'two keys have the same digest'],
  ])('causes an error with its line: %j', async (keys, problem) => {
    const path = fileWith(`${lineWith([], 'first')}\n${lineWith(keys)}\n`);
    const file = await openUsers(path, { format: 'jsonl' });
    const error = await readAll(file).catch((reason: unknown) => reason);
    expect(error).toEqual(failure('IMPORT_INVALID', 400, `${path}, line 2: ${problem}`));
    await file.close();
  });

  it.each([
    ['id', { name: 'b', digest: digestOf('b') }],
    ['digest', { name: 'b', id: 'b' }],
  ])('has no %s of a key of another user', async (field, changes) => {
    const path = fileWith(`${lineWith([KEY])}\n${lineWith([{ ...KEY, ...changes }], 'kim')}\n`);
    const file = await openUsers(path, { format: 'jsonl' });
    await expect(readAll(file)).rejects.toThrow(`line 2: the ${field} of a key is already in line 1`);
    await file.close();
  });

  it('has each field once', async () => {
    const path = fileWith(lineWith([KEY]).replace('"id":', '"name":"x","id":'));
    const file = await openUsers(path, { format: 'jsonl' });
    await expect(readAll(file)).rejects.toThrow('a field is there twice');
    await file.close();
  });

  it('may have the name of a key of another user, and times with an offset', async () => {
    const second = { ...KEY, id: 'b', digest: digestOf('b'), expires: '2026-03-01T13:30:00.5+01:00' };
    const path = fileWith(`${lineWith([KEY])}\n${lineWith([second], 'kim')}\n`);
    const file = await openUsers(path, { format: 'jsonl' });
    const [, kim] = await readAll(file);
    expect(kim).toMatchObject({ keys: [{ owner: 'kim', kind: 'key', expires: Date.UTC(2026, 2, 1, 12, 30, 0, 500) }] });
    await file.close();
  });
});
