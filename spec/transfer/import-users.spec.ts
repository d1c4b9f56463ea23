import { MemoryUserRepository, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { completeRepository } from '../../lib/stores/complete.js';
import { importUsers } from '../../lib/transfer/import-users.js';
import { ImportError } from '../../lib/transfer/user-file.js';
import { failure } from '../support/failure.js';
import { userNamed } from '../support/stored-user.js';
import { HASH, imported, OTHER_HASH, userFile } from './files.js';

const NOTHING = {
  keys: { added: 0, expired: 0, ignored: 0 },
  ownPermissions: [],
  unchanged: 0,
  replaced: 0,
  kept: { count: 0, names: [] },
  refused: { count: 0, users: [] },
  costly: 0,
};

function repositoryWith(...users: Parameters<typeof userNamed>[]): MemoryUserRepository {
  const repository = new MemoryUserRepository();
  for (const user of users) repository.insert(userNamed(...user));
  return repository;
}

describe('importing users', () => {
  it('stores them with their hashes, and changes nothing the second time', async () => {
    const repository = new MemoryUserRepository();
    const file = userFile([
      imported('root', { type: 'admin' }),
      imported('stan', { permissions: ['api'], enabled: false }),
    ]);
    expect(await importUsers(file, repository)).toEqual({ format: 'JSON lines', dryRun: false, added: 2, ...NOTHING });
    const stored = repository.find('stan');
    expect(stored).toEqual({
      ...imported('stan', { permissions: ['api'], enabled: false }),
      created: expect.any(Number),
      revision: expect.any(String),
    });
    expect(await importUsers(file, repository, { overwrite: true })).toMatchObject({
      added: 0,
      unchanged: 2,
      replaced: 0,
    });
    expect(repository.find('stan')).toBe(stored);
  });

  it('keeps users who differ, and reports the first 20', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `user${String(index).padStart(2, '0')}`);
    const repository = repositoryWith(...names.map((name): [string] => [name]));
    const summary = await importUsers(userFile(names.map((name) => imported(name))), repository);
    expect(summary).toMatchObject({ added: 0, unchanged: 0, kept: { count: 25, names: names.slice(0, 20) } });
    expect(repository.find('user00')).toEqual(userNamed('user00'));
  });

  it.each([
    ['the type', { type: 'admin' as const }],
    ['the permissions', { permissions: ['api' as const] }],
    ['whether they get in', { enabled: false }],
    ['the hash', { hash: OTHER_HASH }],
  ])('detects a different %s, and replaces it on request', async (_what, difference) => {
    const repository = repositoryWith(['root', { type: 'admin' }], ['stan', { hash: HASH }]);
    const file = userFile([imported('stan', difference)]);
    expect(await importUsers(file, repository)).toMatchObject({ unchanged: 0, kept: { count: 1, names: ['stan'] } });
    expect(await importUsers(file, repository, { overwrite: true })).toMatchObject({ replaced: 1, kept: { count: 0 } });
    expect(repository.find('stan')).toMatchObject(difference);
  });

  it('never demotes the last admin', async () => {
    const repository = repositoryWith(['root', { type: 'admin' }]);
    const summary = await importUsers(userFile([imported('root')]), repository, { overwrite: true });
    expect(summary).toMatchObject({
      replaced: 0,
      refused: {
        count: 1,
        users: [{ name: 'root', refusal: 'the last admin cannot be disabled, demoted or given an end' }],
      },
    });
    expect(repository.find('root')).toMatchObject({ type: 'admin' });
  });

  it('demotes an admin if another one follows in the file', async () => {
    const repository = repositoryWith(['root', { type: 'admin' }], ['zoe']);
    const file = userFile([imported('root'), imported('zoe', { type: 'admin' })]);
    expect(await importUsers(file, repository, { overwrite: true })).toMatchObject({
      replaced: 2,
      refused: { count: 0 },
    });
    expect(repository.find('root')).toMatchObject({ type: 'normal' });
  });

  it('reports the first 100 refused users, and their number', async () => {
    const refused = Array.from({ length: 120 }, (_, index) => ({ name: `a b ${index}`, refusal: 'no' }));
    const summary = await importUsers(userFile(refused), new MemoryUserRepository());
    expect(summary.refused).toEqual({ count: 120, users: refused.slice(0, 100) });
  });

  it('reports in a dry run what it would do', async () => {
    const repository = repositoryWith(['kim'], ['same', { hash: HASH }]);
    const file = userFile([imported('kim'), imported('same'), imported('stan')]);
    const expected = { dryRun: true, added: 1, unchanged: 1 };
    expect(await importUsers(file, repository, { dryRun: true })).toMatchObject({
      ...expected,
      kept: { names: ['kim'] },
    });
    expect(await importUsers(file, repository, { dryRun: true, overwrite: true })).toMatchObject({
      ...expected,
      replaced: 1,
    });
    expect(repository.find('stan')).toBeUndefined();
    expect(repository.find('kim')).toEqual(userNamed('kim'));
  });

  it('reports in a dry run what it would do without a store', async () => {
    const file = userFile([imported('stan'), { name: '..', refusal: 'no' }]);
    expect(await importUsers(file, undefined, { dryRun: true })).toMatchObject({ added: 1, refused: { count: 1 } });
  });

  it.each([
    ['the only one, alone', [imported('root')], [['root']], 0, ['root']],
    [
      'the last of two',
      [imported('ada'), imported('root', { type: 'admin', enabled: false })],
      [['ada'], ['root']],
      1,
      ['root'],
    ],
    ['neither, beside a third', [imported('ada'), imported('root')], [['ada'], ['root'], ['zoe']], 2, []],
    ['nobody, when the file brings one', [imported('root'), imported('new', { type: 'admin' })], [['root']], 1, []],
  ])('refuses the last admin in a dry run as well: %s', async (_who, users, admins, replaced, refused) => {
    const repository = repositoryWith(
      ...admins.map(([name]): [string, { type: 'admin' }] => [name as string, { type: 'admin' }]),
    );
    const dry = await importUsers(userFile(users), repository, { overwrite: true, dryRun: true });
    expect(dry).toMatchObject({ replaced, refused: { count: refused.length } });
    expect(dry.refused.users.map(({ name }) => name)).toEqual(refused);
    expect(await importUsers(userFile(users), repository, { overwrite: true })).toEqual({ ...dry, dryRun: false });
  });

  it('counts costly hashes', async () => {
    const costly = HASH.replace('$04$', '$15$');
    const file = userFile([imported('a', { hash: costly }), imported('b', { hash: HASH.replace('$04$', '$14$') })]);
    expect(await importUsers(file, undefined, { dryRun: true })).toMatchObject({ added: 2, costly: 1 });
  });

  it('calls onStored for each stored user, and never in a dry run', async () => {
    const repository = repositoryWith(['kim'], ['same', { hash: HASH }]);
    const file = userFile([imported('kim'), imported('same'), imported('stan')]);
    const onStored = vi.fn();
    await importUsers(file, repository, { overwrite: true, dryRun: true, onStored });
    expect(onStored).not.toHaveBeenCalled();
    await importUsers(file, repository, { overwrite: true, onStored });
    expect(onStored.mock.calls).toEqual([
      [imported('stan'), undefined],
      [{ ...imported('kim'), revision: expect.any(String) }, userNamed('kim')],
    ]);
  });

  it.each([
    [1_000, '1000 users are'],
    [0, undefined],
  ])('says how many users are stored if the file changes after %i', async (count, stored) => {
    const changing = userFile([]);
    changing.read = async function* () {
      for (let index = 0; index < count; index += 1) yield imported(`user${index}`);
      throw new ImportError('it was written to');
    };
    const rest = stored === undefined ? '' : `. ${stored} stored already, and the same import completes it`;
    await expect(importUsers(changing, new MemoryUserRepository(), { total: count })).rejects.toThrow(
      failure('IMPORT_INVALID', 400, `it was written to${rest}`) as Error,
    );
  });

  it('stores nothing if the file is damaged at its end', async () => {
    const repository = new MemoryUserRepository();
    const bad = userFile([]);
    bad.read = async function* () {
      yield imported('stan');
      throw new Error('bad');
    };
    await expect(importUsers(bad, repository)).rejects.toThrow('bad');
    expect(repository.find('stan')).toBeUndefined();
  });

  it('stores a thousand at a time, reports progress, and completes a failed import', async () => {
    const users = Array.from({ length: 2_500 }, (_, index) => imported(`user${index}`));
    const repository = new MemoryUserRepository();
    const insertMany = vi.spyOn(repository, 'insertMany');
    insertMany.mockImplementationOnce((some) => MemoryUserRepository.prototype.insertMany.call(repository, some));
    insertMany.mockImplementationOnce(() => {
      throw new Error('the disk is full');
    });
    await expect(importUsers(userFile(users), repository)).rejects.toThrow('the disk is full');
    insertMany.mockRestore();
    const onProgress = vi.fn();
    expect(await importUsers(userFile(users), repository, { onProgress })).toMatchObject({
      added: 1_500,
      unchanged: 1_000,
    });
    expect(onProgress.mock.calls).toEqual([
      [0, 2_500],
      [1_000, 2_500],
      [2_000, 2_500],
      [2_500, 2_500],
    ]);
  });

  it('reads a file once if the caller has read it to its end', async () => {
    const file = userFile([imported('stan')]);
    await importUsers(file, new MemoryUserRepository(), { total: 1 });
    expect(file.reads).toBe(1);
  });

  it('replaces a user that is changed or deleted meanwhile', async () => {
    const repository = repositoryWith(['stan'], ['kim']);
    const replace = vi.spyOn(repository, 'replace');
    replace.mockReturnValueOnce('conflict');
    replace.mockImplementationOnce(() => {
      MemoryUserRepository.prototype.remove.call(repository, 'stan');
      return 'conflict';
    });
    const insert = vi.spyOn(repository, 'insert').mockReturnValueOnce(false).mockReturnValueOnce(false);
    const own = completeRepository(withoutMany(repository));
    const summary = await importUsers(userFile([imported('stan')]), own, { overwrite: true });
    expect(summary).toMatchObject({ replaced: 1 });
    expect(insert).toHaveBeenCalledTimes(3);
    expect(repository.find('stan')).toMatchObject({ hash: HASH });
  });

  it('gives up on a user that changes all the time', async () => {
    const repository = repositoryWith(['stan']);
    vi.spyOn(repository, 'replace').mockReturnValue('conflict');
    await expect(importUsers(userFile([imported('stan')]), repository, { overwrite: true })).rejects.toThrow(
      'the user "stan" changes too often for this change: try again later',
    );
  });
});

/** A repository of an app's own, which has what it must have. */
function withoutMany(repository: MemoryUserRepository): UserRepository {
  return {
    find: (name) => repository.find(name),
    list: (query) => repository.list(query),
    insert: (user) => repository.insert(user),
    replace: (user, revision) => repository.replace(user, revision),
    remove: (name) => repository.remove(name),
  };
}
