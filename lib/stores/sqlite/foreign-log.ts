import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { isOpenHere } from './open-here.js';

/** The place in the header of a database where 2 says that it has a log: https://www.sqlite.org/fileformat.html, 1.3. */
const READ_VERSION = 19;
const HAS_LOG = 2;

/**
 * Refuses a backup beside a log. A backup has no log of its own, so the log belongs to the store whose place the backup
 * has taken, and SQLite would overwrite the backup with its pages.
 *
 * @throws {Error} there is such a log; the message says what to do
 */
export function expectNoForeignLog(file: string): void {
  const log = `${file}-wal`;
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  // The log of a store that is in use is its own.
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
