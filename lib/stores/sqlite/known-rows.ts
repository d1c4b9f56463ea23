import type { Connection, SqliteRow, Statement } from './connection.js';
import type { Generation, Generations } from './generations.js';

/** The most rows of a table to keep in memory. */
const MAX_ROWS = 10_000;

interface KnownRow<T> {
  readonly row: SqliteRow;
  readonly value: T;
  /** The generation of the table when the row was read. */
  generation: number;
}

/** How the rows of a table are found. */
interface Table<T> {
  readonly name: keyof Generation;
  /** Finds a row by its key. */
  readonly find: (key: string) => Statement;
  readonly valueOf: (row: SqliteRow) => T;
}

/** Rows that requests have asked for, in memory. A row is read again after any change of its table. */
export class KnownRows<T> {
  readonly #connection: Connection;
  readonly #generations: Generations;
  readonly #table: Table<T>;
  readonly #rows = new Map<string, KnownRow<T>>();

  constructor(connection: Connection, generations: Generations, table: Table<T>) {
    this.#connection = connection;
    this.#generations = generations;
    this.#table = table;
  }

  /** Returns the same object for as long as the row is the same. */
  find(key: string): T | undefined {
    const generation = this.#generations.current()[this.#table.name];
    const known = this.#rows.get(key);
    return known !== undefined && known.generation === generation ? known.value : this.#read(key, known, generation);
  }

  clear(): void {
    this.#rows.clear();
  }

  #read(key: string, known: KnownRow<T> | undefined, generation: number): T | undefined {
    // SQLite would replace a lone surrogate, and find another key.
    const row = key.isWellFormed() ? this.#connection.first(this.#table.find(key)) : undefined;
    if (row === undefined) {
      this.#rows.delete(key);
      return undefined;
    }
    if (known !== undefined && isSameRow(known.row, row)) {
      known.generation = generation;
      return known.value;
    }
    if (this.#rows.size >= MAX_ROWS) this.#rows.clear();
    const value = this.#table.valueOf(row);
    this.#rows.set(key, { row, value, generation });
    return value;
  }
}

function isSameRow(a: SqliteRow, b: SqliteRow): boolean {
  return Object.keys(a).every((column) => a[column] === b[column]);
}
