import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isPlainObject } from '../argument-checks.js';

/** Bytes that are read at once. */
const CHUNK = 65_536;
/** Bytes that are read of one file at most. A thousand events have some 300 kB. */
const MAX_READ = 8 * 1024 * 1024;
const NEWLINE = 0x0a;
/** Opening a named pipe without O_NONBLOCK would wait for a writer in a thread that no signal reaches. */
const READ_AT_ONCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** An event as a line of an audit log has it. */
export type LoggedEvent = Readonly<Record<string, unknown>>;

/**
 * Reads the last events of an audit log, the newest first. After a rotation the earlier ones are in `PATH.1`, as logrotate calls
 * it. A line that is no event is left out, such as one that a killed process has left unfinished.
 *
 * @param limit events at most
 * @throws the file is no regular file, or cannot be read. One that is not there has no events
 */
export async function lastEvents(path: string, limit: number): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  for (const each of [path, `${path}.1`]) {
    if (events.length >= limit) break;
    await readBackwards(each, (line) => {
      const event = parseEvent(line);
      if (event !== undefined) events.push(event);
      return events.length < limit;
    });
  }
  return events;
}

function parseEvent(line: string): LoggedEvent | undefined {
  // An exception takes long, and a file may have millions of empty lines.
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isPlainObject(value) && typeof value['event'] === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Gives the lines of a file to `take`, the last one first, until it returns false. */
async function readBackwards(path: string, take: (line: string) => boolean): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, READ_AT_ONCE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const stats = await file.stat();
    let rest: Buffer = Buffer.alloc(0);
    if (!stats.isFile()) throw new Error('it is no regular file');
    const end = stats.size;
    for (let position = end; position > 0 && end - position < MAX_READ; ) {
      const length = Math.min(CHUNK, position);
      position -= length;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
      rest = Buffer.concat([buffer.subarray(0, bytesRead), rest]);
      let newline = rest.lastIndexOf(NEWLINE);
      for (; newline !== -1; newline = rest.lastIndexOf(NEWLINE)) {
        if (!take(rest.toString('utf8', newline + 1))) return;
        rest = rest.subarray(0, newline);
      }
    }
    take(rest.toString('utf8'));
  } finally {
    await file.close();
  }
}
