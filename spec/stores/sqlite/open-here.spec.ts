import fs, { closeSync, openSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { isOpenHere } from '../../../lib/stores/sqlite/file-identity.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

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

it('a file counts as open where the system does not tell', () => {
  vi.spyOn(fs, 'readdirSync').mockImplementation(() => {
    throw new Error("ENOENT: no such file or directory, scandir '/dev/fd'");
  });
  syncBuiltinESMExports();
  expect(isOpenHere(someFile())).toBe(true);
});

it('a file on Windows may be opened and closed whatever else has it open', () => {
  const file = someFile();
  const descriptor = openSync(file, 'r');
  Object.defineProperty(process, 'platform', { value: 'win32' });
  expect(isOpenHere(file)).toBe(false);
  closeSync(descriptor);
});
