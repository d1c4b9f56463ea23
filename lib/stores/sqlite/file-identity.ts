import { type BigIntStats, closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { Connection } from './connection.js';

/** The files that a connection has open. SQLite replaces none of them while they are open. */
const ENDINGS = ['', '-wal', '-shm'];

/** The file of a store, and the identities of its files on the disk when the store was opened. */
export interface StoreFiles {
  readonly file: string;
  /** Device and inode of the file, its log and its shared memory; undefined for a missing one. */
  readonly identities: readonly (string | undefined)[];
}

/** @param file of a database that a connection has read from: its log and its shared memory exist then */
export function identify(file: string): StoreFiles {
  return { file, identities: ENDINGS.map((ending) => identityOf(file + ending)) };
}

/**
 * Says which file is gone or has been replaced; undefined if none. SQLite goes on with the file that it has open, and a
 * change that is written to that one is lost.
 */
export function replacedFile({ file, identities }: StoreFiles): string | undefined {
  for (const [index, ending] of ENDINGS.entries()) {
    const found = identityOf(file + ending);
    if (found === identities[index]) continue;
    const state = found === undefined ? 'gone' : 'another file now';
    return `${file}${ending} is ${state}. Put the former file back, or restart this process`;
  }
  return undefined;
}

/** @throws {Error} a file is gone or has been replaced */
export function expectUnchanged(files: StoreFiles): void {
  const problem = replacedFile(files);
  if (problem !== undefined) throw new Error(problem);
}

/**
 * Opens one more connection to the same files.
 *
 * @throws {Error} a file is gone or has been replaced
 */
export function connect(files: StoreFiles): Connection {
  expectUnchanged(files);
  const connection = new Connection(files.file);
  try {
    // Another file may have been put there since.
    expectUnchanged(files);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A file that this process may not look at counts as gone. */
function identityOf(path: string): string | undefined {
  let stats: BigIntStats | undefined;
  try {
    stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
  return stats && `${stats.dev} ${stats.ino}`;
}

/** The byte in the header of a database that says whether it has a log: https://www.sqlite.org/fileformat.html, 1.3. */
const READ_VERSION = 19;
const HAS_LOG = 2;

/**
 * Refuses a backup beside a log. A backup has no log of its own, so the log belongs to the store that the backup has
 * replaced, and SQLite would overwrite the backup with pages of that log.
 *
 * @throws {Error} there is such a log; the message says what to do
 */
export function expectNoForeignLog(file: string): void {
  const log = `${file}-wal`;
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  // A store that is in use has its own log.
  if (size === 0 || isOpenHere(file)) return;
  const version = byteAt(file, READ_VERSION);
  if (version === undefined || version === HAS_LOG) return;
  throw new Error(
    `${log} is the log of another store, which was here before. If ${file} is a backup that was put in its place, remove ` +
      `${log} and ${file}-shm`,
  );
}

/** Undefined beyond the end of the file. */
function byteAt(file: string, position: number): number | undefined {
  const descriptor = openSync(file, 'r');
  try {
    const byte = Buffer.alloc(1);
    return readSync(descriptor, byte, 0, 1, position) === 1 ? byte[0] : undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** The open descriptors of this process, in all its threads: on Linux a link to `/proc/self/fd`. */
const DESCRIPTORS = '/dev/fd';

/**
 * Whether any thread of this process has a file open. A process that closes a file gives up all its locks on it, also
 * those of SQLite: nothing but SQLite must open such a file. (https://www.sqlite.org/howtocorrupt.html, 2.2)
 *
 * @returns true also where the process cannot tell
 */
export function isOpenHere(file: string): boolean {
  // On Windows each descriptor has its own locks.
  if (process.platform === 'win32') return false;
  const { dev, ino } = statSync(file, { bigint: true });
  try {
    return readdirSync(DESCRIPTORS).some((descriptor) => {
      const stats = statsOf(Number(descriptor));
      return stats?.dev === dev && stats.ino === ino;
    });
  } catch {
    return true;
  }
}

/** Undefined for the descriptor that the list was read with, which is closed by now. */
function statsOf(descriptor: number): BigIntStats | undefined {
  try {
    return fstatSync(descriptor, { bigint: true });
  } catch {
    return undefined;
  }
}
