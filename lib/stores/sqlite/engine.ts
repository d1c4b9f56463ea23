import { StoreError } from '../../errors.js';
import { loadPackage } from '../../optional-package.js';

export type SqliteValue = string | number | null;
export type SqliteRow = Readonly<Record<string, SqliteValue>>;

/** A prepared statement, in the words that both engines share. The property `1` is the value of `$1`. */
export interface SqliteStatement {
  get(values?: Readonly<Record<string, SqliteValue>>): SqliteRow | undefined;
  all(values: Readonly<Record<string, SqliteValue>>): readonly SqliteRow[];
  /** For a statement without rows. */
  run(values: Readonly<Record<string, SqliteValue>>): unknown;
}

/** A connection, in the words that both engines share. Calls are synchronous. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  close(): unknown;
}

type DatabaseClass = new (file: string) => SqliteDatabase;

/**
 * Opens a file with the SQLite that is in Node.js (22.13 and later), or else with the package better-sqlite3.
 *
 * @throws {StoreError} Node.js has no SQLite, and better-sqlite3 is missing, or cannot be loaded: it may not be built
 * @throws {Error} the engine's own error: see {@link failureOf}
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
  return loadPackage<DatabaseClass>('better-sqlite3', 'on Node.js before 22.13 the store "sqlite:" needs', StoreError);
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

/** The failure of SQLite that an error stands for; undefined for any other error. */
export function failureOf(error: unknown): SqliteFailure | undefined {
  const { code, errcode } = Object(error) as { readonly code?: unknown; readonly errcode?: unknown };
  const found = FAILURES.find(([name, number]) =>
    // node:sqlite gives the number of the extended code, whose lowest byte is the primary code; better-sqlite3 a name.
    typeof errcode === 'number' ? (errcode & 0xff) === number : String(code).startsWith(name),
  );
  return found?.[2];
}
