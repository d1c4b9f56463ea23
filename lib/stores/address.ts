import type { UserRepository } from '../users/repository.js';

const PREFIX = 'sqlite:';

/** The suggestion where nothing better is known. */
export const SQLITE_EXAMPLE = 'sqlite:./users/users.db';

/** `sqlite:FILE`. */
export function sqliteAddress(file: string): string {
  return PREFIX + file;
}

/** The path in `sqlite:FILE`; undefined for another store. */
export function sqliteFile(store: string): string | undefined {
  return store.startsWith(PREFIX) ? store.slice(PREFIX.length) : undefined;
}

/** `sqlite:` or `memory:`; undefined for a store that other machines can share. */
export function localScheme(store: string | UserRepository): string | undefined {
  return typeof store === 'string' ? /^(?:sqlite|memory):/.exec(store)?.[0] : undefined;
}

/** A path that can only be a folder's: `users/`, `..`, `~`. */
const FOLDER = /^~$|(?:^|[/\\])\.{0,2}$/;

/** Schemes at the beginning, such as both of `sqlite:file:users.db`. One letter alone is a drive of Windows: `C:\users.db`. */
const SCHEMES = /^(?:[a-z][a-z\d+.-]+:)+/i;

/**
 * Whether a text is `sqlite:FILE`. Everything behind the colon is the path of the file: `?`, `#` and `%` belong to it.
 *
 * Slips that would make a file in an unexpected place are refused: blanks at an end, a second scheme, SQLite's own
 * `:memory:`, the path of a folder, and two slashes at the beginning. `sqlite:///users.db` is ambiguous: SQLAlchemy reads
 * a relative path, and a URL has an absolute one.
 */
export function isSqliteAddress(text: string): boolean {
  const file = sqliteFile(text);
  if (file === undefined || file !== file.trim() || /\p{Cc}/u.test(file)) return false;
  return !FOLDER.test(file) && !SCHEMES.test(file) && !/^(?:\/\/|:memory:$)/i.test(file);
}

const SCHEME_OF_FILES = /(?:^|:)(?:sqlite\d?|file):$/i;
const DRIVE = /^[a-z]:(?=[/\\])/i;
const BEGINS_LIKE_PATH = /^(?:(?:~|\.{0,2}|[a-z]:)[/\\]|(?:~|\.{1,2})$)/i;
const ENDS_LIKE_DATABASE = /\.(?:db3?|sqlite3?)$/i;

/**
 * The local store that a wrong text probably means: a path alone or behind another scheme, a path written as a URL, or the
 * path of a folder. Undefined if nothing points to a local store.
 *
 * The text may hold a password, so only parts that look like a path are repeated.
 */
export function meantStore(text: string): string | undefined {
  const written = withoutQuotes(text.trim());
  if (/^(?:sqlite\d?:)?:?memory:?$/i.test(written)) return 'memory:';
  // A slip in the URL of PostgreSQL.
  if (/^postg/i.test(written)) return undefined;
  const [schemes = ''] = SCHEMES.exec(written) ?? [];
  const rest = written.slice(schemes.length).trimStart();
  if (schemes !== '' && rest === '') return SQLITE_EXAMPLE;
  if (SCHEME_OF_FILES.test(schemes)) {
    const path = pathOfUrl(rest);
    return mayBeRepeated(path) ? addressOf(path, !FOLDER.test(path)) : SQLITE_EXAMPLE;
  }
  if (!looksLikePath(rest) || !mayBeRepeated(rest)) return undefined;
  return addressOf(rest, ENDS_LIKE_DATABASE.test(rest));
}

function withoutQuotes(text: string): string {
  return /^(["'])(.*)\1$/s.exec(text)?.[2]?.trim() ?? text;
}

/** Takes the slashes of a URL from `//users.db`, `///srv/users.db` and `///C:/users.db`. Other paths stay as they are. */
function pathOfUrl(path: string): string {
  return path.replace(/^\/\//, '').replace(/^\/+(?=\/)|^\/(?=[a-z]:\/)/i, '');
}

/** Two slashes begin the host of a URL. */
function looksLikePath(text: string): boolean {
  return !text.startsWith('//') && (BEGINS_LIKE_PATH.test(text) || ENDS_LIKE_DATABASE.test(text));
}

function mayBeRepeated(path: string): boolean {
  return !/[@:=]|\p{Cc}/u.test(path.replace(DRIVE, ''));
}

function addressOf(path: string, isFile: boolean): string {
  return sqliteAddress(isFile ? path : `${path.replace(/[/\\]+$/, '')}/users.db`);
}
