import { now } from '../../../clock.js';
import { StoreError } from '../../../errors.js';
import { Connection } from './connection.js';
import { failureOf } from './engine.js';
import { identifyFiles, type KnownFiles } from './file-identity.js';
import { prepareSchema } from './schema.js';
import { prepareFile } from './store-file.js';

/** Milliseconds for which the opening waits while other processes make the store. */
const BUSY_FOR = 4_000;
const TRY_EVERY = 10;

/** A store that is open for reading. */
export interface OpenedStore {
  readonly connection: Connection;
  readonly files: KnownFiles;
}

/**
 * Opens a store, and makes it if it is not there.
 *
 * @param file an absolute path
 * @throws {StoreError} that says which file, why it cannot be opened, and what to do
 */
export function openStore(file: string): OpenedStore {
  let connection: Connection | undefined;
  try {
    prepareFile(file);
    connection = new Connection(file);
    prepareWhenFree(connection);
    return { connection, files: identifyFiles(file) };
  } catch (error) {
    connection?.close();
    if (error instanceof StoreError) throw error;
    throw new StoreError(`cannot open the user store in ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Nothing else goes on in this process yet. */
function prepareWhenFree(connection: Connection): void {
  const deadline = now() + BUSY_FOR;
  for (;;) {
    try {
      prepareSchema(connection);
      return;
    } catch (error) {
      if (failureOf(error) !== 'busy' || deadline < now()) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TRY_EVERY);
  }
}

const NAME_ANOTHER = 'name another file in [auth] store ("sqlite:FILE")';

function reasonOf(error: unknown): string {
  const { message, syscall } = error as NodeJS.ErrnoException;
  switch (failureOf(error)) {
    case 'busy':
      return `another process has it locked (${message}). Start again when that one is done`;
    case 'damaged':
      return `it is damaged (${message}). Restore a backup, or ${NAME_ANOTHER}`;
    case 'foreign':
      return `it is not a database of SQLite. Restore a backup, or ${NAME_ANOTHER}`;
    default:
      // The others say themselves what to do.
      return `${message}${syscall === undefined ? '' : `. Give the process the right to write there, or ${NAME_ANOTHER}`}`;
  }
}
