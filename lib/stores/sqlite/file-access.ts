import type { MaybePromise } from '../../promises.js';
import type { Change, MadeChange } from './change.js';
import type { Connection } from './connection.js';

/** Access to the file of a store, for one part of what is in it. */
export interface FileAccess {
  /** Asks a question at once. While another process has the file locked, a promise of the answer is returned. */
  readonly read: <T>(ask: (connection: Connection) => T) => MaybePromise<T>;
  /** Makes a change. It is on disk when the promise resolves. */
  readonly change: (change: Change) => Promise<MadeChange>;
}

/** Asks a question after other requests have had their turn. */
export type AskInTurn = <T>(ask: (connection: Connection) => T) => Promise<T>;
