import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { kindOf } from '../../described-value.js';
import { ConfigError } from '../../errors.js';
import { didYouMean } from '../../suggestion.js';

/** A file begins with two of these pages, of which the newer one is in force: LMDB 1.0's `mdb.c`, `MDB_meta`. */
const META = { magic: 24, version: 28, pageSize: 48, lastPage: 144, end: 152 };
const MAGIC = 0xbeefc0de;
const VERSION = 2;
/** LMDB maps this file and writes to it without asking for room: on a full disk that is a SIGBUS. */
const LOCK_SIZE = 16_384;

/**
 * The path of a folder, from the working folder on.
 *
 * @throws {ConfigError} it is none, or a store's URL
 */
export function folderPath(path: string): string {
  if (typeof path !== 'string') throw new ConfigError(`the folder of a user store is a text, not ${kindOf(path)}`);
  // An empty one would be the working folder.
  if (path === '') throw new ConfigError('the folder of a user store has no name: "./users"');
  if (path.startsWith('lmdb:')) {
    const meant = JSON.stringify(path.slice('lmdb:'.length));
    throw new ConfigError(`LmdbUserRepository takes the path of a folder${didYouMean(meant)}`);
  }
  return resolve(path);
}

/**
 * Makes a folder for LMDB to use, for its owner alone. The files are made here and not by LMDB, so that there is no
 * moment in which others may read them.
 *
 * @throws {Error} it cannot be made or written, or holds something that LMDB would crash on
 */
export function prepareFolder(path: string): void {
  if (!existsSync(path)) {
    makeFolder(path);
    keepFromGit(path);
  }
  makePrivate(join(path, 'data.mdb'), 0);
  makePrivate(join(path, 'lock.mdb'), LOCK_SIZE);
  checkData(join(path, 'data.mdb'));
}

/** So that no user's hash is committed by mistake. */
export function keepFromGit(path: string): void {
  writeFileSync(join(path, '.gitignore'), '*\n', { mode: 0o600 });
}

/**
 * Only where it is not there: a process that opens and closes the lock file loses the locks that LMDB has on it. And it
 * is filled before it has its name: another process that starts at the same moment uses it as soon as it is there.
 */
function makePrivate(file: string, size: number): void {
  if (!existsSync(file)) {
    const filled = `${file}.${randomUUID()}`;
    writeFileSync(filled, Buffer.alloc(size), { flag: 'wx', mode: 0o600 });
    try {
      linkSync(filled, file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Not every file system has links. There a folder is best made before several processes start.
      if (code !== 'EEXIST') writeFileSync(file, Buffer.alloc(size), { flag: 'wx', mode: 0o600 });
    } finally {
      unlinkSync(filled);
    }
  }
  chmodSync(file, 0o600);
}

/** One by one: Node's own way to make parents does not come to an end where a file system refuses them oddly. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process that starts at the same time may have made it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** LMDB maps the file into memory: one that is not its own, or lacks its end, would take the process down. */
function checkData(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size === 0) return;
    const first = readMeta(descriptor, 0);
    const second = first && readMeta(descriptor, first.pageSize);
    if (first === undefined || second === undefined) throw new Error('data.mdb is not a database of LMDB');
    const pages = Math.max(first.lastPage, second.lastPage) + 1;
    if (size < pages * first.pageSize) throw new Error('data.mdb is cut off: restore it from a backup');
  } finally {
    closeSync(descriptor);
  }
}

function readMeta(descriptor: number, position: number): { pageSize: number; lastPage: number } | undefined {
  const page = Buffer.alloc(META.end);
  if (readSync(descriptor, page, 0, META.end, position) < META.end) return undefined;
  if (page.readUInt32LE(META.magic) !== MAGIC || page.readUInt32LE(META.version) !== VERSION) return undefined;
  return { pageSize: page.readUInt32LE(META.pageSize), lastPage: Number(page.readBigUInt64LE(META.lastPage)) };
}
