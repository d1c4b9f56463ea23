import { now } from '../../clock.js';
import { answerWithin } from '../../promises.js';
import { DEFAULT_STORE_SETTINGS, type StoreSettings, type StoreState } from '../../users/repository.js';
import type { Ask } from './driver.js';

/** Milliseconds. `setTimeout()` fires at once for a longer time. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
/**
 * Milliseconds. Users in memory are compared more often than this while the database answers, so one that was not
 * confirmed while others were is not current enough to be served.
 */
const CONFIRMED_WITHIN = 4_000;

/**
 * Milliseconds between two attempts to reach a database that does not answer. So no request is served from memory for
 * longer than this after the database is back.
 */
export const RETRY_INTERVAL = 50;
/** Milliseconds that requests wait for an attempt. The attempt may take longer. */
const WAIT_AT_MOST = 250;

/**
 * Keeps the state of the database: whether notifications of changes arrive, and whether it answers. They fail
 * independently: an open connection works on when the server accepts no new ones.
 */
export class Availability {
  /** How often listening has been interrupted. */
  interruptions = 0;
  /** Why users cannot be read, undefined while they can. */
  failure: Error | undefined;
  /** One repository may serve several middlewares. */
  readonly #reports = new Set<StoreSettings['report']>();
  #grace: number | undefined;
  #listeningSince = Number.POSITIVE_INFINITY;
  #listenError: Error | undefined;
  /** When the latest answered question was sent, on whichever connection. */
  #lastConfirmation = Number.NEGATIVE_INFINITY;
  /** When users were last read. */
  #lastRead = Number.NEGATIVE_INFINITY;
  #graceEnd: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** Milliseconds: the shortest grace of those that have opened the repository. */
  get grace(): number {
    return this.#grace ?? DEFAULT_STORE_SETTINGS.grace;
  }

  /** Takes the settings of one more middleware. */
  addSettings({ grace, report }: StoreSettings): void {
    this.#grace = Math.min(this.#grace ?? Number.POSITIVE_INFINITY, grace);
    this.#reports.add(report);
  }

  get isListening(): boolean {
    return this.#listeningSince < Number.POSITIVE_INFINITY;
  }

  /** Whether listening has not been interrupted since then. */
  hasListenedSince(time: number): boolean {
    return this.#listeningSince <= time;
  }

  /** Whether the database is known not to answer. */
  get isUnavailable(): boolean {
    return !this.isListening && this.failure !== undefined;
  }

  /** Whether the database does not answer, as opposed to answering with a refusal. */
  get isOutage(): boolean {
    return this.failure !== undefined && isOutage(this.failure);
  }

  /** Whether a user in memory that was confirmed at this time may be served instead of being read. */
  isInGrace(confirmedAt: number, time: number): boolean {
    if (!this.isOutage) return false;
    return time < confirmedAt + this.grace && this.#lastConfirmation < confirmedAt + CONFIRMED_WITHIN;
  }

  /**
   * Users were read.
   *
   * @param askedAt when the question was sent
   */
  succeeded(askedAt: number): void {
    this.#lastRead = now();
    this.#lastConfirmation = Math.max(this.#lastConfirmation, askedAt);
    if (this.failure === undefined) return;
    this.failure = undefined;
    this.report();
  }

  /** Users could not be read. */
  failed(error: Error, askedAt: number): void {
    // Others were read after this question was sent: the failure is this question's alone.
    if (askedAt < this.#lastRead) return;
    this.failure = error;
    this.report();
  }

  /** Notifications arrive, and users were compared. */
  listening(askedAt: number): void {
    this.#lastConfirmation = Math.max(this.#lastConfirmation, askedAt);
    if (this.isListening) return;
    this.#listeningSince = now();
    this.report();
  }

  /** The connection that listens was lost, or could not be made. */
  notListening(error: Error): void {
    this.#listeningSince = Number.POSITIVE_INFINITY;
    this.interruptions += 1;
    this.#listenError = error;
    this.report();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#graceEnd);
  }

  /** Reports the state to every middleware. */
  report(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#graceEnd);
    const graceLeft = this.#lastConfirmation + this.grace - now();
    const state = this.#stateWith(graceLeft);
    if (state === 'grace') {
      // No event marks its end.
      this.#graceEnd = setTimeout(() => this.report(), Math.min(graceLeft + 1, LONGEST_TIMEOUT)).unref();
    }
    const reason = state === 'up' ? undefined : (this.failure ?? this.#listenError)?.message;
    for (const report of this.#reports) report(state, reason);
  }

  #stateWith(graceLeft: number): StoreState {
    if (this.isUnavailable) return graceLeft > 0 && this.isOutage ? 'grace' : 'down';
    return this.isListening && this.failure === undefined ? 'up' : 'degraded';
  }
}

/**
 * Tells an outage from a refusal, such as a missing table or right. Errors without a SQLSTATE come from the network. The
 * SQLSTATE classes 08, 53, 57 and 58, and 55P03, are about connections, resources and the operator's intervention:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
function isOutage({ code = '' }: NodeJS.ErrnoException): boolean {
  return !/^(?!E)[\dA-Z]{5}$/.test(code) || /^(?:08|53|55P03|57|58)/.test(code);
}

/** The SQLSTATE of `read_only_sql_transaction`, with which a standby refuses LISTEN. */
const READ_ONLY = '25006';

/** Tells whether an error came from a standby. */
export function isFromStandby(error: NodeJS.ErrnoException | undefined): boolean {
  return error?.code === READ_ONLY;
}

/** @throws an error with a standby's SQLSTATE if the server is one: its answers may be outdated */
export async function expectPrimary(ask: Ask): Promise<void> {
  const { rows } = await ask({ text: 'SELECT pg_is_in_recovery()::text AS is_standby' });
  if (rows[0]?.['is_standby'] !== 'true') return;
  throw Object.assign(new Error('the server has become a standby'), { code: READ_ONLY });
}

/** Tries a database again that does not answer: when a request needs it, and with one attempt at a time for all requests. */
export class Reconnection {
  readonly #ask: Ask;
  readonly #onFailure: (error: Error, askedAt: number) => void;
  #triedAt = Number.NEGATIVE_INFINITY;
  #isTrying = false;
  #attempt: Promise<void> = Promise.resolve();

  /** @param onFailure called if the server does not answer, or is a standby */
  constructor(ask: Ask, onFailure: (error: Error, askedAt: number) => void) {
    this.#ask = ask;
    this.#onFailure = onFailure;
  }

  /**
   * Makes an attempt unless there has been one recently, or joins the one under way.
   *
   * @param read called if the server answers; reports its own failure
   * @returns a promise that is resolved when the attempt has ended or has taken too long; undefined if there is nothing
   *   to wait for
   */
  try(read: () => Promise<unknown>): Promise<void> | undefined {
    const time = now();
    if (!this.#isTrying) {
      if (time < this.#triedAt + RETRY_INTERVAL) return undefined;
      this.#triedAt = time;
      this.#isTrying = true;
      const attempt = this.#reach(time, read).finally(() => {
        this.#isTrying = false;
      });
      this.#attempt = answerWithin(WAIT_AT_MOST, attempt).catch(() => {});
    }
    return time < this.#triedAt + WAIT_AT_MOST ? this.#attempt : undefined;
  }

  async #reach(time: number, read: () => Promise<unknown>): Promise<void> {
    try {
      await expectPrimary(this.#ask);
    } catch (error) {
      this.#onFailure(error as Error, time);
      return;
    }
    await read();
  }
}
