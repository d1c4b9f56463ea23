import { close, write } from 'node:fs';
import { promisify } from 'node:util';
import { now } from '../clock.js';
import { answerWithin } from '../promises.js';
import { type FoundFile, isAt, type OpenedFile, openAgain } from './opened-file.js';

const closeFile = promisify(close);
const writeFile = promisify(write);

/** Bytes of lines that wait, besides at most as many that are being written. */
const MAX_WAITING = 4 * 1024 * 1024;
/** Milliseconds after which a write that failed is tried again. */
const RETRY_AFTER = 250;
/** Milliseconds in which the path is not looked at again. */
const LOOK_EVERY = 1_000;
/** Milliseconds that closing takes at most. */
const CLOSE_WITHIN = 1_000;

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

export interface LineFileOptions {
  /** Called when lines could not be written, or not where they should be. They stay, and are tried again. */
  readonly onFailure: () => void;
  /** Called when lines have been written. */
  readonly onWritten: () => void;
}

/**
 * Appends lines to a file, one write at a time, and makes nobody wait: what comes meanwhile is kept in memory, up to a
 * bound. When the file was moved or removed, one is opened at its path. Only a write that is under way keeps the process
 * alive.
 */
export class LineFile {
  readonly #path: string;
  readonly #options: LineFileOptions;
  #file: OpenedFile;
  #waiting: string[] = [];
  #waitingBytes = 0;
  /** Whole lines, which are written from `#offset` on. */
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

  /** Why lines are not written, or not where they should be. Undefined while all is well. */
  get failure(): string | undefined {
    return this.#writeFailure ?? this.#openFailure;
  }

  /** How many lines have been taken and are not written. */
  countUnwritten(): number {
    let count = this.#waiting.length;
    // A loop over the bytes would take many times as long.
    for (let end = this.#batch.indexOf(NEWLINE, this.#offset); end >= 0; end = this.#batch.indexOf(NEWLINE, end + 1))
      count++;
    return count;
  }

  /** Takes a line, which ends in a newline; or does not, when too much waits already. */
  write(line: string): boolean {
    const size = Buffer.byteLength(line);
    if (this.#waitingBytes + size > MAX_WAITING) return false;
    this.#waiting.push(line);
    this.#waitingBytes += size;
    if (this.#retry === undefined) this.#writeAll();
    return true;
  }

  /**
   * Writes what waits, if it can be written now and within a second, and closes the file. Nothing is to be written from
   * here on.
   */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#retry);
    const closed = this.#writeAll().then(() => closeFile(this.#file.descriptor));
    // A write that hangs cannot be taken back: the file is closed when it returns.
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
    // A disk that is almost full takes a part.
    if (this.#offset < this.#batch.length) return;
    this.#batch = NOTHING;
    this.#offset = 0;
    this.#writeFailure = undefined;
    this.#options.onWritten();
  }

  /**
   * No signal is needed to rotate the file, as with Python's WatchedFileHandler:
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
      // The lines go on in the file that was moved: better there than nowhere.
      this.#openFailure = `it was moved, and a new one cannot be opened: ${(error as Error).message}`;
      this.#options.onFailure();
      return;
    }
    this.#openFailure = undefined;
    closeFile(this.#file.descriptor).catch(() => {});
    this.#file = next;
    // A line that was begun in the other file is written again from its start.
    this.#offset = this.#batch.subarray(0, this.#offset).lastIndexOf(NEWLINE) + 1;
  }
}
