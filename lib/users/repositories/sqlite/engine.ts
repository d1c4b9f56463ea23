import { StoreError } from '../../../errors.js';
import { loadPackage } from '../../../optional-package.js';

export type SqliteValue = string | number | null;
export type SqliteRow = Readonly<Record<string, SqliteValue>>;

/** A prepared statement, as both engines have it. The value of `$1` is the property `1`. */
export interface SqliteStatement {
  get(values: Readonly<Record<string, SqliteValue>>): SqliteRow | undefined;
  all(values: Readonly<Record<string, SqliteValue>>): readonly SqliteRow[];
  /** For a statement that gives no rows. */
  run(values: Readonly<Record<string, SqliteValue>>): unknown;
}

/** A connection, as both engines have it. Each call is done when it returns. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  close(): unknown;
}

type DatabaseClass = new (file: string) => SqliteDatabase;

/**
 * Opens a file with the SQLite that is in Node.js (22.13 and later), or else with the package better-sqlite3.
 *
 * @throws {StoreError} Node.js has no SQLite, and the package is missing
 * @throws {Error} SQLite's own, see {@link failureOf}
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

/** Node.js 22 warns of its SQLite. The operator cannot do anything about it. */
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
 * - `busy`: another connection has the lock, which is over soon.
 * - `constraint`: the statement breaks a rule of the table, and was not done. The transaction goes on.
 * - `damaged`: the file's content is not as SQLite wrote it.
 * - `disk`: the file system has no room, or fails.
 * - `foreign`: the file is not a database of SQLite.
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

/** Which failure of SQLite an error tells of; undefined for another one. */
export function failureOf(error: unknown): SqliteFailure | undefined {
  const { code, errcode } = Object(error) as { readonly code?: unknown; readonly errcode?: unknown };
  const found = FAILURES.find(([name, number]) =>
    // node:sqlite gives the number of the extended code, whose lowest byte is the primary one; better-sqlite3 its name.
    typeof errcode === 'number' ? (errcode & 0xff) === number : String(code).startsWith(name),
  );
  return found?.[2];
}
