import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { link } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { writeBackup } from '../../../lib/stores/sqlite/backup.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  return { ...fs, link: vi.fn(fs.link) };
});

describe('a backup on a file system without links', () => {
  const withoutLinks = async () => {
    throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' });
  };

  it('is made', async () => {
    vi.mocked(link).mockImplementationOnce(withoutLinks);
    const folder = temporaryFolder();
    await writeBackup(join(folder, 'backup'), async (to) => writeFileSync(to, 'copied'));
    expect(readdirSync(folder)).toEqual(['backup']);
    expect(readFileSync(join(folder, 'backup'), 'utf8')).toBe('copied');
  });

  it('does not replace a file that appears meanwhile', async () => {
    vi.mocked(link).mockImplementationOnce(withoutLinks);
    const folder = temporaryFolder();
    const file = join(folder, 'backup');
    const copyAndBeLate = async (to: string) => {
      writeFileSync(to, 'copied');
      writeFileSync(file, 'mine');
    };
    await expect(writeBackup(file, copyAndBeLate)).rejects.toThrow('something is there already');
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});
