import { closeSync, constants, fstat, fstatSync, open, openSync, readSync, stat } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { ConfigError } from '../errors.js';

const openLater = promisify(open);
const identify = promisify(fstat);
const look = promisify(stat);

/** A named pipe without a reader fails, instead of holding up the start; for a file it means nothing. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);
/** Of a file that is made here. One that is there keeps its own. */
const MODE = 0o600;
const NEWLINE = 0x0a;

/** A file that is open for appending, and which file that is, whatever its path comes to mean. */
export interface OpenedFile {
  readonly descriptor: number;
  readonly device: bigint;
  readonly inode: bigint;
}

/** What was found of a file when it was opened at the start. */
export interface FoundFile extends OpenedFile {
  /** Whether its last line was begun and not ended, as by a process that was killed. */
  readonly endsWithinLine: boolean;
  /** Whether anybody on the machine may read or change it. */
  readonly isForEverybody: boolean;
}

/**
 * Opens a file at once, and makes it if it is not there.
 *
 * @throws {ConfigError} says which file, why not, and what to do
 */
export function openNow(path: string): FoundFile {
  let descriptor: number;
  try {
    descriptor = openSync(path, APPEND, MODE);
  } catch (cause) {
    throw new ConfigError(`cannot open the audit log ${path}: ${reasonOf(cause as NodeJS.ErrnoException, path)}`, {
      cause,
    });
  }
  const { dev: device, ino: inode, mode, size } = fstatSync(descriptor, { bigint: true });
  const isFile = (mode & BigInt(constants.S_IFMT)) === BigInt(constants.S_IFREG);
  return {
    descriptor,
    device,
    inode,
    endsWithinLine: isFile && endsWithinLine(path, Number(size)),
    isForEverybody: isFile && process.platform !== 'win32' && (mode & 0o006n) !== 0n,
  };
}

/** Opens the file that is at a path now, without holding anybody up. */
export async function openAgain(path: string): Promise<OpenedFile> {
  const descriptor = await openLater(path, APPEND, MODE);
  const { dev: device, ino: inode } = await identify(descriptor, { bigint: true });
  return { descriptor, device, inode };
}

/** Tells whether a path still is of this file. Where that cannot be found out, it is taken to be. */
export async function isAt(path: string, file: OpenedFile): Promise<boolean> {
  try {
    const { dev, ino } = await look(path, { bigint: true });
    return dev === file.device && ino === file.inode;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

/** Some may write to a file that they may not read: then it is taken to be whole. */
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

function reasonOf({ code, message }: NodeJS.ErrnoException, path: string): string {
  const reasons: Partial<Record<string, string>> = {
    ENOENT: `there is no folder ${dirname(path)}: make it, for the user that this program runs as`,
    ENOTDIR: `${dirname(path)} is no folder: name a file in one`,
    EISDIR: 'it is a folder: name a file in it, such as audit.log',
    EACCES: 'the user that this program runs as may not write it: give the right to, or name another file',
    EPERM: 'the user that this program runs as may not write it: give the right to, or name another file',
    EROFS: 'the file system is read-only: name a file on another',
    ENXIO: 'it is a socket, or a pipe that nobody reads: name a file, or start the reader first',
  };
  return reasons[code as string] ?? `${message}: name another file`;
}
