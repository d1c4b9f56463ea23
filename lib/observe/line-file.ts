import { close, write } from 'node:fs';
import { promisify } from 'node:util';
import { now } from '../clock.js';
import { answerWithin } from '../promises.js';
import { type FoundFile, isAt, type OpenedFile, openAgain } from './opened-file.js';

const closeFile = promisify(close);
const writeFile = promisify(write);

/** Bytes of waiting lines. At most as many again are being written. */
const MAX_WAITING = 4 * 1024 * 1024;
/** Milliseconds before a failed write is repeated. */
const RETRY_AFTER = 250;
/** Milliseconds between two checks of the path. */
const LOOK_EVERY = 1_000;
/** Milliseconds. Closing takes no longer. */
const CLOSE_WITHIN = 1_000;

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

export interface LineFileOptions {
  /** Called when lines could not be written, or only to a file that was moved away. They stay in memory until they are written. */
  readonly onFailure: () => void;
  /** Called when lines have been written. */
  readonly onWritten: () => void;
}

/**
 * Appends lines to a file, one write at a time. The caller never waits: lines are kept in memory meanwhile, up to a limit.
 * When the file is moved or removed, a new one is opened at its path. Only a pending write keeps the process alive.
 */
export class LineFile {
  readonly #path: string;
  readonly #options: LineFileOptions;
  #file: OpenedFile;
  #waiting: string[] = [];
  #waitingBytes = 0;
  /** Complete lines. They are written from `#offset` on. */
  #batch: Buffer;
  #offset = 0;
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #lookedAt = now();
  #writeFailure: string | undefined;
  #openFailure: string | undefined;
  #isClosing = false;
  #isGivenUp = false;

  constructor(path: string, file: FoundFile, options: LineFileOptions) {
    this.#path = path;
    this.#file = file;
    this.#options = options;
    this.#batch = file.endsWithinLine ? Buffer.from('\n') : NOTHING;
  }

  /** The reason why lines are not written, or only to a file that was moved away. Otherwise undefined. */
  get failure(): string | undefined {
    return this.#writeFailure ?? this.#openFailure;
  }

  /** The number of lines in memory that are not written yet. */
  countUnwritten(): number {
    let count = this.#waiting.length;
    // indexOf is many times faster than a loop over the bytes.
    for (let end = this.#batch.indexOf(NEWLINE, this.#offset); end >= 0; end = this.#batch.indexOf(NEWLINE, end + 1))
      count++;
    return count;
  }

  /** Takes a line, with its newline. Returns false if too many lines wait already. */
  write(line: string): boolean {
    const size = Buffer.byteLength(line);
    if (this.#waitingBytes + size > MAX_WAITING) return false;
    this.#waiting.push(line);
    this.#waitingBytes += size;
    if (this.#retry === undefined) this.#writeAll();
    return true;
  }

  /** Writes the waiting lines, if that is possible within a second, and closes the file. No lines may follow. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#retry);
    const closed = this.#writeAll().then(() => closeFile(this.#file.descriptor));
    // A write that hangs cannot be cancelled. The file is closed when it returns.
    await answerWithin(CLOSE_WITHIN, closed).catch(() => {});
    this.#isGivenUp = true;
  }

  #writeAll(): Promise<void> {
    if (!this.#isWriting) this.#written = this.#writeBatches();
    return this.#written;
  }

  async #writeBatches(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#hasBatch() && !this.#isGivenUp) {
        await this.#followPath();
        await this.#writeBatch();
      }
    } catch (error) {
      this.#writeFailure = (error as Error).message;
      if (!this.#isClosing) this.#retry = setTimeout(this.#tryAgain, RETRY_AFTER).unref();
      this.#options.onFailure();
    }
    this.#isWriting = false;
  }

  readonly #tryAgain = (): void => {
    this.#retry = undefined;
    this.#writeAll();
  };

  #hasBatch(): boolean {
    if (this.#batch.length > 0) return true;
    this.#batch = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    this.#waitingBytes = 0;
    return this.#batch.length > 0;
  }

  async #writeBatch(): Promise<void> {
    const { bytesWritten } = await writeFile(this.#file.descriptor, this.#batch, this.#offset);
    this.#offset += bytesWritten;
    // A disk that is almost full takes only a part.
    if (this.#offset < this.#batch.length) return;
    this.#batch = NOTHING;
    this.#offset = 0;
    this.#writeFailure = undefined;
    this.#options.onWritten();
  }

  /**
   * Opens a new file after the old one was moved, so that log rotation needs no signal, as with Python's WatchedFileHandler:
   * https://docs.python.org/3/library/logging.handlers.html#watchedfilehandler
   */
  async #followPath(): Promise<void> {
    if (now() - this.#lookedAt < LOOK_EVERY) return;
    this.#lookedAt = now();
    if (await isAt(this.#path, this.#file)) return;
    let next: OpenedFile;
    try {
      next = await openAgain(this.#path);
    } catch (error) {
      // The file that was moved still takes the lines.
      this.#openFailure = `it was moved, and a new one cannot be opened: ${(error as Error).message}`;
      this.#options.onFailure();
      return;
    }
    this.#openFailure = undefined;
    closeFile(this.#file.descriptor).catch(() => {});
    this.#file = next;
    // An incomplete line in the other file is written again from its start.
    this.#offset = this.#batch.subarray(0, this.#offset).lastIndexOf(NEWLINE) + 1;
  }
}
