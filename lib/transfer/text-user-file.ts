import type { FileHandle } from 'node:fs/promises';
import {
  checkedUser,
  type FileFormat,
  ImportError,
  type ImportedUser,
  type RefusedUser,
  readAt,
  readError,
  type UserFile,
} from './user-file.js';

/** Bytes that are read at once. */
const CHUNK = 65_536;
/** Bytes. A line with a user is far shorter, also if each of its hundred keys has hundreds of permissions. */
const MAX_LINE = 4_194_304;

/** A line of a text file, without its line end. */
export interface TextLine {
  readonly text: string;
  /** Whether a line end follows. The last line may have none. */
  readonly isEnded: boolean;
  /** An error that names the file and the line. */
  complain(problem: string): ImportError;
}

/**
 * Reads the user from a line. Undefined for a line without one.
 *
 * @throws {ImportError} see {@link TextLine.complain}
 */
export type LineParser = (line: TextLine) => ImportedUser | RefusedUser | undefined;

/** A text file in UTF-8 with a user on each line. It stays open, and must not change after it was opened. */
export class TextUserFile implements UserFile {
  readonly format: FileFormat;
  readonly #file: FileHandle;
  readonly #shownPath: string;
  readonly #parse: LineParser;
  readonly #state: string;

  private constructor(file: FileHandle, shownPath: string, format: FileFormat, parse: LineParser, state: string) {
    this.#file = file;
    this.#shownPath = shownPath;
    this.format = format;
    this.#parse = parse;
    this.#state = state;
  }

  /**
   * @param file a regular file, which {@link close} closes
   * @param shownPath the name of the file in messages
   */
  static async open(file: FileHandle, shownPath: string, format: FileFormat, parse: LineParser): Promise<TextUserFile> {
    return new TextUserFile(file, shownPath, format, parse, await fileState(file));
  }

  async *read(): AsyncGenerator<ImportedUser | RefusedUser, void, undefined> {
    const names = new Map<string, number>();
    const keys = new Map<string, number>();
    let number = 0;
    for await (const { bytes, isEnded } of this.#lines()) {
      number += 1;
      const line = this.#line(bytes, number, isEnded);
      const user = this.#parse(line);
      if (user === undefined) continue;
      const before = names.get(user.name);
      if (before !== undefined) throw line.complain(`${JSON.stringify(user.name)} is already in line ${before}`);
      names.set(user.name, number);
      if (!('refusal' in user)) noteKeys(user, keys, number, line);
      yield checkedUser(user);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #line(bytes: Buffer, number: number, isEnded: boolean): TextLine {
    const complain = (problem: string) => new ImportError(`${this.#shownPath}, line ${number}: ${problem}`);
    if (bytes.length > MAX_LINE) throw complain('this line is too long for a user');
    try {
      // TextDecoder drops a byte order mark.
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return { text: text.endsWith('\r') ? text.slice(0, -1) : text, isEnded, complain };
    } catch {
      throw complain('this line is not UTF-8');
    }
  }

  /** A line that is too long comes in part, so that it cannot fill the memory. */
  async *#lines(): AsyncGenerator<{ bytes: Buffer; isEnded: boolean }, void, undefined> {
    let rest: Buffer = Buffer.alloc(0);
    for (let position = 0; ; ) {
      const chunk = await this.#chunkAt(position);
      if (chunk.length === 0) break;
      position += chunk.length;
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let end = bytes.indexOf('\n'); end !== -1; end = bytes.indexOf('\n', from)) {
        yield { bytes: bytes.subarray(from, end), isEnded: true };
        from = end + 1;
      }
      rest = bytes.subarray(from);
      if (rest.length > MAX_LINE) break;
    }
    if (rest.length > 0) yield { bytes: rest, isEnded: false };
  }

  /** Looks for a change after the read, so that what is returned was there when the file was opened. */
  async #chunkAt(position: number): Promise<Buffer> {
    let state: string;
    let chunk: Buffer;
    try {
      chunk = await readAt(this.#file, Buffer.allocUnsafe(CHUNK), position);
      state = await fileState(this.#file);
    } catch (error) {
      throw readError(this.#shownPath, error);
    }
    if (state === this.#state) return chunk;
    throw new ImportError(
      `${this.#shownPath} changed while it was imported. Import it again when nothing writes to it`,
    );
  }
}

/**
 * Notes the keys of a user.
 *
 * @param seen the line of each id and each digest so far
 * @throws {ImportError} another user has a key with the same id or digest
 */
function noteKeys({ keys = [] }: ImportedUser, seen: Map<string, number>, number: number, line: TextLine): void {
  for (const { id, digest } of keys) {
    for (const [field, value] of Object.entries({ id, digest })) {
      const before = seen.get(`${field} ${value}`);
      if (before !== undefined) throw line.complain(`the ${field} of a key is already in line ${before}`);
      seen.set(`${field} ${value}`, number);
    }
  }
}

/** Each write changes the modification time. */
async function fileState(file: FileHandle): Promise<string> {
  const { size, mtimeNs } = await file.stat({ bigint: true });
  return `${size},${mtimeNs}`;
}
