import { chmodSync, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HtpasswdFile, type HtpasswdRights } from './htpasswd.js';
import { ImportError } from './import-error.js';
import { JsonLinesFile } from './json-lines.js';
import { isBoltFile, openKapacitorDatabase } from './kapacitor/kapacitor-database.js';
import { unreadable } from './text-lines.js';
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

/**
 * Opens a file of users: a Kapacitor's database, an htpasswd file, or the JSON lines of `export`. Which of them it is
 * is told by what is in it, and not by its name.
 *
 * @throws {ImportError} it cannot be read, or is none of them
 */
export async function openUserFile(path: string, options: OpenUserFileOptions = {}): Promise<UserFile> {
  const { format, rights, shownPath = path } = options;
  const formatName = format ?? formatOf(await readHead(path), shownPath);
  if (formatName === 'kapacitor') return openKapacitorDatabase(path);
  return formatName === 'jsonl' ? new JsonLinesFile(path, shownPath) : new HtpasswdFile(path, rights, shownPath);
}

/**
 * The same for what comes from standard input. It is read twice, and so it is kept in a file of its owner's alone, until
 * the file of users is closed.
 */
export async function openUserStream(input: Readable, options: OpenUserFileOptions = {}): Promise<UserFile> {
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-import-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // Also when the process ends before its time.
  process.once('exit', remove);
  const close = () => {
    process.off('exit', remove);
    remove();
  };
  try {
    chmodSync(folder, 0o700);
    const path = join(folder, 'users');
    await pipeline(input, createWriteStream(path, { mode: 0o600 }));
    const file = await openUserFile(path, { ...options, shownPath: 'standard input' });
    return {
      format: file.format,
      read: () => file.read(),
      close: async () => {
        await file.close();
        close();
      },
    };
  } catch (error) {
    close();
    if (error instanceof ImportError) throw error;
    throw new ImportError(`cannot keep what is piped in, in ${folder}: ${(error as Error).message}`, { cause: error });
  }
}

async function readHead(path: string): Promise<Buffer> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    await handle?.close();
  }
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
    if (first === undefined || /^[^:{[\s][^:]*:[^\s:]{4,}\s*$/.test(first)) return 'htpasswd';
    if (first.trimStart().startsWith('{')) return 'jsonl';
  }
  const hint =
    foreign?.hint ??
    'a Kapacitor database (kapacitor.db), an htpasswd file or the JSON lines of "export" can be imported';
  throw new ImportError(`${path} is no file of users: ${hint}`);
}
