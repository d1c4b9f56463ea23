import { closeSync, constants, fstat, fstatSync, open, openSync, readSync, stat } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { ConfigError } from '../errors.js';

const openFile = promisify(open);
const statOpened = promisify(fstat);
const statPath = promisify(stat);

/** With O_NONBLOCK a named pipe without a reader fails instead of blocking the start. A file ignores it. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);
/** The mode of a new file. An existing file keeps its own. */
const MODE = 0o600;
const NEWLINE = 0x0a;

/** A file that is open for appending. Device and inode identify it, even when its path names another file later. */
export interface OpenedFile {
  readonly descriptor: number;
  readonly device: bigint;
  readonly inode: bigint;
}

/** The state of a file when it was opened at the start. */
export interface FoundFile extends OpenedFile {
  /** Whether the last line is incomplete, because the process that wrote it was killed. */
  readonly endsWithinLine: boolean;
  /** A warning if every user of the machine may read or change the file. */
  readonly exposure: string | undefined;
}

/**
 * Opens a file, and creates it if necessary. Blocks the thread.
 *
 * @throws {ConfigError} The message has the path, the reason, and what to do.
 */
export function openNow(path: string): FoundFile {
  let descriptor: number;
  try {
    descriptor = openSync(path, APPEND, MODE);
  } catch (cause) {
    throw new ConfigError(`cannot open the audit log ${path}: ${openProblem(cause as NodeJS.ErrnoException, path)}`, {
      cause,
    });
  }
  const { dev: device, ino: inode, mode, size } = fstatSync(descriptor, { bigint: true });
  const isFile = (mode & BigInt(constants.S_IFMT)) === BigInt(constants.S_IFREG);
  const isExposed = isFile && process.platform !== 'win32' && (mode & 0o006n) !== 0n;
  return {
    descriptor,
    device,
    inode,
    endsWithinLine: isFile && endsWithinLine(path, Number(size)),
    exposure: isExposed
      ? `every user of this machine may read or change the audit log ${path}: run chmod o= ${path}`
      : undefined,
  };
}

/** Opens the file that a path names now. Does not block the thread. */
export async function openAgain(path: string): Promise<OpenedFile> {
  const descriptor = await openFile(path, APPEND, MODE);
  const { dev: device, ino: inode } = await statOpened(descriptor, { bigint: true });
  return { descriptor, device, inode };
}

/** Tells whether a path still names this file. If that cannot be found out, it counts as true. */
export async function isAt(path: string, file: OpenedFile): Promise<boolean> {
  try {
    const { dev, ino } = await statPath(path, { bigint: true });
    return dev === file.device && ino === file.inode;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

/** False if the process may write the file but not read it. */
function endsWithinLine(path: string, size: number): boolean {
  if (size === 0) return false;
  try {
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      const last = Buffer.alloc(1);
      return readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

const NOT_ALLOWED = 'the user that this program runs as may not write it: grant write access, or name another file';

function openProblem({ code, message }: NodeJS.ErrnoException, path: string): string {
  const reasons: Partial<Record<string, string>> = {
    ENOENT: `there is no folder ${dirname(path)}: create it, writable for the user that this program runs as`,
    ENOTDIR: `${dirname(path)} is not a folder: name a file in a folder`,
    EISDIR: 'it is a folder: name a file in it, such as audit.log',
    EACCES: NOT_ALLOWED,
    EPERM: NOT_ALLOWED,
    EROFS: 'the file system is read-only: name a file on another one',
    ENXIO: 'it is a socket, or a pipe without a reader: name a file, or start the reader first',
  };
  return reasons[code as string] ?? `${message}: name another file`;
}
