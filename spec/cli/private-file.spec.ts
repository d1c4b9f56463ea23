import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { writePrivateFile } from '../../lib/cli/private-file.js';
import { temporaryFolder } from '../support/temporary-folder.js';

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>();
  return { ...actual, link: vi.fn(actual.link), open: vi.fn(actual.open), default: actual };
});
const { link, open } = await import('node:fs/promises');

/** A program of the system's, and no package's. */
const MAKE_PIPE = 'mkfifo';
const NEW = { force: false };

function target() {
  const folder = temporaryFolder();
  return { folder, path: join(folder, 'file') };
}

describe('a private file', () => {
  it('appears when it is complete, and is readable only by its owner', async () => {
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

  it('does not appear after a failure', async () => {
    const { folder, path } = target();
    const write = async () => {
      throw new Error('the store has gone');
    };
    await expect(writePrivateFile(path, NEW, write)).rejects.toThrow('the store has gone');
    expect(readdirSync(folder)).toEqual([]);
    expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).toEqual([0, 0]);
  });

  it('does not replace a file that appears meanwhile', async () => {
    const { folder, path } = target();
    const write = async () => writeFileSync(path, 'theirs');
    await expect(writePrivateFile(path, NEW, write)).rejects.toThrow(`${path} exists already: --force replaces it`);
    expect(readFileSync(path, 'utf8')).toBe('theirs');
    await writePrivateFile(path, { force: true }, async (put) => put('ours'));
    expect(readFileSync(path, 'utf8')).toBe('ours');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it.each<[string, string, (path: string) => unknown]>([
    ['a link', 'a link', (path) => symlinkSync('elsewhere', path)],
    ['a named pipe', 'a device or a pipe', (path) => execFileSync(MAKE_PIPE, [path])],
  ])('does not replace %s, and the error comes before anything is written', async (_what, kind, make) => {
    const { folder, path } = target();
    make(path);
    const before = lstatSync(path).ino;
    const write = vi.fn();
    for (const force of [true, false]) {
      await expect(writePrivateFile(path, { force }, write)).rejects.toThrow(
        `cannot write ${path}: it is ${kind}, and only files are replaced. Name a file, or - for standard output`,
      );
    }
    expect(write).not.toHaveBeenCalled();
    expect(lstatSync(path).ino).toBe(before);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('is synced to disk, with its name', async () => {
    const { folder, path } = target();
    vi.mocked(open).mockClear();
    await writePrivateFile(path, NEW, async (write) => write('x'));
    const synced = vi.mocked(open).mock.calls.findIndex(([opened]) => opened === folder);
    expect(synced).toBeGreaterThan(0);
    const order = vi.mocked(open).mock.invocationCallOrder[synced] as number;
    expect(order).toBeGreaterThan(vi.mocked(link).mock.invocationCallOrder.at(-1) as number);
  });

  it('is made on a file system without links as well', async () => {
    const { folder, path } = target();
    vi.mocked(link).mockRejectedValueOnce(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
    await writePrivateFile(path, NEW, async (write) => write('x'));
    expect(readFileSync(path, 'utf8')).toBe('x');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('causes an error with a reason if it cannot be made', async () => {
    const write = async () => {};
    await expect(writePrivateFile('/nowhere/file', NEW, write)).rejects.toThrow(
      'cannot write /nowhere/file: there is no such folder',
    );
    const { path } = target();
    await fs.writeFile(path, '');
    await expect(writePrivateFile(join(path, 'file'), NEW, write)).rejects.toThrow(/^cannot write .*ENOTDIR/);
    await expect(writePrivateFile(temporaryFolder(), { force: true }, write)).rejects.toThrow(
      /^cannot write .*: it is a folder, and only files are replaced/,
    );
  });
});
