import { ThrottledError } from '../errors.js';
import { BoundedRateLimiter } from './bounded-rate-limiter.js';
import { shortKey } from './short-key.js';

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
