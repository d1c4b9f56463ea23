import { dirname } from 'node:path';
import { now } from '../../../clock.js';
import { StoreError } from '../../../errors.js';
import { warn } from '../../../warnings.js';
import { BUSY_FOR, TRY_EVERY } from './changes.js';
import { Connection } from './connection.js';
import { failureOf } from './engine.js';
import { expectNoForeignLog } from './foreign-log.js';
import { networkFileSystemOf } from './network-file-system.js';
import { markOpen } from './open-files.js';
import { prepareSchema } from './schema.js';
import { identify, type StoreSource } from './source.js';
import { prepareFile } from './store-file.js';

/** A store that is open. */
export interface OpenedStore {
  /** For reading. */
  readonly connection: Connection;
  /** For whoever opens another connection. */
  readonly source: StoreSource;
  close(): void;
}

/**
 * Opens a store, and makes it if it is not there.
 *
 * @param file an absolute path
 * @throws {StoreError} that says which file, why it cannot be opened, and what to do
 */
export function openStore(file: string): OpenedStore {
  let opened: Connection | undefined;
  try {
    prepareFile(file);
    expectNoForeignLog(file);
    const connection = new Connection(file);
    opened = connection;
    prepareWhenFree(connection);
    const source = identify(file);
    const forget = markOpen(source);
    warnOfNetwork(file);
    const close = () => {
      connection.close();
      forget();
    };
    return { connection, source, close };
  } catch (error) {
    opened?.close();
    if (error instanceof StoreError) throw error;
    throw new StoreError(`cannot open the user store in ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/** One machine alone may use it, and there is no telling how many do. */
function warnOfNetwork(file: string): void {
  const network = networkFileSystemOf(dirname(file));
  if (network === undefined) return;
  warn(
    'KAPACITOR_AUTH_CONFIG',
    `the user store in ${file} is on a network file system (${network}): use it from one machine alone, or keep the users ` +
      'in PostgreSQL',
  );
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
