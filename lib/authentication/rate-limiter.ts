import { hash as digest } from 'node:crypto';
import RateLimiterRes from 'rate-limiter-flexible/lib/RateLimiterRes.js';
import RateLimiterStoreAbstract from 'rate-limiter-flexible/lib/RateLimiterStoreAbstract.js';
import { BoundedCache } from './bounded-cache.js';

/** The number of keys. A full limiter forgets the oldest ones. */
const MAX_KEYS = 20_000;
/** Seconds between two removals of expired keys. */
const CHECK_EVERY = 60;

interface Counter {
  points: number;
  /** In milliseconds of `Date.now()`. */
  readonly expires: number;
}

/**
 * rate-limiter-flexible with a bounded memory: its own memory store grows with each new key. The class that its stores
 * extend is not public, so package.json pins the version.
 */
export class BoundedRateLimiter extends RateLimiterStoreAbstract<Counter> {
  readonly #counters: BoundedCache<Counter>;

  /** @param window milliseconds after the first point of a key, in which the key has so many points */
  constructor(points: number, window: number, maxKeys: number = MAX_KEYS) {
    super({ points, duration: window / 1000 });
    this.#counters = new BoundedCache(window, maxKeys, CHECK_EVERY);
  }

  /** Milliseconds until the key has a point again. 0 if it has one. */
  async waitOf(key: string): Promise<number> {
    const state = await this.get(key);
    return state === null || state.remainingPoints > 0 ? 0 : state.msBeforeNext;
  }

  /** The points that are taken. */
  async pointsOf(key: string): Promise<number> {
    return (await this.get(key))?.consumedPoints ?? 0;
  }

  /**
   * Takes a point if the key has one left.
   *
   * @returns 0 if it was taken; otherwise the milliseconds until the key has a point again
   */
  async take(key: string): Promise<number> {
    try {
      await this.consume(key);
      return 0;
    } catch (refusal) {
      // The library counts a refused point as well.
      await this.giveBack(key);
      return (refusal as RateLimiterRes).msBeforeNext;
    }
  }

  /** Returns a point. */
  async giveBack(key: string): Promise<void> {
    await this.reward(key);
  }

  /** Takes a point even if none is left. */
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
    // A key without used points would take the place of a key that has some.
    if (counter.points <= 0) this.#counters.delete(key);
    // A copy: the library reads it later, when others may have taken points.
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

/** A key of 44 characters for texts of a client, which may have thousands. Different parts make a different key. */
export function shortKey(...parts: readonly string[]): string {
  return digest('sha256', JSON.stringify(parts), 'base64');
}
