import { accessSync, closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { ConfigError } from '../errors.js';

/** Resolves a path of the configuration: `~/users` is in the home folder, and a relative path starts at `folder`. */
export function absolutePath(path: string, folder: string): string {
  return resolve(folder, path.replace(/^~(?=$|\/)/, homedir()));
}

export interface TextFile {
  readonly text: string;
  /** The permission bits; 0 on Windows, which has none. */
  readonly mode: number;
}

/** The reason why a file cannot be used, as a part of a sentence: `there is no such file`. */
export interface Unreadable {
  readonly reason: string;
  readonly cause?: unknown;
}

const IS_FOLDER = 'it is a folder: name the file in it';

/**
 * Reads a text file in UTF-8, without a byte order mark.
 *
 * @param maxBytes the size from which on a file is not read. With a limit only regular files are read: a pipe would keep
 *   the app waiting for a writer, and a device may have no end
 */
export function readTextFile(path: string, maxBytes?: number): TextFile | Unreadable {
  let bytes: Buffer;
  let mode: number;
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | (maxBytes === undefined ? 0 : (constants.O_NONBLOCK ?? 0)));
    const stats = fstatSync(file);
    const reason = maxBytes === undefined ? undefined : refusalOfFile(stats, maxBytes);
    if (reason !== undefined) return { reason };
    bytes = readFileSync(file);
    mode = process.platform === 'win32' ? 0 : stats.mode & 0o777;
  } catch (cause) {
    return { reason: reasonOfFailure(cause), cause };
  } finally {
    if (file !== undefined) closeSync(file);
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), mode };
  } catch {
    // The decoder's error is not given as the cause: it may repeat the bytes.
    return { reason: 'it is not a text in UTF-8: save it as UTF-8' };
  }
}

/** Bytes. No secret has nearly as many. */
const MAX_SECRET = 4_096;

/**
 * Reads a file that contains a secret and nothing else, such as a container's. A line end at the end of the file does not
 * belong to the secret.
 *
 * @param subject the beginning of a message: `[auth] admin-password-file:`
 * @param noun what is in the file: `password`
 * @throws {ConfigError} the file cannot be read, or is empty; names the file
 */
export function readSecretFile(path: string, subject: string, noun: string): string {
  const file = readTextFile(path, MAX_SECRET);
  if ('reason' in file) {
    const { reason, cause } = file;
    throw new ConfigError(`${subject} cannot read ${path}: ${reason}`, cause === undefined ? {} : { cause });
  }
  // Editors and `echo` end the line.
  const secret = file.text.replace(/\r?\n$/, '');
  if (secret === '') throw new ConfigError(`${subject} ${path} is empty: write the ${noun} in it`);
  return secret;
}

function refusalOfFile(stats: Stats, maxBytes: number): string | undefined {
  if (stats.isDirectory()) return IS_FOLDER;
  if (!stats.isFile()) return 'it is not a regular file';
  return stats.size > maxBytes ? `it has ${stats.size} bytes, and at most ${maxBytes} are allowed` : undefined;
}

/** The reason why a file could not be read, found without reading it: that would empty a pipe. */
export function whyUnreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isDirectory() ? IS_FOLDER : undefined;
  } catch (error) {
    return reasonOfFailure(error);
  }
}

function reasonOfFailure(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'EISDIR' ? IS_FOLDER : message;
}
