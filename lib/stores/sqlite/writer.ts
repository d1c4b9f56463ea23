import { type Change, type ChangeOutcome, makeChange } from './change.js';
import type { Connection } from './connection.js';
import { sqliteFailure } from './connection.js';
import { connect, expectUnchanged, type StoreFiles } from './file-identity.js';

/**
 * - `write`: makes changes, one after another, in one transaction.
 * - `copy`: copies the store as it is at one moment into an empty file. The copy has no deleted rows.
 * - `checkpoint`: writes the log into the file itself, except for pages whose former content a reader still needs.
 * - `probe`: finds out whether changes can be made.
 */
export type WriterCall =
  | { readonly method: 'write'; readonly changes: readonly Change[] }
  | { readonly method: 'copy'; readonly to: string }
  | { readonly method: 'checkpoint' }
  | { readonly method: 'probe' };

/**
 * - `done`: the changes are on disk. `outcomes` has one element for each.
 * - `busy`: another connection holds the lock, and nothing was done.
 * - `failed`: nothing was done, or the file is gone and the changes with it.
 */
export type WriterReply =
  | { readonly kind: 'done'; readonly outcomes: readonly ChangeOutcome[] }
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly reason: string };

/** Like a change, this needs the lock, the log and the disk. */
const PROBE = 'CREATE TABLE probe (value ANY) STRICT; DROP TABLE probe';

/** Makes the changes of a store. Each call waits for the disk, so a writer is best in a thread of its own. */
export class Writer {
  readonly #files: StoreFiles;
  #connection: Connection | undefined;

  constructor(files: StoreFiles) {
    this.#files = files;
  }

  answer(call: WriterCall): WriterReply {
    try {
      expectUnchanged(this.#files);
      this.#connection ??= connect(this.#files);
      const outcomes = answer(this.#connection, call);
      expectUnchanged(this.#files);
      return { kind: 'done', outcomes };
    } catch (error) {
      if (sqliteFailure(error) === 'busy') return { kind: 'busy' };
      return { kind: 'failed', reason: (error as Error).message };
    }
  }

  close(): void {
    this.#connection?.close();
  }
}

function answer(connection: Connection, call: WriterCall): ChangeOutcome[] {
  switch (call.method) {
    case 'write':
      return connection.inTransaction(() => call.changes.map((change) => makeChange(connection, change)));
    case 'copy':
      connection.run({ text: 'VACUUM INTO $1', values: [call.to] });
      return [];
    case 'checkpoint':
      connection.value('PRAGMA wal_checkpoint(PASSIVE)');
      return [];
    case 'probe':
      connection.inTransaction(() => connection.execute(PROBE));
      return [];
  }
}
