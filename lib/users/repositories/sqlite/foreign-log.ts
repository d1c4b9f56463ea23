import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { isOpenHere } from './open-here.js';

/** In the header of a database: 2 says that it has a log. https://www.sqlite.org/fileformat.html#file_format_version_numbers */
const READ_VERSION = 19;
const HAS_LOG = 2;

/**
 * A backup has no log. The log beside one that was put in the place of a store is that store's: SQLite would write what is
 * in it all over the backup.
 *
 * @throws {Error} that is so
 */
export function expectNoForeignLog(file: string): void {
  const log = `${file}-wal`;
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  // The log of a store that is in use is its own.
  if (size === 0 || isOpenHere(file)) return;
  const version = byteAt(file, READ_VERSION);
  if (version === undefined || version === HAS_LOG) return;
  throw new Error(
    `${log} is the log of the store that was there before. If this is a backup that was put in its place, remove ${log} and ` +
      `${file}-shm`,
  );
}

/** Undefined beyond the end. */
function byteAt(file: string, position: number): number | undefined {
  const descriptor = openSync(file, 'r');
  try {
    const byte = Buffer.alloc(1);
    return readSync(descriptor, byte, 0, 1, position) === 1 ? byte[0] : undefined;
  } finally {
    closeSync(descriptor);
  }
}
