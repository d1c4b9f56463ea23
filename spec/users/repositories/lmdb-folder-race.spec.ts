import { linkSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { prepareFolder } from '../../../lib/users/repositories/lmdb-folder.js';
import { openRepository } from '../../support/lmdb-repository.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return { ...fs, linkSync: vi.fn(fs.linkSync) };
});

describe('a folder that another process makes at the same moment', () => {
  it('keeps the lock file that the other one uses already', () => {
    const folder = temporaryFolder();
    const lock = join(folder, 'lock.mdb');
    const link = vi.mocked(linkSync).getMockImplementation() as typeof linkSync;
    vi.mocked(linkSync).mockImplementation((from, to) => {
      if (to === lock) writeFileSync(lock, 'in use', { mode: 0o600 });
      link(from, to);
    });
    prepareFolder(folder);
    expect(statSync(lock).size).toBe('in use'.length);
    expect(readdirSync(folder).sort()).toEqual(['data.mdb', 'lock.mdb']);
  });
});

it('a folder is made on a file system without links as well', async () => {
  const folder = join(temporaryFolder(), 'users');
  vi.mocked(linkSync).mockImplementation(() => {
    throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' });
  });
  const repository = openRepository(folder);
  expect(await repository.insert(userNamed('jane'))).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['.gitignore', 'data.mdb', 'lock.mdb']);
});
