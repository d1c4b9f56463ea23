import { randomUUID } from 'node:crypto';
import { type FileHandle, open, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { HTDIGEST_PROBLEM, HtpasswdFile, type HtpasswdRights, isHtdigest } from './htpasswd.js';
import { ImportError } from './import-error.js';
import { JsonLinesFile } from './json-lines.js';
import { isBoltFile, openKapacitorDatabase } from './kapacitor/kapacitor-database.js';
import { openAtOnce, openPipe } from './open-at-once.js';
import { readAt } from './read-at.js';
import { TextFile, unreadable } from './text-lines.js';
import type { UserFile } from './user-file.js';

/** What `--format` says. */
export const FORMATS = ['kapacitor', 'htpasswd', 'jsonl'] as const;
export type FormatName = (typeof FORMATS)[number];

export interface OpenUserFileOptions {
  /** Undefined: what is in the file tells. */
  readonly format?: FormatName | undefined;
  /** What an htpasswd file does not say of its users. */
  readonly rights?: HtpasswdRights | undefined;
  /** What messages call the file. Defaults to its path. */
  readonly shownPath?: string | undefined;
}

/** Bytes at the beginning, from which the format is told: both of Bolt's first pages are in them. */
const HEAD = 65_536;

/** What else it may be: how its first bytes are written in hexadecimal. */
const FOREIGN: readonly { readonly pattern: RegExp; readonly hint: string }[] = [
  { pattern: /^(?:1f8b|504b0304|425a68|fd377a585a|28b52ffd)/, hint: 'it is compressed: unpack it first' },
  { pattern: /^(?:fffe|feff)/, hint: 'it is a text in UTF-16: save it as UTF-8' },
  {
    pattern: /^(?:20|09|0d|0a)*5b/,
    hint: 'it is a JSON array, such as "user list --json" prints, without hashes: "export" writes what can be imported',
  },
];

/** A comment may follow what is a hash by its form; a URL and the like have more colons as well. */
const HTPASSWD_LINE = /^[^:{[\s][^:]*:(?:[^\s:]{4,}|[${][^\s:]{3,}:.*|[./\w]{13}:.*)\s*$/;

/**
 * Opens a file of users: a Kapacitor's database, an htpasswd file, or the JSON lines of `export`. Which of them it is
 * is told by what is in it, and not by its name. A named pipe, or what a shell makes of `<(…)`, is read as standard input
 * is.
 *
 * @throws {ImportError} it cannot be read, or is none of them
 */
export async function openUserFile(path: string, options: OpenUserFileOptions = {}): Promise<UserFile> {
  const { shownPath = path } = options;
  let file: FileHandle | undefined;
  try {
    // A pipe is opened once: one that is opened again does not see that the writer has gone.
    if ((await stat(path)).isFIFO()) return await openUserStream(openPipe(path), { ...options, shownPath });
    file = await openAtOnce(path);
    const found = await file.stat();
    if (!found.isFile()) throw notRegular(found.isDirectory(), shownPath);
    return await openAs(file, { ...options, shownPath });
  } catch (error) {
    await file?.close();
    throw error instanceof ImportError ? error : unreadable(shownPath, error);
  }
}

/**
 * The same for what comes from standard input. It is read twice, and so it is kept in a file, which has no name any more
 * when the first hash comes into it: however the process ends, nothing is left.
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
    throw new ImportError(`cannot keep what ${shownPath} gives, in ${tmpdir()}: ${message}`, { cause: error });
  }
}

/** @throws {ImportError} then the file is still open, unless it was taken for a Kapacitor's */
async function openAs(
  file: FileHandle,
  { format, rights, shownPath }: OpenUserFileOptions & { readonly shownPath: string },
): Promise<UserFile> {
  const text = await TextFile.open(file, shownPath);
  const formatName = format ?? formatOf(await readAt(file, Buffer.alloc(HEAD), 0), shownPath);
  if (formatName === 'kapacitor') return openKapacitorDatabase(shownPath, file);
  return formatName === 'jsonl' ? new JsonLinesFile(text) : new HtpasswdFile(text, rights);
}

function notRegular(isFolder: boolean, path: string): ImportError {
  const reason = isFolder ? 'it is a folder: name a file' : 'it is no regular file: pipe it in, to "import -"';
  return new ImportError(`cannot read ${path}: ${reason}`);
}

function formatOf(head: Buffer, path: string): FormatName {
  if (isBoltFile(head)) return 'kapacitor';
  if (head.length === 0) throw new ImportError(`${path} is empty: there are no users in it`);
  const foreign = FOREIGN.find(({ pattern }) => pattern.test(head.toString('hex', 0, 64)));
  const lines = head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r?\n/);
  const first = lines.find((line) => line.trim() !== '' && !line.startsWith('#'));
  if (foreign === undefined && !head.includes(0)) {
    if (first === undefined || HTPASSWD_LINE.test(first)) return 'htpasswd';
    if (isHtdigest(first)) throw new ImportError(`${path} is no file of users: ${HTDIGEST_PROBLEM}`);
    if (first.trimStart().startsWith('{')) return 'jsonl';
  }
  const hint =
    foreign?.hint ??
    'a Kapacitor database (kapacitor.db), an htpasswd file or the JSON lines of "export" can be imported';
  throw new ImportError(`${path} is no file of users: ${hint}`);
}
