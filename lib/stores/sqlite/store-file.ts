import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { didYouMean } from '../../argument-checks.js';
import { ConfigError } from '../../errors.js';
import { describeType } from '../../safe-text.js';

/** The file, and the files that SQLite keeps beside it: https://www.sqlite.org/tempfiles.html. */
const ENDINGS = ['', '-wal', '-shm', '-journal'];
/** The bits of a mode that let the group and others write. */
const WRITABLE_BY_OTHERS = 0o022;
/** The bit of a folder's mode that lets users remove only their own files, as in /tmp. */
const STICKY = 0o1000;

/**
 * The absolute path of a store's file.
 *
 * @throws {ConfigError} the path is not a string, is empty, or is written as a store (`sqlite:FILE`)
 */
export function filePath(path: string): string {
  if (typeof path !== 'string')
    throw new ConfigError(`the path of a user store must be a text, not ${describeType(path)}`);
  if (path === '') throw new ConfigError('the path of a user store is empty: write one such as "./users/users.db"');
  if (path.startsWith('sqlite:')) {
    const meant = JSON.stringify(path.slice('sqlite:'.length));
    throw new ConfigError(`SqliteUserRepository takes the path of a file${didYouMean(meant)}`);
  }
  if (path.includes('\0')) throw new ConfigError('the path of a user store has a NUL in it');
  return resolve(path);
}

/**
 * Makes the file of a store, for its owner alone, and the folder around it. SQLite does not make the file: others could
 * read it for a moment. An existing file or folder must be safe to use.
 *
 * @throws {Error} the file cannot be made, or another user may have put it there; the message says what to do
 */
export function prepareFile(file: string): void {
  const folder = dirname(file);
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) {
    makeFolder(folder);
    keepFromGit(folder);
  }
  checkFolder(folder);
  for (const ending of ENDINGS) checkFile(file + ending);
  makeFile(file);
  // SQLite would open a file without the right to write, and only changes would fail.
  accessSync(file, constants.R_OK | constants.W_OK);
  accessSync(folder, constants.W_OK | constants.X_OK);
}

/**
 * Gives the files of a store the mode 0600: a copy may have another one. Call this only after the file has been found to
 * be a store: the file of another application keeps its mode.
 */
export function makePrivate(file: string): void {
  for (const ending of ENDINGS) {
    const mode = lstatSync(file + ending, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & 0o077) !== 0) chmodSync(file + ending, 0o600);
  }
}

/** Keeps hashes from being committed by mistake. */
function keepFromGit(folder: string): void {
  writeFileSync(join(folder, '.gitignore'), '*\n', { mode: 0o600 });
}

/** Makes parents one by one: `mkdirSync` with `recursive` never returns on some file systems, such as /proc. */
function makeFolder(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
    syncFolderNow(dirname(path));
  } catch (error) {
    // Another process that starts at the same time may have made the folder.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** A user who may write to the folder can replace the store by one with an admin of their own. */
function checkFolder(folder: string): void {
  const stats = lstatSync(folder);
  if (stats.isSymbolicLink())
    throw new Error(`the folder ${folder} is a symbolic link: name the folder that it leads to`);
  if (!stats.isDirectory()) throw new Error(`${folder} is not a folder`);
  checkOwner(folder, stats);
  if (isWritableByOthers(stats)) {
    // A folder for everybody, such as /tmp, must keep its mode.
    const chmod = (stats.mode & STICKY) !== 0 ? '' : 'run chmod go-w on it, or ';
    throw new Error(
      `others may write to the folder ${folder}: ${chmod}name a file in a folder that is not there yet, such as ` +
        join(folder, 'auth', 'users.db'),
    );
  }
}

function checkFile(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isSymbolicLink()) throw new Error(`${path} is a symbolic link: name the file that it leads to`);
  if (!stats.isFile()) throw new Error(`${path} is not a file: name a file, such as ${join(path, 'users.db')}`);
  checkOwner(path, stats);
}

/** Every user may use root's files. Root may use the files of others, unless others may write to the folder. */
function checkOwner(path: string, { uid }: Stats): void {
  const user = process.geteuid?.();
  if (user === undefined || uid === user || uid === 0) return;
  if (user === 0 && !isWritableByOthers(lstatSync(dirname(path)))) return;
  throw new Error(
    `${path} belongs to another user (uid ${uid}, and this process has ${user}): run chown ${user} on it, or run this as ` +
      'that user',
  );
}

/** False on Windows, which has no such mode. */
function isWritableByOthers({ mode }: Stats): boolean {
  return process.geteuid !== undefined && (mode & WRITABLE_BY_OTHERS) !== 0;
}

/** Does not open an existing file: closing it would give up the locks of this process (see `isOpenHere`). */
function makeFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  }
  syncFolderNow(dirname(file));
}

/** Waits until the names in a folder are on disk, if the system can do that. */
function syncFolderNow(path: string): void {
  try {
    const descriptor = openSync(path, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // The system writes the names a little later by itself.
  }
}
