import { randomUUID } from 'node:crypto';
import { constants, openSync } from 'node:fs';
import { type FileHandle, open, stat, unlink, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { HTDIGEST_PROBLEM, type HtpasswdRights, htpasswdParser, isHtdigest } from './htpasswd.js';
import { parseJsonLine } from './json-lines.js';
import { isBoltFile } from './kapacitor-db/bolt/bolt-file.js';
import { WHERE_IT_IS } from './kapacitor-db/damage.js';
import { openKapacitorDatabase } from './kapacitor-db/kapacitor-database.js';
import { TextUserFile } from './text-user-file.js';
import { ImportError, readAt, readError, type UserFile } from './user-file.js';

/** The values of `--format`. */
export const FORMATS = ['kapacitor', 'htpasswd', 'jsonl'] as const;
export type FormatName = (typeof FORMATS)[number];

export interface OpenUserFileOptions {
  /** Defaults to the format that the content has. */
  readonly format?: FormatName | undefined;
  /** The rights of the users in an htpasswd file. */
  readonly rights?: HtpasswdRights | undefined;
  /** The name of the file in messages. Defaults to its path. */
  readonly shownPath?: string | undefined;
}

/** Bytes at the beginning from which the format is detected: Bolt's first two pages, of up to 64 KiB. */
const HEAD = 131_072;

/** Files that are often given by mistake, by their first bytes in hexadecimal. */
const FOREIGN: readonly { readonly pattern: RegExp; readonly hint: string }[] = [
  { pattern: /^(?:1f8b|504b0304|425a68|fd377a585a|28b52ffd)/, hint: 'it is compressed. Unpack it first' },
  { pattern: /^(?:fffe|feff)/, hint: 'it is a text in UTF-16. Save it as UTF-8' },
  {
    pattern: /^53514c69746520666f726d6174203300/,
    hint: 'it is an SQLite database. If it is a user store, "export" its users first',
  },
  {
    pattern: /^(?:20|09|0d|0a)*5b/,
    hint: 'it is a JSON array without hashes, such as "user list --json" prints. Use "export" to write a file for "import"',
  },
];

/** A bcrypt or other hash may be followed by a comment. Other texts with two colons, such as URLs, do not match. */
const HTPASSWD_LINE = /^[^:{[\s][^:]*:(?:[^\s:]{4,}|[${][^\s:]{3,}:.*|[./\w]{13}:.*)\s*$/;

/** Opening a FIFO without O_NONBLOCK would wait for a writer in a thread that no signal reaches. */
const READ_AT_ONCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file of users: the database of a Kapacitor, an htpasswd file, or the JSON lines of `export`. The format is
 * detected from the content. A named pipe, such as a shell makes for `<(…)`, is read like standard input.
 *
 * @throws {ImportError} the file cannot be read, or has another format
 */
export async function openUserFile(path: string, options: OpenUserFileOptions = {}): Promise<UserFile> {
  const { shownPath = path } = options;
  let file: FileHandle | undefined;
  try {
    // A pipe is opened only once: after a second open() the end of the writer would not be seen.
    if ((await stat(path)).isFIFO()) return await openUserStream(openPipe(path), { ...options, shownPath });
    file = await open(path, READ_AT_ONCE);
    const found = await file.stat();
    if (found.isDirectory()) throw new ImportError(`cannot read ${shownPath}: it is a folder. Name a file`);
    if (!found.isFile()) {
      throw new ImportError(`cannot read ${shownPath}: it is not a regular file. Pipe it into "import -"`);
    }
    return await openAs(file, { ...options, shownPath });
  } catch (error) {
    await file?.close();
    throw error instanceof ImportError ? error : readError(shownPath, error);
  }
}

/**
 * Opens the users on standard input. An import reads its file twice, so the input is kept in a temporary file. That file
 * is unlinked before the first hash is written to it: however the process ends, nothing is left.
 *
 * @throws {ImportError} the input cannot be kept, or is not a file of users
 */
export async function openUserStream(input: Readable, options: OpenUserFileOptions = {}): Promise<UserFile> {
  const { shownPath = 'standard input' } = options;
  let file: FileHandle | undefined;
  try {
    const path = join(tmpdir(), `kapacitor-auth-import-${randomUUID()}`);
    file = await open(path, 'wx+', 0o600);
    await unlink(path);
    await writeFile(file, input);
    return await openAs(file, { ...options, shownPath });
  } catch (error) {
    await file?.close();
    if (error instanceof ImportError) throw error;
    const { message } = error as Error;
    throw new ImportError(`cannot keep ${shownPath} in a temporary file in ${tmpdir()}: ${message}`, { cause: error });
  }
}

/** Reads a pipe in the event loop, where a signal ends it at any time. */
function openPipe(path: string): Readable {
  return new Socket({ fd: openSync(path, READ_AT_ONCE), readable: true, writable: false });
}

/** On an error the file stays open. */
async function openAs(
  file: FileHandle,
  { format, rights, shownPath }: OpenUserFileOptions & { readonly shownPath: string },
): Promise<UserFile> {
  const head = await readAt(file, Buffer.alloc(HEAD), 0);
  const known = format ?? detectFormat(head, shownPath);
  if (known === 'kapacitor') {
    if (!isBoltFile(head))
      throw notUsers(shownPath, foreignHint(head) ?? `it is not a Bolt database, or it is encrypted. ${WHERE_IT_IS}`);
    return openKapacitorDatabase(file, shownPath);
  }
  if (known === 'jsonl') return TextUserFile.open(file, shownPath, 'JSON lines', parseJsonLine);
  return TextUserFile.open(file, shownPath, 'htpasswd', htpasswdParser(rights));
}

function detectFormat(head: Buffer, path: string): FormatName {
  if (isBoltFile(head)) return 'kapacitor';
  if (head.length === 0) throw notUsers(path, 'it is empty');
  const foreign = foreignHint(head);
  if (foreign === undefined && !head.includes(0)) {
    const lines = head
      .toString('utf8')
      .replace(/^\ufeff/, '')
      .split(/\r?\n/);
    const first = lines.find((line) => line.trim() !== '' && !line.startsWith('#'));
    if (first === undefined || HTPASSWD_LINE.test(first)) return 'htpasswd';
    if (isHtdigest(first)) throw notUsers(path, HTDIGEST_PROBLEM);
    if (first.trimStart().startsWith('{')) return 'jsonl';
  }
  throw notUsers(
    path,
    foreign ?? 'name a Kapacitor database (kapacitor.db), an htpasswd file or the JSON lines of "export"',
  );
}

function foreignHint(head: Buffer): string | undefined {
  return FOREIGN.find(({ pattern }) => pattern.test(head.toString('hex', 0, 64)))?.hint;
}

function notUsers(path: string, hint: string): ImportError {
  return new ImportError(`${path} is not a file of users: ${hint}`);
}
