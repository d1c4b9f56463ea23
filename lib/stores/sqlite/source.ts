import { type BigIntStats, statSync } from 'node:fs';
import { Connection } from './connection.js';

/** The files that a connection has open. SQLite replaces none of them while they are open. */
const ENDINGS = ['', '-wal', '-shm'];

/** The file of a store, and the identities of its files on the disk when the store was opened. */
export interface StoreSource {
  readonly file: string;
  /** Device and inode of the file, its log and its shared memory; undefined for a missing one. */
  readonly identities: readonly (string | undefined)[];
}

/** @param file of a database that a connection has read from: its log and its shared memory exist then */
export function identify(file: string): StoreSource {
  return { file, identities: ENDINGS.map((ending) => identityOf(file + ending)) };
}

/**
 * Says which file is gone or has been replaced; undefined if none. SQLite goes on with the file that it has open, and a
 * change that is written to that one is lost.
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

/** @throws {Error} a file is gone or has been replaced */
export function expectUnchanged(source: StoreSource): void {
  const problem = problemOf(source);
  if (problem !== undefined) throw new Error(problem);
}

/**
 * Opens one more connection to the same files.
 *
 * @throws {Error} a file is gone or has been replaced
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
