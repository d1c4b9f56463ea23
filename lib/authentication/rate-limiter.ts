import { hash as digest } from 'node:crypto';
import { RateLimiterRes } from 'rate-limiter-flexible';
import RateLimiterStoreAbstract from 'rate-limiter-flexible/lib/RateLimiterStoreAbstract.js';
import { ThrottledError } from '../errors.js';
import { BoundedCache } from './bounded-cache.js';

/** Keys. The oldest go first. */
const MAX_KEYS = 20_000;
/** Seconds. */
const CHECK_EVERY = 60;

interface Counter {
  points: number;
  /** Of `Date.now()`. */
  readonly expires: number;
}

/** rate-limiter-flexible in memory: its own store there grows with each key that it has not seen. */
export class BoundedRateLimiter extends RateLimiterStoreAbstract<Counter> {
  readonly #counters: BoundedCache<Counter>;

  /** @param window milliseconds from the first point of a key on, in which it has so many */
  constructor(points: number, window: number, maxKeys: number = MAX_KEYS) {
    super({ points, duration: window / 1000 });
    this.#counters = new BoundedCache(window, maxKeys, CHECK_EVERY);
  }

  /** How many milliseconds it is until the key has a point again; 0 if it has one. */
  async waitOf(key: string): Promise<number> {
    const state = await this.get(key);
    return state === null || state.remainingPoints > 0 ? 0 : state.msBeforeNext;
  }

  /**
   * Takes a point, if the key has one left.
   *
   * @returns how many milliseconds it is until the key has one again, or 0: it was taken
   */
  async take(key: string): Promise<number> {
    try {
      await this.consume(key);
      return 0;
    } catch (refusal) {
      // What is refused is counted as well, and must not be.
      await this.giveBack(key);
      return (refusal as RateLimiterRes).msBeforeNext;
    }
  }

  /** Gives a point back that was taken. */
  async giveBack(key: string): Promise<void> {
    await this.reward(key);
  }

  /** Takes a point, whether there is one left or not. */
  async count(key: string): Promise<void> {
    await this.penalty(key);
  }

  close(): void {
    this.#counters.close();
  }

  protected override async _get(key: string): Promise<Counter | null> {
    return this.#counters.get(key) ?? null;
  }

  protected override async _upsert(key: string, points: number, milliseconds: number): Promise<Counter> {
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      counter = { points: 0, expires: Date.now() + milliseconds };
      this.#counters.set(key, counter);
    }
    counter.points += points;
    // Keys that have used nothing up would fill the room of those that have.
    if (counter.points <= 0) this.#counters.delete(key);
    // As it is now: it is looked at later, when others have taken points as well.
    return { ...counter };
  }

  protected override _getRateLimiterRes(
    _key: string,
    changedPoints: number,
    { points, expires }: Counter,
  ): RateLimiterRes {
    const left = Math.max(0, this.points - points);
    return new RateLimiterRes(left, Math.max(1, expires - Date.now()), points, points === changedPoints);
  }
}

/** How often a user may change its own password in a window. */
const LIMIT = 10;
/** Milliseconds. */
const WINDOW = 60_000;

/**
 * Bounds the work that users can ask for by changing their own passwords: each change is a hash, and may be a question
 * to a list of refused passwords. Whoever has logged in may do so again and again, on as many connections as it likes.
 */
export class OwnChanges {
  readonly #pending = new Set<string>();
  readonly #limiter = new BoundedRateLimiter(LIMIT, WINDOW);

  /**
   * Makes a change of a user, one at a time.
   *
   * @throws {ThrottledError} another one of this user is under way, or there have been too many
   */
  async run<T>(name: string, change: () => Promise<T>): Promise<T> {
    if (this.#pending.has(name)) throw new ThrottledError(1, 'another change of your password is under way');
    this.#pending.add(name);
    try {
      const wait = await this.#limiter.take(shortKey(name));
      if (wait > 0) throw new ThrottledError(Math.ceil(wait / 1000), 'too many changes of your password');
      return await change();
    } finally {
      this.#pending.delete(name);
    }
  }

  close(): void {
    this.#limiter.close();
  }
}

/** A key of 44 characters for what a client sends, which may have thousands. Other parts make another key, wherever they are divided. */
export function shortKey(...parts: readonly string[]): string {
  return digest('sha256', JSON.stringify(parts), 'base64');
}
