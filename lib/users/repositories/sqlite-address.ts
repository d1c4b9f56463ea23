const PREFIX = 'sqlite:';

/** A path that names a folder, whatever is there: `users/`, `..`, `~`. */
const FOLDER = /^~$|(?:^|[/\\])\.{0,2}$/;

/** One letter alone is no scheme, but a drive of Windows: `C:\users.db`. */
const SCHEME = /^[a-z][a-z\d+.-]+:/i;

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
  return !isFolderPath(file) && !SCHEME.test(file) && !/^(?:\/\/|:memory:$)/i.test(file);
}

/** The path in `sqlite:FILE`; undefined for another store. */
export function sqliteFile(store: string): string | undefined {
  return store.startsWith(PREFIX) ? store.slice(PREFIX.length) : undefined;
}

/** `sqlite:FILE`. */
export function sqliteAddress(file: string): string {
  return PREFIX + file;
}

/** Whether a path can only be a folder's. */
export function isFolderPath(path: string): boolean {
  return FOLDER.test(path);
}
