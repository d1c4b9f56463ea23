import { ThrottledError } from '../errors.js';
import { BoundedCache } from './bounded-cache.js';
import { BoundedRateLimiter, shortKey } from './rate-limiter.js';

/** How many times as many failures as at one user there may be from one client, and at one user from everywhere. */
const WIDER = 10;

/** What an attempt has used up until it is known whether it is a failure. */
export interface Reservation {
  /**
   * To be called when the verification begins: others may have failed while it waited for that.
   *
   * @throws {ThrottledError} it may not be verified any more
   */
  begin(): Promise<void>;
  /** It is a failure: for this it counts. */
  keep(): Promise<void>;
  /** It is none. */
  giveBack(): Promise<void>;
}

/** Somebody who wants to be let in. */
export interface ThrottledAttempt {
  /** See {@link clientNetwork}. */
  readonly client: string;
  readonly name: string;
  /** A digest of name and password: what is the same failed attempt again counts as one. */
  readonly digest: string;
  /** False for a password that was the user's own until lately. */
  readonly isGuess: boolean;
}

/** How many failures there may be in a window of time. */
export class FailureLimits {
  /** Of a client at a user. What is being verified counts as well: many at once are not more than one by one. */
  readonly #pair: BoundedRateLimiter;
  /** Of a client at all users. What is being verified does not count: many users may come at once from one address. */
  readonly #client: BoundedRateLimiter;
  /** Of all clients at a user. */
  readonly #user: BoundedRateLimiter;
  /** What a user has when that is used up: it gets slow, and does not stop. */
  readonly #trickle: BoundedRateLimiter;
  readonly #repeated: RepeatedFailures;
  /** Counts a client's failures at a user with passwords that were the user's own until lately: see {@link isForgiven}. */
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
   * For an attempt of a client that has been let in as this user before: only its own failures at this user count.
   *
   * @throws {ThrottledError} there have been too many
   */
  async reserveForKnown(client: string, name: string): Promise<Reservation> {
    const pair = shortKey(client, name);
    refuseIf(await this.#pair.take(pair));
    return { begin: nothing, keep: nothing, giveBack: () => this.#pair.giveBack(pair) };
  }

  /**
   * For an attempt of any other client.
   *
   * @throws {ThrottledError} there have been too many failures
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
   * Looks whether an attempt would be let through now, without counting it.
   *
   * @throws {ThrottledError} it would not
   */
  async check(client: string, name: string): Promise<void> {
    await this.checkForKnown(client, name);
    const user = shortKey(name);
    if (await this.#isSlow(client, user)) refuseIf(await this.#trickle.waitOf(user));
  }

  /**
   * The same for a client that has been let in as this user before.
   *
   * @throws {ThrottledError} it would not
   */
  async checkForKnown(client: string, name: string): Promise<void> {
    refuseIf(await this.#pair.waitOf(shortKey(client, name)));
  }

  /**
   * Tells whether a failure does not count: that of an attempt which has counted already (see {@link RepeatedFailures}),
   * or that of a former password. Of these a client has so many as well, since it can make any number of them: by changing
   * its password, and by writing one in different forms of Unicode.
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
   * Tells whether there have been too many failures at this user.
   *
   * @throws {ThrottledError} there have been too many from this client
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
