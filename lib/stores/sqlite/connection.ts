import { StoreError } from '../../errors.js';
import { loadPackage } from '../../optional-package.js';
import { runtimeName } from '../../runtime.js';

export type SqliteValue = string | number | null;
export type SqliteRow = Readonly<Record<string, SqliteValue>>;

/** An SQL statement, and the values of `$1`, `$2` and so on. */
export interface Statement {
  readonly text: string;
  readonly values: readonly SqliteValue[];
}

/** A prepared statement of either engine. The property `1` is the value of `$1`. */
interface PreparedStatement {
  get(values?: Readonly<Record<string, SqliteValue>>): SqliteRow | undefined;
  all(values: Readonly<Record<string, SqliteValue>>): readonly SqliteRow[];
  /** For a statement without rows. */
  run(values: Readonly<Record<string, SqliteValue>>): unknown;
}

/** A database of either engine. Calls are synchronous. */
export interface SqliteDatabase {
  prepare(sql: string): PreparedStatement;
  exec(sql: string): unknown;
  close(): unknown;
}

type DatabaseClass = new (file: string) => SqliteDatabase;

/**
 * Opens a file with `node:sqlite`, which Node.js has from 22.13 on and Bun from 1.4 on. Node.js 20 opens it with the package
 * better-sqlite3.
 *
 * @throws {StoreError} Node.js has no SQLite, and better-sqlite3 is missing, or cannot be loaded: it may not be built. Or this
 *   is an earlier Bun
 * @throws {Error} the engine's own error: see {@link sqliteFailure}
 */
export function openDatabase(file: string): SqliteDatabase {
  const Database = databaseClass();
  return new Database(file);
}

/** @throws {StoreError} as {@link openDatabase} does */
export function requireEngine(): void {
  databaseClass();
}

function databaseClass(): DatabaseClass {
  const builtIn = withoutExperimentalWarning(() => process.getBuiltinModule('node:sqlite'));
  if (builtIn !== undefined) return (builtIn as { readonly DatabaseSync: DatabaseClass }).DatabaseSync;
  // Bun refuses to load better-sqlite3.
  if ('bun' in process.versions) {
    throw new StoreError(`the store "sqlite:" needs Bun 1.4 or later, which has node:sqlite: this is ${runtimeName()}`);
  }
  return loadPackage<DatabaseClass>('better-sqlite3', 'on Node.js 20 the store "sqlite:" needs', StoreError);
}

/** Node.js 22 warns that its SQLite is experimental. The operator cannot do anything about that. */
function withoutExperimentalWarning<T>(load: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/**
 * - `busy`: another connection holds the lock. Trying again helps.
 * - `constraint`: the statement breaks a rule of the table and did nothing. The transaction goes on.
 * - `damaged`: the content of the file is not as SQLite wrote it.
 * - `disk`: the file system is full, or fails.
 * - `foreign`: the file is not an SQLite database.
 */
export type SqliteFailure = 'busy' | 'constraint' | 'damaged' | 'disk' | 'foreign';

/** The primary result codes that matter: https://www.sqlite.org/rescode.html. */
const FAILURES: readonly (readonly [name: string, code: number, failure: SqliteFailure])[] = [
  ['SQLITE_BUSY', 5, 'busy'],
  ['SQLITE_IOERR', 10, 'disk'],
  ['SQLITE_CORRUPT', 11, 'damaged'],
  ['SQLITE_FULL', 13, 'disk'],
  ['SQLITE_PROTOCOL', 15, 'busy'],
  ['SQLITE_CONSTRAINT', 19, 'constraint'],
  ['SQLITE_NOTADB', 26, 'foreign'],
];

/** The failure of SQLite that an error reports; undefined for any other error. */
export function sqliteFailure(error: unknown): SqliteFailure | undefined {
  const { code, errcode } = Object(error) as { readonly code?: unknown; readonly errcode?: unknown };
  const found = FAILURES.find(([name, number]) =>
    // node:sqlite has the number of the extended code, whose lowest byte is the primary code. better-sqlite3 has a name.
    typeof errcode === 'number' ? (errcode & 0xff) === number : String(code).startsWith(name),
  );
  return found?.[2];
}

/** A connection to a database. Calls are synchronous. A locked database is an error (`busy`): no call waits. */
export class Connection {
  readonly #database: SqliteDatabase;
  readonly #prepared = new Map<string, PreparedStatement>();
  #isOpen = true;

  /** @param file the path of an existing file */
  constructor(file: string) {
    this.#database = openDatabase(file);
    try {
      // Waiting for a lock inside SQLite would block the event loop. better-sqlite3 is built with NORMAL as the default,
      // with which a commit does not wait for the disk.
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

  /** Takes the write lock first (`BEGIN IMMEDIATE`). `run` is synchronous, so nothing else gets into the transaction. */
  inTransaction<T>(run: () => T): T {
    this.execute('BEGIN IMMEDIATE');
    try {
      const result = run();
      this.execute('COMMIT');
      return result;
    } catch (error) {
      this.#tryTo('ROLLBACK');
      throw error;
    }
  }

  /** Within a transaction: undoes what `run` has done if it throws, and nothing else. */
  inSavepoint<T>(run: () => T): T {
    this.execute('SAVEPOINT change');
    try {
      return run();
    } catch (error) {
      this.#tryTo('ROLLBACK TO change');
      throw error;
    } finally {
      this.#tryTo('RELEASE change');
    }
  }

  /** May be called again, where node:sqlite itself would throw. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#prepared.clear();
    this.#database.close();
  }

  /** SQLite itself has rolled back after some failures, such as a full disk. There is nothing left to undo then. */
  #tryTo(undo: string): void {
    try {
      this.execute(undo);
    } catch {
      // The failure that led here is the one to report.
    }
  }

  #prepare(text: string): PreparedStatement {
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
