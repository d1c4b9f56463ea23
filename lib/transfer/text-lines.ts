import { createReadStream } from 'node:fs';
import { ImportError } from './import-error.js';

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

/**
 * The lines of a file in UTF-8, one after the other.
 *
 * @throws {ImportError} it cannot be read, is no such text, or has a line that is too long
 */
export async function* readLines(path: string): AsyncGenerator<TextLine, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  const line = (bytes: Buffer, isEnded: boolean): TextLine => {
    number += 1;
    return { text: decode(bytes, path, number), number, isEnded };
  };
  try {
    for await (const chunk of createReadStream(path)) {
      const bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let end = bytes.indexOf('\n'); end !== -1; end = bytes.indexOf('\n', from)) {
        yield line(bytes.subarray(from, end), true);
        from = end + 1;
      }
      rest = bytes.subarray(from);
      if (rest.length > LONGEST) throw lineTooLong(path, number + 1);
    }
  } catch (error) {
    throw error instanceof ImportError ? error : unreadable(path, error);
  }
  if (rest.length > 0) yield line(rest, false);
}

/** What to say of a file that cannot be read. */
export function unreadable(path: string, cause: unknown): ImportError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reasons: Partial<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder: name a file',
    EACCES: 'permission denied',
  };
  return new ImportError(`cannot read ${path}: ${reasons[code as string] ?? message}`, { cause });
}

function decode(bytes: Buffer, path: string, number: number): string {
  if (bytes.length > LONGEST) throw lineTooLong(path, number);
  try {
    // It leaves out a byte order mark.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  } catch {
    throw new ImportError(`${path}, line ${number}: this is not a text in UTF-8`);
  }
}

function lineTooLong(path: string, number: number): ImportError {
  return new ImportError(`${path}, line ${number}: it is longer than any line of a file of users`);
}
