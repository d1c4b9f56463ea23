import fs, { closeSync, openSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../lib/stores/sqlite/connection.js';
import { connect, identify, isOpenHere, replacedFile } from '../../../lib/stores/sqlite/file-identity.js';
import { openRepository, storeFile } from '../../support/sqlite-repository.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

describe('one more connection to a store', () => {
  it('is made to the same files, or not at all', () => {
    const file = storeFile();
    openRepository(file);
    const files = identify(file);
    connect(files).close();
    renameSync(file, `${file}.old`);
    expect(() => connect(files)).toThrow(`${file} is gone. Put the former file back, or restart this process`);
    writeFileSync(file, '');
    expect(() => connect(files)).toThrow(`${file} is another file now`);
  });

  it('is closed if the file is replaced at the same moment', () => {
    const file = storeFile();
    openRepository(file);
    const files = identify(file);
    const close = vi.spyOn(Connection.prototype, 'close');
    // The first thing that a connection does.
    vi.spyOn(Connection.prototype, 'execute').mockImplementationOnce(() =>
      renameSync(`${file}-wal`, `${file}-wal.old`),
    );
    expect(() => connect(files)).toThrow(`${file}-wal is gone`);
    expect(close).toHaveBeenCalledOnce();
  });
});

it('a file without read access to its folder counts as gone', () => {
  const file = storeFile();
  openRepository(file);
  const files = identify(file);
  const folder = join(file, '..');
  renameSync(folder, `${folder}.old`);
  symlinkSync(folder, folder);
  expect(replacedFile(files)).toContain(`${file} is gone`);
  unlinkSync(folder);
  renameSync(`${folder}.old`, folder);
  expect(replacedFile(files)).toBeUndefined();
});

const { platform } = process;
afterEach(() => {
  Object.defineProperty(process, 'platform', { value: platform });
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

function someFile(): string {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  return file;
}

it('a file is open from its opening until its closing', () => {
  const file = someFile();
  expect(isOpenHere(file)).toBe(false);
  const descriptor = openSync(file, 'r');
  expect(isOpenHere(file)).toBe(true);
  closeSync(descriptor);
  expect(isOpenHere(file)).toBe(false);
});

it('a file counts as open if the system does not tell', () => {
  vi.spyOn(fs, 'readdirSync').mockImplementation(() => {
    throw new Error("ENOENT: no such file or directory, scandir '/dev/fd'");
  });
  syncBuiltinESMExports();
  expect(isOpenHere(someFile())).toBe(true);
});

it('a file on Windows may be opened and closed at any time', () => {
  const file = someFile();
  const descriptor = openSync(file, 'r');
  Object.defineProperty(process, 'platform', { value: 'win32' });
  expect(isOpenHere(file)).toBe(false);
  closeSync(descriptor);
});
