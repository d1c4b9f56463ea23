import type { Writable } from 'node:stream';
import { printable, printableLines, withoutSecrets } from '../safe-text.js';
import { OutputClosedError, RefusedError } from './cli-error.js';
import type { Streams } from './streams.js';

const PROGRAM = 'kapacitor-auth';

/** Where results go, and what is said besides. */
export class Output {
  readonly #streams: Streams;

  constructor(streams: Streams) {
    this.#streams = streams;
  }

  /**
   * Writes a part of the result, and waits until it is taken.
   *
   * @throws {OutputClosedError} nobody reads it any more
   */
  write(text: string): Promise<void> {
    return writeTo(this.#streams.stdout, text);
  }

  /** The result, for programs. A terminal shows it as it is. */
  json(value: unknown): Promise<void> {
    return this.write(`${printable(JSON.stringify(value))}\n`);
  }

  /** What is said besides the result, on standard error: `kapacitor-auth: …`. */
  note(text: string): void {
    this.say(`${PROGRAM}: ${text}`);
  }

  /** Lines on standard error, as they are. */
  say(text: string): void {
    this.#streams.stderr.write(`${printableLines(withoutSecrets(text))}\n`);
  }
}

/**
 * @throws {OutputClosedError} whoever reads it has gone
 * @throws {RefusedError} it cannot be written, such as on a full disk
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
