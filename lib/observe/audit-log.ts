import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { now } from '../clock.js';
import { warn } from '../warnings.js';
import { auditLine } from './audit-line.js';
import { LineFile } from './line-file.js';
import { openNow } from './opened-file.js';

/** Milliseconds between two warnings that events are lost. */
const WARN_EVERY = 60_000;
/** Milliseconds in which a disk may recover, and in which what is lost is counted, before it is warned of. */
const WARN_AFTER = 1_000;

/** Why events are lost while no write fails. */
const TOO_SLOW = 'it is too slow';

/**
 * Appends audit events to a file, each as a line of JSON. It makes nobody wait and keeps no more than some MiB in
 * memory: when the disk is slower or full, events are dropped and counted. A file that it makes is its owner's alone.
 */
export class AuditLog {
  readonly #path: string;
  readonly #file: LineFile;
  /** How many events were dropped that the file does not tell of yet. */
  #dropped = 0;
  /** How many events were lost that no warning has told of yet. */
  #lost = 0;
  /** Why, as far as it is known. */
  #reason = TOO_SLOW;
  #warnedAt = Number.NEGATIVE_INFINITY;
  #warning: NodeJS.Timeout | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  /** @throws {ConfigError} the file cannot be opened; says which, why not, and what to do */
  constructor(path: string) {
    this.#path = resolve(path);
    const found = openNow(this.#path);
    if (found.isForEverybody) {
      warn(
        'KAPACITOR_AUTH_CONFIG',
        `anybody on this machine may read or change the audit log ${this.#path}: chmod o= ${this.#path}`,
      );
    }
    this.#file = new LineFile(this.#path, found, {
      onFailure: () => this.#warnSoon(),
      onWritten: () => this.#tellOfDropped(),
    });
  }

  /** Takes an event of any name. */
  write(event: string, details: { readonly time: Date }): void {
    if (this.#isClosed || this.#file.write(auditLine(event, details))) return;
    this.#dropped++;
    this.#lost++;
    this.#reason = this.#file.failure ?? this.#reason;
    this.#warnSoon();
  }

  /** Writes what was taken, for a second at most, and closes the file. What comes later is not written. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // Listeners are called after the work at hand: what has happened by now is to be in the file.
    await setImmediate();
    this.#isClosed = true;
    await this.#file.close();
    this.#lost += this.#file.countUnwritten();
    clearTimeout(this.#warning);
    this.#warn();
  }

  #tellOfDropped(): void {
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
    const waiting = this.#isClosed ? '' : `, and ${this.#file.countUnwritten()} in memory`;
    warn(
      'KAPACITOR_AUTH_AUDIT_LOST',
      `audit events lost: ${this.#lost}${waiting}. ${this.#path} could not be written: ${failure ?? this.#reason}`,
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
