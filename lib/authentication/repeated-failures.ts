import { BoundedCache } from './bounded-cache.js';
import { BoundedRateLimiter } from './bounded-rate-limiter.js';
import { shortKey } from './short-key.js';

const MAX_ATTEMPTS = 20_000;

/**
 * Tells a repetition from a guess. A client that repeats one wrong password by itself has guessed once: Java's
 * HttpURLConnection sends it eleven times.
 */
export class RepeatedFailures {
  readonly #attempts: BoundedCache<true>;
  /** Each repetition is verified all the same, so that it takes the work of any attempt: a client has only so many. */
  readonly #allowance: BoundedRateLimiter;

  /**
   * @param allowance repetitions of a client that are no guesses, in a window
   * @param window milliseconds
   */
  constructor(allowance: number, window: number) {
    this.#attempts = new BoundedCache(window, MAX_ATTEMPTS);
    this.#allowance = new BoundedRateLimiter(allowance, window);
  }

  /**
   * Tells whether the same attempt of this client has failed in this window before, and uses up an allowance if it has.
   *
   * @param attempt a digest of name and password
   */
  async isRepetition(client: string, attempt: string): Promise<boolean> {
    const key = shortKey(client, attempt);
    if (this.#attempts.get(key) === true) return (await this.#allowance.take(client)) === 0;
    this.#attempts.set(key, true);
    return false;
  }

  close(): void {
    this.#attempts.close();
    this.#allowance.close();
  }
}
