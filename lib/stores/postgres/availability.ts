import { now } from '../../clock.js';
import type { StoreSettings, StoreState } from '../../users/repository.js';

/** Milliseconds. A timer with more ends at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
/**
 * Milliseconds. Everybody in memory is asked about this often while the database answers. Who is not, although it has
 * answered others, is not known well enough.
 */
const CONFIRMED_WITHIN = 4_000;

/**
 * What is known of the database: whether changes are heard of, and whether it answers. Both can fail for themselves:
 * a connection that exists goes on when there is none left for others.
 */
export class Availability {
  #listensSince = Number.POSITIVE_INFINITY;
  /** How often hearing has ceased. */
  interruptions = 0;
  /** Why users cannot be read; undefined while they can. */
  failure: Error | undefined;
  readonly #grace: number;
  readonly #report: StoreSettings['report'];
  #deafness: Error | undefined;
  /** When it was asked what it has answered last, on whichever connection. */
  #lastAnswer = Number.NEGATIVE_INFINITY;
  /** When it last answered a question about a user. */
  #answeredAt = Number.NEGATIVE_INFINITY;
  #graceEnd: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param grace milliseconds */
  constructor(grace: number, report: StoreSettings['report']) {
    this.#grace = grace;
    this.#report = report;
  }

  get isListening(): boolean {
    return this.#listensSince < Number.POSITIVE_INFINITY;
  }

  /** Whether changes have been heard of without a break for so many milliseconds. */
  hasListenedFor(milliseconds: number): boolean {
    return this.#listensSince + milliseconds <= now();
  }

  /** Whether it is known that the database does not answer: see {@link Reconnection} for when it is asked again. */
  get isUnavailable(): boolean {
    return !this.isListening && this.failure !== undefined;
  }

  /** Whether the reason is that the database does not answer, and not that it refuses. */
  get isOutage(): boolean {
    return this.failure !== undefined && isOutage(this.failure);
  }

  /** Whether a user in memory, whom the database has confirmed when it was asked then, may be served from there. */
  isGraceFor(confirmedAt: number, time: number): boolean {
    if (!this.isOutage) return false;
    return time < confirmedAt + this.#grace && this.#lastAnswer < confirmedAt + CONFIRMED_WITHIN;
  }

  answered(askedAt: number): void {
    this.#answeredAt = now();
    this.#lastAnswer = Math.max(this.#lastAnswer, askedAt);
    if (this.failure === undefined) return;
    this.failure = undefined;
    this.#tell();
  }

  failed(error: Error, askedAt: number): void {
    // It has answered others meanwhile: this one question was unlucky.
    if (askedAt < this.#answeredAt) return;
    this.failure = error;
    this.#tell();
  }

  hears(askedAt: number): void {
    this.#lastAnswer = Math.max(this.#lastAnswer, askedAt);
    if (this.isListening) return;
    this.#listensSince = now();
    this.#tell();
  }

  deaf(error: Error): void {
    this.#listensSince = Number.POSITIVE_INFINITY;
    this.interruptions += 1;
    this.#deafness = error;
    this.#tell();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#graceEnd);
  }

  #tell(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#graceEnd);
    const graceLeft = this.#lastAnswer + this.#grace - now();
    const state = this.#stateWith(graceLeft);
    if (state === 'grace') {
      // It ends without anything that happens.
      this.#graceEnd = setTimeout(() => this.#tell(), Math.min(graceLeft + 1, LONGEST_TIMEOUT)).unref();
    }
    this.#report(state, state === 'up' ? undefined : (this.failure ?? this.#deafness)?.message);
  }

  #stateWith(graceLeft: number): StoreState {
    if (this.failure !== undefined && !this.isListening) {
      return graceLeft > 0 && this.isOutage ? 'grace' : 'down';
    }
    return this.isListening && this.failure === undefined ? 'up' : 'degraded';
  }
}

/**
 * Tells whether the database did not answer, from an answer that refuses: there is no such table, this user may not read
 * it. Of the codes that PostgreSQL gives, these classes are about connections, resources, and whoever stops it.
 */
function isOutage({ code = '' }: NodeJS.ErrnoException): boolean {
  return !/^(?!E)[\dA-Z]{5}$/.test(code) || /^(?:08|53|55P03|57|58)/.test(code);
}
