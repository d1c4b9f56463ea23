import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { LmdbUserRepository, StoreError } from 'kapacitor-auth';
import * as lmdb from 'lmdb';
import { describe, expect, it } from 'vitest';
import { failure } from '../../support/failure.js';
import { openRepository } from '../../support/lmdb-repository.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the folder', () => {
  it('is made for its owner alone, and is not committed by mistake', () => {
    const folder = join(temporaryFolder(), 'deep', 'users.v1');
    openRepository(folder);
    expect(modeOf(folder)).toBe(0o700);
    expect(modeOf(join(folder, 'data.mdb'))).toBe(0o600);
    expect(modeOf(join(folder, 'lock.mdb'))).toBe(0o600);
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('that is there already keeps its mode and its files, and the files of ours are made private', async () => {
    const folder = join(temporaryFolder(), 'mine');
    mkdirSync(folder, { mode: 0o755 });
    const first = new LmdbUserRepository(folder);
    await first.insert(userNamed('someone'));
    await first.close();
    chmodSync(join(folder, 'data.mdb'), 0o644);
    expect(openRepository(folder).find('someone')).toEqual(userNamed('someone'));
    expect(modeOf(folder)).toBe(0o755);
    expect(modeOf(join(folder, 'data.mdb'))).toBe(0o600);
    expect(existsSync(join(folder, '.gitignore'))).toBe(false);
  });

  it.each<[string, (folder: string) => string]>([
    [
      'ENOTDIR',
      (folder) => {
        writeFileSync(join(folder, 'file'), '');
        return join(folder, 'file', 'users');
      },
    ],
    ['ENOENT', () => '/proc/users'],
    [
      'ENOTDIR',
      (folder) => {
        writeFileSync(join(folder, 'file'), '');
        return join(folder, 'file');
      },
    ],
    [
      'ENOENT',
      (folder) => {
        symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
        return join(folder, 'link');
      },
    ],
    [
      'data.mdb is not a database of LMDB',
      (folder) => {
        writeFileSync(join(folder, 'data.mdb'), 'not a database at all'.repeat(1_000));
        return folder;
      },
    ],
    [
      'data.mdb is not a database of LMDB',
      (folder) => {
        writeFileSync(join(folder, 'data.mdb'), 'short');
        return folder;
      },
    ],
  ])('that cannot be used is named, with the reason: %s', (reason, prepare) => {
    const path = prepare(temporaryFolder());
    const open = () => new LmdbUserRepository(path);
    expect(open).toThrow(StoreError);
    expect(open).toThrow(`cannot open the user store in ${path}: `);
    expect(open).toThrow(reason);
    expect(open).toThrow('name another folder in [auth] store ("lmdb:PATH")');
  });

  it('that has been cut off is refused, and not a crash', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    await Promise.all(Array.from({ length: 500 }, (_, index) => repository.insert(userNamed(`user${index}`))));
    await repository.close();
    const data = join(folder, 'data.mdb');
    const { size } = statSync(data);
    for (const kept of [size - 4_096, Math.floor(size / 2), 8_192, 4_096, 100]) {
      truncateSync(data, kept);
      expect(() => new LmdbUserRepository(folder)).toThrow(/data\.mdb is (cut off|not a database)/);
    }
  });

  it('of another format is left alone', async () => {
    const folder = temporaryFolder();
    const root = lmdb.open({ path: folder, noSubdir: false, encoding: 'string' });
    await root.put('format', '2');
    await root.close();
    expect(() => new LmdbUserRepository(folder)).toThrow(
      'it has format 2, and this version of kapacitor-auth reads format 1',
    );
  });
});

describe('what is no path of a folder', () => {
  it.each([
    ['', 'the folder of a user store has no name: "./users"'],
    ['lmdb:./users', 'LmdbUserRepository takes the path of a folder: did you mean "./users"?'],
    [undefined, 'the folder of a user store is a text, not undefined'],
    [{ path: './users' }, 'the folder of a user store is a text, not an object'],
  ])('is refused: %j', (path, message) => {
    expect(() => new LmdbUserRepository(path as never)).toThrow(failure('CONFIG_INVALID', 500, message));
  });
});
