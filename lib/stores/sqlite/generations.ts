import { now } from '../../clock.js';
import { UNCHANGED_FOR } from './change-queue.js';
import type { Connection, SqliteValue } from './connection.js';
import { DATA_VERSION, GENERATION } from './statements.js';

/** Numbers that differ after a change of users, and of secrets. A recorded use of a secret is no change. */
export interface Generation {
  readonly users: number;
  readonly secrets: number;
}

/** Equal to no generation, not even to itself: everything is read again each time. */
const NONE: Generation = { users: Number.NaN, secrets: Number.NaN };

/** Asks which generation the tables have, at most once in {@link UNCHANGED_FOR}. */
export class Generations {
  readonly #connection: Connection;
  #current: Generation = NONE;
  /** A number that differs after anything that another connection writes. This connection writes nothing. */
  #dataVersion: SqliteValue | undefined;
  #unchangedUntil = Number.NEGATIVE_INFINITY;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The generation now. Nothing that is read afterwards is older. */
  current(): Generation {
    // The time before the question: the answer may be used for a limited time from then on.
    const time = now();
    if (this.#unchangedUntil <= time) {
      this.#ask();
      this.#unchangedUntil = time + UNCHANGED_FOR;
    }
    return this.#current;
  }

  #ask(): void {
    const version = this.#connection.first(DATA_VERSION)?.['data_version'];
    if (version === this.#dataVersion) return;
    const row = this.#connection.first(GENERATION);
    this.#current = row === undefined ? NONE : (row as unknown as Generation);
    // Not before: the other question may fail.
    this.#dataVersion = version;
  }
}
