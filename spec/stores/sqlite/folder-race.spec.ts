import { fsyncSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openRepository } from '../../support/sqlite-repository.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return { ...fs, mkdirSync: vi.fn(fs.mkdirSync), openSync: vi.fn(fs.openSync), fsyncSync: vi.fn(fs.fsyncSync) };
});

it('a folder that another process makes at the same moment is used by both', async () => {
  const file = join(temporaryFolder(), 'deep', 'auth', 'users.db');
  const make = vi.mocked(mkdirSync).getMockImplementation() as typeof mkdirSync;
  const makeTwice: typeof mkdirSync = (path, options) => {
    make(path, options);
    return make(path, options);
  };
  vi.mocked(mkdirSync).mockImplementationOnce(makeTwice).mockImplementationOnce(makeTwice);
  const repository = openRepository(file);
  expect(await repository.insert(userNamed('someone'))).toBe(true);
  expect(readdirSync(dirname(file))).toContain('.gitignore');
});

it.each([
  ['folder', 'mkdir', mkdirSync],
  ['file', 'open', openSync],
])('a %s without room causes an error with advice', (_what, syscall, make) => {
  vi.mocked<(...args: any[]) => any>(make).mockImplementationOnce(() => {
    throw Object.assign(new Error(`ENOSPC: no space left on device, ${syscall}`), { code: 'ENOSPC', syscall });
  });
  const folder = temporaryFolder();
  const file = syscall === 'open' ? join(folder, 'users.db') : join(folder, 'auth', 'users.db');
  expect(() => openRepository(file)).toThrow(
    `cannot open the user store in ${file}: ENOSPC: no space left on device, ${syscall}. Make room there, and start again`,
  );
});

it('a folder is made on a system that cannot sync folders', async () => {
  vi.mocked(fsyncSync).mockImplementationOnce(() => {
    throw Object.assign(new Error('EINVAL: invalid argument, fsync'), { code: 'EINVAL', syscall: 'fsync' });
  });
  const repository = openRepository(join(temporaryFolder(), 'auth', 'users.db'));
  expect(await repository.insert(userNamed('someone'))).toBe(true);
});
