import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { now } from '../../clock.js';
import { StoreError } from '../../errors.js';
import { warn } from '../../warnings.js';
import { BUSY_FOR, TRY_EVERY } from './changes.js';
import { Connection } from './connection.js';
import { failureOf, requireEngine } from './engine.js';
import { expectNoForeignLog } from './foreign-log.js';
import { networkFileSystemOf } from './network-file-system.js';
import { prepareSchema } from './schema.js';
import { identify, type StoreSource } from './source.js';
import { makePrivate, prepareFile } from './store-file.js';

/** An open store. */
export interface OpenedStore {
  /** For reading. */
  readonly connection: Connection;
  /** For opening further connections. */
  readonly source: StoreSource;
}

/**
 * Opens a store, and makes it if it is missing.
 *
 * @param file an absolute path
 * @throws {StoreError} the store cannot be opened; the message names the file, the reason and what to do
 */
export function openStore(file: string): OpenedStore {
  // Without one no file is made.
  requireEngine();
  try {
    prepareFile(file);
    expectNoForeignLog(file);
    const connection = connectWhenFree(file);
    const source = identify(file);
    warnOfNetwork(file);
    return { connection, source };
  } catch (error) {
    throw new StoreError(`cannot open the user store in ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Only one machine may use the file, and this process cannot tell how many do. */
function warnOfNetwork(file: string): void {
  const network = networkFileSystemOf(dirname(file));
  if (network === undefined) return;
  warn(
    'KAPACITOR_AUTH_CONFIG',
    `the user store in ${file} is on a network file system (${network}): use it from one machine alone, or keep the users ` +
      'in PostgreSQL',
  );
}

/** Blocks the thread while it waits, as everything at the opening does. */
function connectWhenFree(file: string): Connection {
  const deadline = now() + BUSY_FOR;
  for (;;) {
    try {
      return connectPrepared(file);
    } catch (error) {
      if (failureOf(error) !== 'busy' || deadline < now()) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TRY_EVERY);
  }
}

function connectPrepared(file: string): Connection {
  const connection = new Connection(file);
  try {
    prepareSchema(connection);
    expectWhole(file, connection);
    makePrivate(file);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Checks the length of the file: SQLite notices missing pages, but not that the last page is incomplete. The length is
 * checked only while the log is empty, because pages in the log need not be in the file yet.
 *
 * @throws {Error} the file has been cut off
 */
function expectWhole(file: string, connection: Connection): void {
  const size = Number(connection.value('PRAGMA page_count')) * Number(connection.value('PRAGMA page_size'));
  if (statSync(`${file}-wal`).size > 0 || statSync(file).size >= size) return;
  throw new Error(`it has been cut off. ${RESTORE}`);
}

const NAME_ANOTHER = 'name another file in [auth] store ("sqlite:FILE")';
const RESTORE = `Restore a backup, or ${NAME_ANOTHER}`;
const MAKE_ROOM = 'Make room there, and start again';

function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  // An error of this package has no code, and its message says what to do.
  if (code === undefined) return message;
  if (code === 'ENOSPC') return `${message}. ${MAKE_ROOM}`;
  switch (failureOf(error)) {
    case 'busy':
      return `another process has it locked (${message}). Start again when that one is done`;
    case 'damaged':
      return `it is damaged (${message}). ${RESTORE}`;
    case 'disk':
      return `the file system has no room, or fails (${message}). ${MAKE_ROOM}`;
    case 'foreign':
      return `it is not an SQLite database (${message}). ${RESTORE}`;
    default:
      return `${message}. Give the process the right to write there, or ${NAME_ANOTHER}`;
  }
}
