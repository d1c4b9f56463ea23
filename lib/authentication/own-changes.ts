import { ThrottledError } from '../errors.js';
import { BoundedRateLimiter, shortKey } from './rate-limiter.js';

/** Milliseconds. */
const WINDOW = 60_000;

/** A limit for changes that users could otherwise repeat without end. */
export interface OwnChangesOptions {
  /** Changes in a minute. */
  readonly limit: number;
  /** The message while another change runs. Undefined: changes of a user may run at the same time. */
  readonly underWay?: string | undefined;
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

/** Each session waits for the disk. A user may sign in on several devices at once. */
export const OWN_SESSIONS: OwnChangesOptions = {
  limit: 60,
  tooMany: 'too many new sessions',
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
   * Runs a change. The changes of a user run one at a time if the options have a message for it.
   *
   * @throws {ThrottledError} another change of this user is running, or there were too many
   */
  async run<T>(name: string, change: () => Promise<T>): Promise<T> {
    const { underWay } = this.#options;
    if (underWay === undefined) return this.#runLimited(name, change);
    if (this.#pending.has(name)) throw new ThrottledError(1, underWay);
    this.#pending.add(name);
    try {
      return await this.#runLimited(name, change);
    } finally {
      this.#pending.delete(name);
    }
  }

  close(): void {
    this.#limiter.close();
  }

  async #runLimited<T>(name: string, change: () => Promise<T>): Promise<T> {
    const wait = await this.#limiter.take(shortKey(name));
    if (wait > 0) throw new ThrottledError(Math.ceil(wait / 1000), this.#options.tooMany);
    return change();
  }
}
