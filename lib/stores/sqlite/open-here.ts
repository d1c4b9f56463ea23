import { type BigIntStats, fstatSync, readdirSync, statSync } from 'node:fs';

/** The descriptors that this process has open, in whichever thread: on Linux a link to `/proc/self/fd`. */
const DESCRIPTORS = '/dev/fd';

/**
 * Whether this process has a file open, in any of its threads. A process that closes a file gives up all its locks on it,
 * also those that SQLite has: nothing but SQLite must open such a file. (https://www.sqlite.org/howtocorrupt.html, 2.2)
 *
 * @returns also true where that cannot be known
 */
export function isOpenHere(file: string): boolean {
  // Each descriptor has its own locks there.
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

/** Undefined for the one that the list was read with, which is closed by now. */
function statsOf(descriptor: number): BigIntStats | undefined {
  try {
    return fstatSync(descriptor, { bigint: true });
  } catch {
    return undefined;
  }
}
