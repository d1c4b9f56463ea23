import { ThrottledError } from '../errors.js';
import { BoundedCache } from './bounded-cache.js';
import { BoundedRateLimiter, shortKey } from './rate-limiter.js';

/** A client may have so many times more failures at all users, and a user from all clients. */
const WIDER = 10;

/** The points that an attempt holds until its outcome is known. */
export interface Reservation {
  /**
   * Runs when the verification begins. Others may have failed while the attempt waited.
   *
   * @throws {ThrottledError} there were too many failures meanwhile
   */
  begin(): Promise<void>;
  /** Counts the attempt as a failure. */
  keep(): Promise<void>;
  /** Returns the points. */
  giveBack(): Promise<void>;
}

/** An attempt to log in. */
export interface ThrottledAttempt {
  /** See {@link clientNetwork}. */
  readonly client: string;
  readonly name: string;
  /** A digest of name and password. Repetitions of the same failed attempt count once. */
  readonly digest: string;
  /** False for a password that was correct until lately. */
  readonly isGuess: boolean;
}

/** Limits the number of failures in a window of time. */
export class FailureLimits {
  /** Failures of a client at a user. Running attempts count too, so that parallel guesses gain nothing. */
  readonly #pair: BoundedRateLimiter;
  /** Failures of a client at all users. Running attempts do not count: many users may share an address. */
  readonly #client: BoundedRateLimiter;
  /** Failures of all clients at a user. */
  readonly #user: BoundedRateLimiter;
  /** The attempts at a user beyond that limit: logins get slow, and do not stop. */
  readonly #trickle: BoundedRateLimiter;
  readonly #repeated: RepeatedFailures;
  /** Failures of a client at a user with passwords that were correct until lately: see {@link isForgiven}. */
  readonly #former: BoundedRateLimiter;

  /** @param window milliseconds */
  constructor(limit: number, window: number) {
    this.#pair = new BoundedRateLimiter(limit, window);
    this.#client = new BoundedRateLimiter(limit * WIDER, window);
    this.#user = new BoundedRateLimiter(limit * WIDER, window);
    this.#trickle = new BoundedRateLimiter(1, window / limit);
    this.#repeated = new RepeatedFailures(limit * WIDER, window);
    this.#former = new BoundedRateLimiter(limit, window);
  }

  /**
   * For a client that was let in as this user before. Only its own failures at this user count.
   *
   * @throws {ThrottledError} there were too many failures
   */
  async reserveForKnown(client: string, name: string): Promise<Reservation> {
    const pair = shortKey(client, name);
    refuseIf(await this.#pair.take(pair));
    return { begin: nothing, keep: nothing, giveBack: () => this.#pair.giveBack(pair) };
  }

  /**
   * For any other client.
   *
   * @throws {ThrottledError} there were too many failures
   */
  async reserve(client: string, name: string): Promise<Reservation> {
    const known = await this.reserveForKnown(client, name);
    const user = shortKey(name);
    let isSlow = false;
    const begin = async () => {
      if (isSlow || !(await this.#isSlow(client, user))) return;
      refuseIf(await this.#trickle.take(user));
      isSlow = true;
    };
    const keep = async () => {
      await this.#client.count(client);
      await this.#user.count(user);
    };
    const giveBack = async () => {
      await known.giveBack();
      if (isSlow) await this.#trickle.giveBack(user);
    };
    try {
      await begin();
    } catch (refusal) {
      await giveBack();
      throw refusal;
    }
    return { begin, keep, giveBack };
  }

  /**
   * Checks whether an attempt would be verified now. It counts nothing.
   *
   * @throws {ThrottledError} there were too many failures
   */
  async check(client: string, name: string): Promise<void> {
    await this.checkForKnown(client, name);
    const user = shortKey(name);
    if (await this.#isSlow(client, user)) refuseIf(await this.#trickle.waitOf(user));
  }

  /**
   * Does the same for a client that was let in as this user before.
   *
   * @throws {ThrottledError} there were too many failures
   */
  async checkForKnown(client: string, name: string): Promise<void> {
    refuseIf(await this.#pair.waitOf(shortKey(client, name)));
  }

  /**
   * Whether a failure does not count: the repetition of a failed attempt (see {@link RepeatedFailures}), or a former
   * password. Former passwords are limited as well, because a client can make any number of them: by changing its password,
   * and by writing one in different forms of Unicode.
   */
  async isForgiven({ client, name, digest, isGuess }: ThrottledAttempt): Promise<boolean> {
    if (isGuess) return this.#repeated.isRepetition(client, digest);
    return (await this.#former.take(shortKey(client, name))) === 0;
  }

  close(): void {
    const all = [this.#pair, this.#client, this.#user, this.#trickle, this.#repeated, this.#former];
    for (const each of all) each.close();
  }

  /**
   * Whether there were too many failures at this user.
   *
   * @throws {ThrottledError} there were too many failures of this client
   */
  async #isSlow(client: string, user: string): Promise<boolean> {
    refuseIf(await this.#client.waitOf(client));
    return (await this.#user.waitOf(user)) > 0;
  }
}

async function nothing(): Promise<void> {}

function refuseIf(wait: number): void {
  if (wait > 0) throw new ThrottledError(Math.ceil(wait / 1000));
}

const MAX_ATTEMPTS = 20_000;

/**
 * Tells repetitions from guesses. A client that repeats one wrong password has guessed once: Java's HttpURLConnection sends
 * a wrong password eleven times.
 */
export class RepeatedFailures {
  readonly #attempts: BoundedCache<true>;
  /** A repetition is verified like any attempt, and takes as much work. So a client has a limited number. */
  readonly #allowance: BoundedRateLimiter;

  /**
   * @param allowance the number of a client's repetitions in a window that are not guesses
   * @param window milliseconds
   */
  constructor(allowance: number, window: number) {
    this.#attempts = new BoundedCache(window, MAX_ATTEMPTS);
    this.#allowance = new BoundedRateLimiter(allowance, window);
  }

  /**
   * Whether the same attempt of this client failed in this window before. If so, it uses up an allowance.
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
