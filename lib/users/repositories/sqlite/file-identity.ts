import { type BigIntStats, statSync } from 'node:fs';

/** The files that a connection has open. SQLite makes none of them anew while it has. */
const ENDINGS = ['', '-wal', '-shm'];

/** For each of the files its device and inode, or nothing if it is not there. */
export type KnownFiles = readonly (string | undefined)[];

/** @param file of a database that a connection has read from: its companions are there then */
export function identifyFiles(file: string): KnownFiles {
  return ENDINGS.map((ending) => identify(file + ending));
}

/**
 * What is wrong with the files; undefined if each is the one that is known. A name may come to stand for another file, or
 * for none. SQLite goes on with the one that it has open, and what is written to that one is lost.
 */
export function problemOfFiles(file: string, known: KnownFiles): string | undefined {
  for (const [index, ending] of ENDINGS.entries()) {
    const found = identify(file + ending);
    if (found === known[index]) continue;
    const what = found === undefined ? 'gone' : 'another file now';
    return `${file}${ending} is ${what}. Put the former file back, or restart this process`;
  }
  return undefined;
}

/** A file that may not be looked at is as good as gone. */
function identify(path: string): string | undefined {
  let stats: BigIntStats | undefined;
  try {
    stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
  return stats && `${stats.dev} ${stats.ino}`;
}
