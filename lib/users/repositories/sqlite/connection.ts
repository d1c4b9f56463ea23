import { openDatabase, type SqliteDatabase, type SqliteRow, type SqliteStatement, type SqliteValue } from './engine.js';
import type { Statement } from './statements.js';

/** A connection to a database. Each call is done when it returns, and none waits for a lock: see {@link failureOf}. */
export class Connection {
  readonly #database: SqliteDatabase;
  readonly #prepared = new Map<string, SqliteStatement>();
  #isOpen = true;

  /** @param file which is there */
  constructor(file: string) {
    this.#database = openDatabase(file);
    try {
      // To wait in SQLite would hold up the event loop. A commit waits for the disk: better-sqlite3 is built otherwise.
      this.execute('PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY');
      // The file may come from anywhere: https://www.sqlite.org/security.html
      this.execute('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON');
    } catch (error) {
      // Another connection may have the file locked for a moment.
      this.close();
      throw error;
    }
  }

  /** Runs statements that give no rows and take no values. */
  execute(sql: string): void {
    this.#database.exec(sql);
  }

  first({ text, values }: Statement): SqliteRow | undefined {
    return this.#prepare(text).get(numbered(values));
  }

  all({ text, values }: Statement): readonly SqliteRow[] {
    return this.#prepare(text).all(numbered(values));
  }

  /** Runs a statement that gives no rows. */
  run({ text, values }: Statement): void {
    this.#prepare(text).run(numbered(values));
  }

  /** The first column of the first row. */
  value(text: string): SqliteValue | undefined {
    const row = this.first({ text, values: [] });
    return row && Object.values(row)[0];
  }

  /** One writer at a time, from the beginning. It is over before anything else in this thread has its turn. */
  inTransaction<T>(run: () => T): T {
    this.execute('BEGIN IMMEDIATE');
    try {
      const result = run();
      this.execute('COMMIT');
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** May be called twice: node:sqlite alone would throw. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#prepared.clear();
    this.#database.close();
  }

  /** After some failures, such as a full disk, SQLite has done so by itself. */
  #rollBack(): void {
    try {
      this.execute('ROLLBACK');
    } catch {
      // There is nothing to roll back any more.
    }
  }

  #prepare(text: string): SqliteStatement {
    let statement = this.#prepared.get(text);
    if (statement === undefined) {
      statement = this.#database.prepare(text);
      this.#prepared.set(text, statement);
    }
    return statement;
  }
}

function numbered(values: readonly SqliteValue[]): Record<string, SqliteValue> {
  const byNumber: Record<string, SqliteValue> = {};
  for (const [index, value] of values.entries()) byNumber[index + 1] = value;
  return byNumber;
}
