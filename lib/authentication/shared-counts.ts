import { answerWithin, UnderWay } from '../promises.js';
import type { KeyPoints, SharedLimiter, SharedLimits } from '../users/shared-limits.js';
import { BoundedCache } from './bounded-cache.js';
import { shortKey } from './rate-limiter.js';

/** Milliseconds that a login waits for an answer. */
const ANSWER_WITHIN = 2_000;
/** Milliseconds from a failure to the next question, for which no login waits. */
const RETRY_AFTER = 1_000;
/** Milliseconds for which a key without points is refused without a question. */
const REFUSED_FOR = 1_000;
/** The number of such keys. */
const MAX_REFUSED = 20_000;
/** Milliseconds between two sweeps. */
const SWEEP_EVERY = 600_000;
/** A sweep comes earlier after so many points, so that a flood does not fill the store. */
const SWEEP_AFTER_POINTS = 2_000;

/**
 * Counts that the processes of a store share. A process also counts by itself: where the store is slow or away, its own
 * counts are what there is.
 */
export class SharedCounts {
  readonly #limits: SharedLimits;
  readonly #onFailure: (reason: Error) => void;
  readonly #underWay = new UnderWay();
  readonly #refused: BoundedCache<number>[] = [];
  readonly #trial: SharedLimiter;
  readonly #sweeping: NodeJS.Timeout;
  #retry: NodeJS.Timeout | undefined;
  #isAway = false;
  #isClosed = false;
  #pointsSinceSweep = 0;

  /** @param onFailure called when the store does not answer a question, with the reason */
  constructor(limits: SharedLimits, onFailure: (reason: Error) => void) {
    this.#limits = limits;
    this.#onFailure = onFailure;
    this.#trial = limits.limiter({ keyPrefix: 'trial', points: 1, duration: 1 });
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_EVERY).unref();
  }

  /**
   * @param points of a key in a window
   * @param window milliseconds
   */
  counter(keyPrefix: string, points: number, window: number): SharedCounter {
    const refused = new BoundedCache<number>(REFUSED_FOR, MAX_REFUSED, 60);
    this.#refused.push(refused);
    return new SharedCounter(
      this,
      this.#limits.limiter({ keyPrefix, points, duration: wholeSeconds(window) }),
      points,
      refused,
    );
  }

  /**
   * Asks the store. Never rejects: undefined says that the store does not answer. While it does not, no login waits for it
   * again.
   */
  async ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    if (this.#isClosed || this.#isAway) return undefined;
    try {
      return await this.#answer(question);
    } catch (error) {
      this.#failed(error as Error);
      return undefined;
    }
  }

  /** A point was added. */
  added(): void {
    this.#pointsSinceSweep += 1;
    if (this.#pointsSinceSweep >= SWEEP_AFTER_POINTS) this.#sweep();
  }

  /** Stops all timers. Waiting questions have no answer then. */
  close(): void {
    clearInterval(this.#sweeping);
    clearTimeout(this.#retry);
    this.#isClosed = true;
    this.#underWay.close(() => new Error('the user store is closed'));
    for (const refused of this.#refused) refused.close();
  }

  #answer<T>(question: () => Promise<T>): Promise<T> {
    return answerWithin(ANSWER_WITHIN, this.#underWay.wait(question));
  }

  #failed(reason: Error): void {
    if (this.#isClosed) return;
    this.#isAway = true;
    this.#onFailure(reason);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#tryAgain(), RETRY_AFTER).unref();
  }

  /** Finds out whether the store counts again: with a write, because a full disk can still be read. */
  #tryAgain(): void {
    this.#answer(() => this.#trial.set(shortKey('trial'), 1, 1)).then(
      () => {
        this.#isAway = false;
      },
      (error) => this.#failed(error),
    );
  }

  #sweep(): void {
    this.#pointsSinceSweep = 0;
    // The next sweep removes what this one does not.
    void Promise.allSettled([(async () => this.#limits.sweep?.())()]);
  }
}

/** Stores count whole seconds: Redis forgets a part of one, and a column of integers refuses it. */
function wholeSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}

/** Counts points of keys in a store. Where the store does not answer, no key has points, and none is refused. */
export class SharedCounter {
  readonly #counts: SharedCounts;
  readonly #limiter: SharedLimiter;
  readonly #points: number;
  /** The keys that were without points lately, and when their windows end, in milliseconds of `Date.now()`. */
  readonly #refused: BoundedCache<number>;

  constructor(counts: SharedCounts, limiter: SharedLimiter, points: number, refused: BoundedCache<number>) {
    this.#counts = counts;
    this.#limiter = limiter;
    this.#points = points;
    this.#refused = refused;
  }

  /** Milliseconds until the key has a point again, as far as this is known without a question. 0 if it may have one. */
  knownWaitOf(key: string): number {
    const end = this.#refused.get(key);
    return end === undefined ? 0 : Math.max(0, end - Date.now());
  }

  /** The points of a key, and milliseconds until it has one again: 0 if it has. */
  async look(key: string): Promise<{ readonly consumed: number; readonly wait: number }> {
    const found = await this.#counts.ask(() => this.#limiter.get(key));
    return { consumed: found?.consumedPoints ?? 0, wait: this.#waitAt(key, found, this.#points) };
  }

  /**
   * Adds a point.
   *
   * @returns 0 if the key had one left; otherwise the milliseconds until it has a point again. Undefined: the store does not
   *   answer
   */
  async add(key: string): Promise<number | undefined> {
    this.#counts.added();
    const found = await this.#counts.ask(() => this.#limiter.penalty(key));
    return found && this.#waitAt(key, found, this.#points + 1);
  }

  /** Takes a point back. Nobody waits for it. */
  giveBack(key: string): void {
    this.#refused.delete(key);
    void this.#counts.ask(() => this.#limiter.reward(key));
  }

  /**
   * Sets the points of a key to 1.
   *
   * @param window milliseconds from now on
   * @returns whether the store has done so
   */
  async mark(key: string, window: number): Promise<boolean> {
    this.#counts.added();
    const set = async () => {
      await this.#limiter.set(key, 1, wholeSeconds(window));
      return true;
    };
    return (await this.#counts.ask(set)) === true;
  }

  /** @param refusedFrom the points from which on the key is refused */
  #waitAt(key: string, found: KeyPoints | null | undefined, refusedFrom: number): number {
    if (!found || found.consumedPoints < refusedFrom) return 0;
    const wait = Math.max(1, found.msBeforeNext);
    this.#refused.set(key, Date.now() + wait, Math.min(wait, REFUSED_FOR));
    return wait;
  }
}
