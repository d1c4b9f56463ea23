import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { now } from '../clock.js';
import { warn } from '../warnings.js';
import { auditLine } from './audit-record.js';
import { type LoggedEvent, lastEvents } from './last-events.js';
import { LineFile } from './line-file.js';
import { openNow } from './opened-file.js';

/** Milliseconds between two warnings of lost events. */
const WARN_EVERY = 60_000;
/** Milliseconds before a warning, in which the disk may recover and lost events are counted. */
const WARN_AFTER = 1_000;

/** The reason if no write fails. */
const TOO_SLOW = 'it is too slow';

/**
 * Appends audit events to a file, each as a line of JSON. Nothing waits for the file, and at most some MiB are kept in
 * memory: when the disk is full or too slow, events are dropped and counted. A new file is readable only by its owner.
 */
export class AuditLog {
  readonly #path: string;
  readonly #file: LineFile;
  /** Dropped events that no line of the file reports yet. */
  #dropped = 0;
  /** Lost events that no warning reports yet. */
  #lost = 0;
  #reason = TOO_SLOW;
  #warnedAt = Number.NEGATIVE_INFINITY;
  #warning: NodeJS.Timeout | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  /** @throws {ConfigError} The file cannot be opened. The message has the path, the reason, and what to do. */
  constructor(path: string) {
    this.#path = resolve(path);
    const found = openNow(this.#path);
    if (found.exposure !== undefined) warn('KAPACITOR_AUTH_CONFIG', found.exposure);
    this.#file = new LineFile(this.#path, found, {
      onFailure: () => this.#warnSoon(),
      onWritten: () => this.#reportDropped(),
    });
  }

  /** Writes an event of any name. */
  write(event: string, details: { readonly time: Date }): void {
    if (this.#isClosed || this.#file.write(auditLine(event, details))) return;
    this.#dropped++;
    this.#lost++;
    this.#reason = this.#file.failure ?? this.#reason;
    this.#warnSoon();
  }

  /**
   * The last events in the file, the newest first. Where it has fewer, those of the file that logrotate has made of it follow:
   * `FILE.1`.
   *
   * @throws the file cannot be read
   */
  last(limit: number): Promise<LoggedEvent[]> {
    return lastEvents(this.#path, limit);
  }

  /** Writes the events in memory, for at most a second, and closes the file. Later events are ignored. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // Events call their listeners in the next turn. Those of this turn belong into the file.
    await setImmediate();
    this.#isClosed = true;
    await this.#file.close();
    this.#lost += this.#file.countUnwritten();
    clearTimeout(this.#warning);
    this.#warn();
  }

  #reportDropped(): void {
    if (this.#dropped === 0) return;
    if (this.#file.write(lostLine(this.#dropped))) this.#dropped = 0;
  }

  #warnSoon(): void {
    const wait = Math.max(WARN_AFTER, this.#warnedAt + WARN_EVERY - now());
    this.#warning ??= setTimeout(() => this.#warn(), wait).unref();
  }

  #warn(): void {
    this.#warning = undefined;
    const { failure } = this.#file;
    if (this.#lost === 0 && failure === undefined) return;
    const waiting = this.#isClosed ? '' : `, waiting in memory: ${this.#file.countUnwritten()}`;
    warn(
      'KAPACITOR_AUTH_AUDIT_LOST',
      `audit events lost: ${this.#lost}${waiting}. Cannot write ${this.#path}: ${failure ?? this.#reason}`,
    );
    this.#lost = 0;
    this.#reason = TOO_SLOW;
    this.#warnedAt = now();
  }
}

function lostLine(count: number): string {
  const details = { time: new Date(), count };
  return auditLine('audit-lost', details);
}
