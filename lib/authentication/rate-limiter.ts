import { hash as digest } from 'node:crypto';
import { RateLimiterRes } from 'rate-limiter-flexible';
import RateLimiterStoreAbstract from 'rate-limiter-flexible/lib/RateLimiterStoreAbstract.js';
import { ThrottledError } from '../errors.js';
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

/** Milliseconds. */
const WINDOW = 60_000;

/** A limit for changes that users could otherwise repeat without end. */
export interface OwnChangesOptions {
  /** Changes in a minute. */
  readonly limit: number;
  /** The message while another change runs. */
  readonly underWay: string;
  /** The message over the limit. */
  readonly tooMany: string;
}

/** Each change takes a hash and may ask a list of refused passwords. */
const OWN_PASSWORDS: OwnChangesOptions = {
  limit: 10,
  underWay: 'another change of your password is under way',
  tooMany: 'too many changes of your password',
};

/** Each key waits for the disk. */
export const OWN_KEYS: OwnChangesOptions = {
  limit: 20,
  underWay: 'another key of yours is being made',
  tooMany: 'too many new keys',
};

/** Limits how often users make changes that cost the server time, on any number of connections. */
export class OwnChanges {
  readonly #pending = new Set<string>();
  readonly #options: OwnChangesOptions;
  readonly #limiter: BoundedRateLimiter;

  constructor(options: OwnChangesOptions = OWN_PASSWORDS) {
    this.#options = options;
    this.#limiter = new BoundedRateLimiter(options.limit, WINDOW);
  }

  /**
   * Runs a change. The changes of a user run one at a time.
   *
   * @throws {ThrottledError} another change of this user is running, or there were too many
   */
  async run<T>(name: string, change: () => Promise<T>): Promise<T> {
    if (this.#pending.has(name)) throw new ThrottledError(1, this.#options.underWay);
    this.#pending.add(name);
    try {
      const wait = await this.#limiter.take(shortKey(name));
      if (wait > 0) throw new ThrottledError(Math.ceil(wait / 1000), this.#options.tooMany);
      return await change();
    } finally {
      this.#pending.delete(name);
    }
  }

  close(): void {
    this.#limiter.close();
  }
}

/** A key of 44 characters for texts of a client, which may have thousands. Different parts make a different key. */
export function shortKey(...parts: readonly string[]): string {
  return digest('sha256', JSON.stringify(parts), 'base64');
}
