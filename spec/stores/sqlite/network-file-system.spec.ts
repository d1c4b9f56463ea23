import * as fs from 'node:fs';
import { join } from 'node:path';
import { SqliteUserRepository } from 'kapacitor-auth';
import { afterEach, expect, it, vi } from 'vitest';
import { networkFileSystemOf } from '../../../lib/stores/sqlite/open-store.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

vi.mock('node:fs', async (original) => {
  const actual = await original<typeof fs>();
  return { ...actual, statfsSync: vi.fn(actual.statfsSync) };
});

afterEach(() => vi.unstubAllGlobals());

/** Lets each folder be on a file system of this type. */
function mount(type: number): void {
  vi.mocked(fs.statfsSync).mockReturnValue({ type } as never);
}

it.each([
  ['NFS', 0x6969],
  ['CIFS', 0xff534d42],
  ['SMB', 0xfe534d42 | 0],
  ['9P', 0x01021997],
])('%s is a network file system, whatever sign its number has', (name, type) => {
  mount(type);
  expect(networkFileSystemOf('/srv')).toBe(name);
});

it.each([
  ['ext4', 0xef53],
  ['tmpfs', 0x01021994],
  ['overlay', 0x794c7630],
])('%s is not a network file system', (_, type) => {
  mount(type);
  expect(networkFileSystemOf('/srv')).toBeUndefined();
});

it('a network file system is detected only on Linux, and only in a folder with access', () => {
  mount(0x6969);
  vi.stubGlobal('process', { ...process, platform: 'darwin' });
  expect(networkFileSystemOf('/srv')).toBeUndefined();
  vi.unstubAllGlobals();
  vi.mocked(fs.statfsSync).mockImplementation(() => {
    throw new Error('EACCES');
  });
  expect(networkFileSystemOf('/srv')).toBeUndefined();
});

it('a network file system causes a warning when a store is opened', async () => {
  const file = join(temporaryFolder(), 'users.db');
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
  mount(0x6969);
  await new SqliteUserRepository(file).close();
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    `the user store in ${file} is on a network file system (NFS): use it from one machine alone, or keep the users in PostgreSQL`,
    { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_CONFIG' },
  );
});
