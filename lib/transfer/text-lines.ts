import type { FileHandle } from 'node:fs/promises';
import { ImportError } from './import-error.js';
import { readAt } from './read-at.js';

/** Bytes that are read at once. */
const CHUNK = 65_536;
/** Bytes. No line of a file of users is as long. */
const LONGEST = 65_536;

/** A line of a text file, without its end. */
export interface TextLine {
  readonly text: string;
  /** The first one is 1. */
  readonly number: number;
  /** Whether a line end follows: the last line may have none. */
  readonly isEnded: boolean;
}

/** A file in UTF-8 that is read more than once: it is open all the time, and must stay as it was when it was opened. */
export class TextFile {
  /** What messages call it. */
  readonly shownPath: string;
  readonly #file: FileHandle;
  readonly #state: string;

  private constructor(file: FileHandle, shownPath: string, state: string) {
    this.#file = file;
    this.shownPath = shownPath;
    this.#state = state;
  }

  /** @param file a regular file, which is closed with this one */
  static async open(file: FileHandle, shownPath: string): Promise<TextFile> {
    return new TextFile(file, shownPath, await stateOf(file));
  }

  /**
   * The lines, one after the other, from the first one. None is given that was not there when the file was opened.
   *
   * @throws {ImportError} it cannot be read, was written to, is no such text, or has a line that is too long
   */
  async *lines(): AsyncGenerator<TextLine, void, undefined> {
    let rest: Buffer = Buffer.alloc(0);
    let number = 0;
    const line = (bytes: Buffer, isEnded: boolean): TextLine => {
      number += 1;
      return { text: this.#decode(bytes, number), number, isEnded };
    };
    for (let position = 0; ; ) {
      const chunk = await this.#read(position);
      if (chunk.length === 0) break;
      position += chunk.length;
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let end = bytes.indexOf('\n'); end !== -1; end = bytes.indexOf('\n', from)) {
        yield line(bytes.subarray(from, end), true);
        from = end + 1;
      }
      rest = bytes.subarray(from);
      if (rest.length > LONGEST) throw this.#lineTooLong(number + 1);
    }
    if (rest.length > 0) yield line(rest, false);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Looks at the file after reading: what came before a change is good. */
  async #read(position: number): Promise<Buffer> {
    let state: string;
    let chunk: Buffer;
    try {
      chunk = await readAt(this.#file, Buffer.allocUnsafe(CHUNK), position);
      state = await stateOf(this.#file);
    } catch (error) {
      throw unreadable(this.shownPath, error);
    }
    if (state === this.#state) return chunk;
    throw new ImportError(
      `${this.shownPath} was written to while it was imported: import it again when nobody writes to it`,
    );
  }

  #decode(bytes: Buffer, number: number): string {
    if (bytes.length > LONGEST) throw this.#lineTooLong(number);
    try {
      // It leaves out a byte order mark.
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return text.endsWith('\r') ? text.slice(0, -1) : text;
    } catch {
      throw new ImportError(`${this.shownPath}, line ${number}: this is not a text in UTF-8`);
    }
  }

  #lineTooLong(number: number): ImportError {
    return new ImportError(`${this.shownPath}, line ${number}: it is longer than any line of a file of users`);
  }
}

/** What to say of a file that cannot be read. */
export function unreadable(path: string, cause: unknown): ImportError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reasons: Partial<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    // What a socket says, such as standard input may be one.
    ENXIO: 'it is no regular file: pipe it in, to "import -"',
  };
  return new ImportError(`cannot read ${path}: ${reasons[code as string] ?? message}`, { cause });
}

/** Each write changes the time. Which file it is does not change while it is open, whatever is put at its path. */
async function stateOf(file: FileHandle): Promise<string> {
  const { size, mtimeNs } = await file.stat({ bigint: true });
  return `${size},${mtimeNs}`;
}
