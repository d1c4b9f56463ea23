import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { now } from '../../clock.js';
import { StoreError } from '../../errors.js';
import { warn } from '../../warnings.js';
import { BUSY_FOR, TRY_EVERY } from './change-queue.js';
import { Connection, requireEngine, sqliteFailure } from './connection.js';
import { expectNoForeignLog, identify, type StoreFiles } from './file-identity.js';
import { prepareSchema } from './schema.js';
import { makePrivate, prepareFile } from './store-file.js';

/** An open store. */
export interface OpenedStore {
  /** For reading. */
  readonly connection: Connection;
  /** For opening further connections. */
  readonly files: StoreFiles;
}

/**
 * Opens a store, and makes it if it is missing.
 *
 * @param file an absolute path
 * @throws {StoreError} the store cannot be opened; the message names the file, the reason and what to do
 */
export function openStore(file: string): OpenedStore {
  // Before a file is made.
  requireEngine();
  try {
    prepareFile(file);
    expectNoForeignLog(file);
    const connection = connectWhenFree(file);
    const files = identify(file);
    warnOfNetwork(file);
    return { connection, files };
  } catch (error) {
    throw new StoreError(`cannot open the user store in ${file}: ${reasonAndAdvice(error)}`, { cause: error });
  }
}

/** Blocks the thread while it waits, as everything does that opens the store. */
function connectWhenFree(file: string): Connection {
  const deadline = now() + BUSY_FOR;
  for (;;) {
    try {
      return connectPrepared(file);
    } catch (error) {
      if (sqliteFailure(error) !== 'busy' || deadline < now()) throw error;
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
 * Checks the length of the file: SQLite notices missing pages, but not an incomplete last page. The length is checked only
 * while the log is empty, because pages in the log need not be in the file yet.
 *
 * @throws {Error} the file has been cut off
 */
function expectWhole(file: string, connection: Connection): void {
  const size = Number(connection.value('PRAGMA page_count')) * Number(connection.value('PRAGMA page_size'));
  if (statSync(`${file}-wal`).size > 0 || statSync(file).size >= size) return;
  throw new Error(`it has been cut off. ${RESTORE}`);
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

/** Names by the magic number of Linux: statfs(2) and `linux/magic.h`. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x73757245, 'Coda'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
]);

/** The network file system that a folder is on; undefined for a local or an unknown one. */
export function networkFileSystemOf(folder: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    // The number has 32 bits, and is signed on some architectures.
    return NETWORK_FILE_SYSTEMS.get(statfsSync(folder).type >>> 0);
  } catch {
    return undefined;
  }
}

const NAME_ANOTHER = 'name another file in [auth] store ("sqlite:FILE")';
const RESTORE = `Restore a backup, or ${NAME_ANOTHER}`;
const MAKE_ROOM = 'Make room there, and start again';

function reasonAndAdvice(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  // An error of this package has no code, and its message says what to do.
  if (code === undefined) return message;
  if (code === 'ENOSPC') return `${message}. ${MAKE_ROOM}`;
  switch (sqliteFailure(error)) {
    case 'busy':
      return `another process has it locked (${message}). Start again when that process is done`;
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
