import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { writePrivateFile } from '../../lib/cli/private-file.js';
import { temporaryFolder } from '../support/temporary-folder.js';

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>();
  return { ...actual, link: vi.fn(actual.link), default: actual };
});
const { link } = await import('node:fs/promises');

const NEW = { force: false };

function target() {
  const folder = temporaryFolder();
  return { folder, path: join(folder, 'file') };
}

describe('a private file', () => {
  it('is there when all of it is written, and only its owner may read it', async () => {
    const { folder, path } = target();
    const result = await writePrivateFile(path, NEW, async (write) => {
      await write('one ');
      expect(existsSync(path)).toBe(false);
      const [partial = ''] = readdirSync(folder);
      expect(statSync(join(folder, partial)).mode & 0o777).toBe(0o600);
      await write('two');
      return 2;
    });
    expect(result).toBe(2);
    expect(readFileSync(path, 'utf8')).toBe('one two');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('is not there at all after a failure', async () => {
    const { folder, path } = target();
    const write = async () => {
      throw new Error('the store has gone');
    };
    await expect(writePrivateFile(path, NEW, write)).rejects.toThrow('the store has gone');
    expect(readdirSync(folder)).toEqual([]);
    expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).toEqual([0, 0]);
  });

  it('does not replace what somebody puts there meanwhile', async () => {
    const { folder, path } = target();
    const write = async () => writeFileSync(path, 'theirs');
    await expect(writePrivateFile(path, NEW, write)).rejects.toThrow(`${path} is there already: --force replaces it`);
    expect(readFileSync(path, 'utf8')).toBe('theirs');
    await writePrivateFile(path, { force: true }, async (put) => put('ours'));
    expect(readFileSync(path, 'utf8')).toBe('ours');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('is made on a file system without links as well', async () => {
    const { folder, path } = target();
    vi.mocked(link).mockRejectedValueOnce(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
    await writePrivateFile(path, NEW, async (write) => write('x'));
    expect(readFileSync(path, 'utf8')).toBe('x');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('says where it cannot be made', async () => {
    const write = async () => {};
    await expect(writePrivateFile('/nowhere/file', NEW, write)).rejects.toThrow(
      'cannot write /nowhere/file: there is no such folder',
    );
    const { path } = target();
    await fs.writeFile(path, '');
    await expect(writePrivateFile(join(path, 'file'), NEW, write)).rejects.toThrow(/^cannot write .*ENOTDIR/);
    await expect(writePrivateFile(temporaryFolder(), { force: true }, write)).rejects.toThrow(/^cannot write .*EISDIR/);
  });
});
