import { openDatabase, type SqliteDatabase, type SqliteRow, type SqliteStatement, type SqliteValue } from './engine.js';
import type { Statement } from './statements.js';

/** A connection to a database. Calls are synchronous. A locked database is an error (`busy`), and not waited for. */
export class Connection {
  readonly #database: SqliteDatabase;
  readonly #prepared = new Map<string, SqliteStatement>();
  #isOpen = true;

  /** @param file that exists */
  constructor(file: string) {
    this.#database = openDatabase(file);
    try {
      // Waiting for a lock inside SQLite would block the event loop. The build of better-sqlite3 defaults to NORMAL, with
      // which a commit does not wait for the disk.
      this.execute('PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY');
      // The file may come from anywhere: https://www.sqlite.org/security.html
      this.execute('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON');
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Runs statements without values. Their rows are dropped. */
  execute(sql: string): void {
    this.#database.exec(sql);
  }

  first({ text, values }: Statement): SqliteRow | undefined {
    const statement = this.#prepare(text);
    return values.length === 0 ? statement.get() : statement.get(numbered(values));
  }

  all({ text, values }: Statement): readonly SqliteRow[] {
    return this.#prepare(text).all(numbered(values));
  }

  /** Runs a statement, and drops its rows. */
  run({ text, values }: Statement): void {
    this.#prepare(text).run(numbered(values));
  }

  /** The first column of the first row; undefined if there is no row. */
  value(text: string): SqliteValue | undefined {
    const row = this.first({ text, values: [] });
    return row && Object.values(row)[0];
  }

  /** Takes the write lock first (`BEGIN IMMEDIATE`). Being synchronous, it lets nothing else into the transaction. */
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

  /** May be called again, where node:sqlite itself would throw. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#prepared.clear();
    this.#database.close();
  }

  /** After some failures, such as a full disk, SQLite has rolled back by itself. */
  #rollBack(): void {
    try {
      this.execute('ROLLBACK');
    } catch {
      // There is nothing left to roll back.
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
