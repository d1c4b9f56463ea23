import { type BigIntStats, statSync } from 'node:fs';
import { Connection } from './connection.js';

/** The files that a connection has open. SQLite makes none of them anew while it has. */
const ENDINGS = ['', '-wal', '-shm'];

/** A store's file, and which files on the disk that was when the store was opened. */
export interface StoreSource {
  readonly file: string;
  /** For each of the file and its companions its device and inode; undefined if it is not there. */
  readonly identities: readonly (string | undefined)[];
}

/** @param file of a database that a connection has read from: its companions are there then */
export function identify(file: string): StoreSource {
  return { file, identities: ENDINGS.map((ending) => identityOf(file + ending)) };
}

/**
 * What is wrong with the files; undefined if each is the one that it was. A name may come to stand for another file, or for
 * none. SQLite goes on with the one that it has open, and what is written to that one is lost.
 */
export function problemOf({ file, identities }: StoreSource): string | undefined {
  for (const [index, ending] of ENDINGS.entries()) {
    const found = identityOf(file + ending);
    if (found === identities[index]) continue;
    const what = found === undefined ? 'gone' : 'another file now';
    return `${file}${ending} is ${what}. Put the former file back, or restart this process`;
  }
  return undefined;
}

/** @throws {Error} the files are not those that they were */
export function expectUnchanged(source: StoreSource): void {
  const problem = problemOf(source);
  if (problem !== undefined) throw new Error(problem);
}

/**
 * Opens one more connection to the same files.
 *
 * @throws {Error} the files are not those that they were
 */
export function connect(source: StoreSource): Connection {
  expectUnchanged(source);
  const connection = new Connection(source.file);
  try {
    // Another file may have been put there since.
    expectUnchanged(source);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A file that may not be looked at is as good as gone. */
function identityOf(path: string): string | undefined {
  let stats: BigIntStats | undefined;
  try {
    stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
  return stats && `${stats.dev} ${stats.ino}`;
}
