import type { Writable } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { printable, printableLines, withoutSecrets } from '../safe-text.js';
import { OutputClosedError, RefusedError } from './cli-error.js';

/** Standard input, output and error. Each may be a terminal (`isTTY`), a pipe or a file. */
export interface Streams {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream & { readonly fd: number };
  readonly stderr: WriteStream;
}

/** The results of a command go to standard output, and everything else to standard error. */
export class Output {
  readonly #streams: Streams;

  constructor(streams: Streams) {
    this.#streams = streams;
  }

  /**
   * Writes a part of the result. Resolves when it is written.
   *
   * @throws {OutputClosedError} the reader has closed the output
   */
  write(text: string): Promise<void> {
    return writeTo(this.#streams.stdout, text);
  }

  /** Writes the result as JSON. A terminal gets no control characters. */
  json(value: unknown): Promise<void> {
    return this.write(`${printable(JSON.stringify(value))}\n`);
  }

  /** Writes a message to standard error: `kapacitor-auth: …`. */
  note(text: string): void {
    this.say(`kapacitor-auth: ${text}`);
  }

  /** Writes lines to standard error, without secrets. */
  say(text: string): void {
    this.#streams.stderr.write(`${printableLines(withoutSecrets(text))}\n`);
  }
}

/**
 * @throws {OutputClosedError} the reader has closed the stream
 * @throws {RefusedError} the text cannot be written, such as on a full disk
 */
export function writeTo(stream: Writable, text: string | Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (!error) resolve();
      else if ((error as NodeJS.ErrnoException).code === 'EPIPE') reject(new OutputClosedError());
      else reject(new RefusedError(`cannot write the result: ${error.message}`));
    });
  });
}
