import * as lmdb from 'lmdb';
import { describe, expect, it } from 'vitest';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import { openRepository } from '../../support/lmdb-repository.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

describe('a closed repository', () => {
  it('refuses every question, and can be closed again', async () => {
    const repository = openRepository(temporaryFolder());
    await repository.close();
    await repository.close();
    expect(() => repository.find('someone')).toThrow(/is closed/);
    await expect(repository.insert(userNamed('someone'))).rejects.toThrow(/is closed/);
    await expect(repository.remove('someone')).rejects.toThrow(/is closed/);
    const everybody = { pattern: new NamePattern(''), after: undefined, offset: 0, limit: 1 };
    await expect(repository.list(everybody)).rejects.toThrow(/is closed/);
  });

  it('keeps what was asked of it before', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    const insertion = repository.insert(userNamed('someone'));
    await repository.close();
    expect(await insertion).toBe(true);
    expect(openRepository(folder).find('someone')).toEqual(userNamed('someone'));
  });
});

describe('a user that is asked for often', () => {
  it('is the same object for as long as it is the same user', async () => {
    const repository = openRepository(temporaryFolder());
    await repository.insert(userNamed('someone'));
    const first = repository.find('someone');
    expect(repository.find('someone')).toBe(first);
    // Past the lease the store is read, and has the same.
    await repository.replace(userNamed('other', { revision: '2' }), 'none');
    expect(repository.find('someone')).toBe(first);
    await repository.replace(userNamed('someone', { revision: '2' }), '1');
    expect(repository.find('someone')).toEqual(userNamed('someone', { revision: '2' }));
  });

  it('is one of so many at the most that are kept in memory', async () => {
    const repository = openRepository(temporaryFolder());
    await Promise.all(Array.from({ length: 10_001 }, (_, index) => repository.insert(userNamed(`user${index}`))));
    for (let index = 0; index <= 10_000; index += 1) {
      expect(repository.find(`user${index}`)?.name).toBe(`user${index}`);
    }
  });
});

describe('a record that cannot be read', () => {
  it('fails what needs it, and can be removed', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    await repository.insert(userNamed('good'));
    const root = lmdb.open({ path: folder, noSubdir: false, encoding: 'string' });
    await root.openDB({ name: 'users', encoding: 'string' }).put('bad', '{');
    expect(() => repository.find('bad')).toThrow(SyntaxError);
    await expect(repository.replace(userNamed('bad'), '1')).rejects.toThrow(SyntaxError);
    expect(await repository.remove('bad')).toBe('removed');
    expect(repository.find('bad')).toBeUndefined();
    expect(repository.find('good')).toEqual(userNamed('good'));
    await root.close();
  });
});

describe('a commit', () => {
  it('waits for the disk', () => {
    const folder = temporaryFolder();
    openRepository(folder);
    // LMDB says so itself of a database that is open without asynchronous commits.
    expect(() => lmdb.open({ path: folder, noSubdir: false, overlappingSync: true })).toThrow(
      'Can not enable overlappingSync on a database that was opened without this flag',
    );
  });
});
