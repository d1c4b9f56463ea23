import { describeType } from '../../safe-text.js';
import { type Connection, type SqliteRow, type Statement, sqliteFailure } from './connection.js';

/** A change of users and secrets. All of it is made or nothing. */
export interface Change {
  /** Made before `write`, also if that writes nothing. */
  readonly before?: Statement | undefined;
  /** Returns a row for each user or secret that it has written. */
  readonly write: Statement;
  /** Made after `write` if that has written something. After its own values it gets one more: the rows of `write`, as a JSON array. */
  readonly after?: Statement | undefined;
  /** Says why, if `write` has written nothing. */
  readonly otherwise?: Statement;
}

/** The outcome of a change that broke no rule of a table. */
export interface MadeChange {
  /** The rows of `write`. */
  readonly written: readonly SqliteRow[];
  /** The first row of `otherwise`. */
  readonly otherwise: SqliteRow | undefined;
}

/** The outcome of a change: made, or refused because it broke a rule of a table. `refused` is the reason. */
export type ChangeOutcome = MadeChange | { readonly refused: string };

/**
 * Makes a change within a transaction. A change that breaks a rule of a table is refused. The changes beside it are made.
 *
 * @throws {Error} the engine's own error, after which the transaction must be rolled back
 */
export function makeChange(connection: Connection, change: Change): ChangeOutcome {
  const isOneStatement = change.before === undefined && change.after === undefined;
  try {
    return isOneStatement ? make(connection, change) : connection.inSavepoint(() => make(connection, change));
  } catch (error) {
    if (sqliteFailure(error) !== 'constraint') throw error;
    return { refused: (error as Error).message };
  }
}

function make(connection: Connection, { before, write, after, otherwise }: Change): MadeChange {
  if (before) connection.run(before);
  const written = connection.all(write);
  if (written.length === 0) return { written, otherwise: otherwise && connection.first(otherwise) };
  if (after) connection.run({ ...after, values: [...after.values, JSON.stringify(written)] });
  return { written, otherwise: undefined };
}

/**
 * Checks a change before it shares a transaction with others: a value that SQLite does not take would fail all of them.
 *
 * @throws {TypeError} a value has a type that no column has
 */
export function expectValues({ before, write, after, otherwise }: Change): void {
  for (const value of [before, write, after, otherwise].flatMap((statement) => statement?.values ?? [])) {
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new TypeError(`a field of a user or a secret is ${describeType(value)}, which cannot be stored`);
    }
  }
}
