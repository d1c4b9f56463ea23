import type { ReadStream, WriteStream } from 'node:tty';

/** Standard input, output and error. Each is a terminal, a pipe or a file: `isTTY` tells. */
export interface Streams {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream & { readonly fd: number };
  readonly stderr: WriteStream;
}

/** The stream that a question can be put on, if there is somebody to answer it. */
export function questionStream({ stdin, stdout, stderr }: Streams): WriteStream | undefined {
  if (!stdin.isTTY) return undefined;
  if (stderr.isTTY) return stderr;
  return stdout.isTTY ? stdout : undefined;
}
