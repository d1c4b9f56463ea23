import { constants, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';

/** To open a pipe that nobody writes to would wait for somebody, in a thread that no signal reaches. */
const READ_AT_ONCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Opens for reading, without waiting for anybody. */
export function openAtOnce(path: string): Promise<FileHandle> {
  return open(path, READ_AT_ONCE);
}

/** Reads a pipe as the event loop does, which can be ended at any time. */
export function openPipe(path: string): Readable {
  return new Socket({ fd: openSync(path, READ_AT_ONCE), readable: true, writable: false });
}
