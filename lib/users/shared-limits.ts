import type { MaybePromise } from '../promises.js';

/** The prefix of the limiter that remembers from where users have logged in. Its keys are kept for 30 days. */
export const KNOWN_CLIENTS = 'known';

/** The points of a key in its window of time. */
export interface KeyPoints {
  readonly consumedPoints: number;
  /** Milliseconds until the window ends. */
  readonly msBeforeNext: number;
}

/** Which keys a limiter counts, and for how long. */
export interface SharedLimiterOptions {
  /** Keeps the keys of one limiter apart from those of the others. */
  readonly keyPrefix: string;
  /** The points of a key in a window. A limiter counts on beyond them. */
  readonly points: number;
  /** Whole seconds from the first point of a key to the end of its window. */
  readonly duration: number;
}

/** Counts points of keys, atomically for all processes. Every store limiter of rate-limiter-flexible does. */
export interface SharedLimiter {
  /** The points of a key. Null if it has none in a window that has not ended. */
  get(key: string): Promise<KeyPoints | null>;
  /** Adds a point, and begins a window if there is none. */
  penalty(key: string): Promise<KeyPoints>;
  /** Takes a point back. */
  reward(key: string): Promise<KeyPoints>;
  /** Sets the points of a key, whose window begins now and lasts for so many whole seconds. */
  set(key: string, points: number, secDuration: number): Promise<unknown>;
}

/**
 * Counts failed logins for all processes that share a store: the part `limits` of a user repository. A repository may leave
 * it out: each process then counts its own. Its clock is that of the processes.
 *
 * A repository in Redis has this part in one line, with rate-limiter-flexible:
 *
 * ```ts
 * readonly limits = { limiter: (options) => new RateLimiterRedis({ storeClient: redis, ...options }) };
 * ```
 */
export interface SharedLimits {
  /** Creates a limiter. It asks the store nothing yet. Keys have 44 characters, and hold no name and no address. */
  limiter(options: SharedLimiterOptions): SharedLimiter;

  /**
   * Removes the keys whose windows have ended, and the oldest ones of too many. A store that does so by itself leaves it out.
   * It is called now and then. It may take a minute.
   */
  sweep?(): MaybePromise<void>;
}
