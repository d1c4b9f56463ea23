import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isPlainObject } from '../argument-checks.js';

/** Bytes that are read at once. */
const CHUNK = 65_536;
/** Bytes. No line of an audit log is as long. */
const MAX_LINE = 1_048_576;
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
 * @throws an error of the file system, unless there is no such file
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
  try {
    const value: unknown = JSON.parse(line);
    return isPlainObject(value) && typeof value['event'] === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Gives the lines of a file to `take`, the last one first, until it returns false. A pipe or a device has none. */
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
    for (let position = stats.isFile() ? stats.size : 0; position > 0 && rest.length <= MAX_LINE; ) {
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
    if (rest.length <= MAX_LINE) take(rest.toString('utf8'));
  } finally {
    await file.close();
  }
}
