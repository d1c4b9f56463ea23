import { type FileHandle, open } from 'node:fs/promises';

/** Bytes that are read at once. */
const BLOCK = 65_536;
/** Bytes that are read of one file. A thousand events have some 300 kB. */
const MAX_READ = 8 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * The last complete lines of a file, the newest first. A line that is still being written, and one beyond 8 MiB, is left out. A
 * file that is not there has none.
 *
 * @throws the file is no regular file, or cannot be read
 */
export async function lastLinesOf(path: string, limit: number): Promise<string[]> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    const state = await file.stat();
    if (!state.isFile()) throw new Error('it is no regular file');
    return linesIn(await tailOf(file, state.size, limit)).slice(0, limit);
  } finally {
    await file.close();
  }
}

/** The end of a file, which begins at a line, and has the given number of complete lines if there are so many. */
async function tailOf(file: FileHandle, size: number, limit: number): Promise<Buffer> {
  let tail = Buffer.alloc(0);
  let start = size;
  let newlines = 0;
  while (start > 0 && newlines <= limit && tail.length < MAX_READ) {
    const length = Math.min(BLOCK, start);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start - length);
    // The file was cut off meanwhile.
    if (bytesRead < length) return tail.subarray(tail.indexOf(NEWLINE) + 1);
    for (let at = buffer.indexOf(NEWLINE); at !== -1; at = buffer.indexOf(NEWLINE, at + 1)) newlines += 1;
    tail = Buffer.concat([buffer, tail]);
    start -= length;
  }
  return start === 0 ? tail : tail.subarray(tail.indexOf(NEWLINE) + 1);
}

function linesIn(tail: Buffer): string[] {
  // The text after the last line end is incomplete, or empty.
  return tail.toString().split('\n').slice(0, -1).reverse();
}
