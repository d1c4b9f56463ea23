import { BoundedCache } from './bounded-cache.js';
import { FailureLimit, refuseIf } from './failure-limit.js';
import { BoundedRateLimiter, shortKey } from './rate-limiter.js';
import type { SharedCounts } from './shared-counts.js';

/** A client may have so many times more failures at all users, and a user from all clients. */
const WIDER = 10;

/** The points that an attempt holds until its outcome is known. Each of the methods that end it is called at most once. */
export interface Reservation {
  /**
   * Runs when the verification begins. Others may have failed while the attempt waited.
   *
   * @throws {ThrottledError} there were too many failures meanwhile
   */
  begin(): Promise<void>;
  /**
   * Counts the attempt as a failure.
   *
   * @throws {ThrottledError} other processes counted too many failures meanwhile: the client must not learn the outcome
   */
  keep(): Promise<void>;
  /**
   * Returns the points of an attempt that does not count.
   *
   * @throws {ThrottledError} as {@link keep} does
   */
  giveBack(): Promise<void>;
  /** Returns the points of an attempt that was not verified. */
  cancel(): Promise<void>;
}

/** The client and the user of an attempt to log in. */
export interface Attempting {
  /** See {@link clientNetwork}. */
  readonly client: string;
  readonly name: string;
  /**
   * Whether the name is a key or a token, by its digest. Nothing of it leaves the process: somebody may have sent a password
   * in its place.
   */
  readonly isSecret?: boolean;
}

/** An attempt to log in. */
export interface ThrottledAttempt extends Attempting {
  /** A digest of name and password. Repetitions of the same failed attempt count once. */
  readonly digest: string;
  /** False for a password that was correct until lately. */
  readonly isGuess: boolean;
}

/** Limits the number of failures in a window of time. */
export class FailureLimits {
  /** Failures of a client at a user. Running attempts count too, so that parallel guesses gain nothing. */
  readonly #pair: FailureLimit;
  /** Failures of a client at all users. Running attempts do not count: many users may share an address. */
  readonly #client: FailureLimit;
  /** Failures of all clients at a user. */
  readonly #user: FailureLimit;
  /** The attempts at a user beyond that limit: logins get slow, and do not stop. */
  readonly #trickle: FailureLimit;
  readonly #repeated: RepeatedFailures;
  /** Failures of a client at a user with passwords that were correct until lately: see {@link isForgiven}. */
  readonly #former: BoundedRateLimiter;

  /**
   * @param window milliseconds
   * @param counts undefined: the processes of a store do not share their counts
   */
  constructor(limit: number, window: number, counts: SharedCounts | undefined) {
    const wider = limit * WIDER;
    this.#pair = new FailureLimit({ name: 'pair', points: limit, window }, counts);
    this.#client = new FailureLimit({ name: 'client', points: wider, window }, counts);
    this.#user = new FailureLimit({ name: 'user', points: wider, window }, counts);
    this.#trickle = new FailureLimit({ name: 'trickle', points: 1, window: window / limit }, counts);
    this.#repeated = new RepeatedFailures(wider, window);
    this.#former = new BoundedRateLimiter(limit, window);
  }

  /**
   * For a client that was let in as this user before. Only its own failures at this user count.
   *
   * @throws {ThrottledError} there were too many failures
   */
  reserveForKnown({ client, name, isSecret }: Attempting): Promise<Reservation> {
    return this.#pair.reserve(shortKey(client, name), !isSecret);
  }

  /**
   * For any other client. The store is not asked before the verification begins: so a flood of attempts asks it no more often
   * than passwords are hashed.
   *
   * @throws {ThrottledError} there were too many failures
   */
  async reserve(attempting: Attempting): Promise<Reservation> {
    const { client, name, isSecret = false } = attempting;
    const pair = await this.reserveForKnown(attempting);
    const user = shortKey(name);
    let trickle: Reservation | undefined;
    const slowDown = async (isSlow: boolean) => {
      if (isSlow) trickle ??= await this.#trickle.reserve(user, !isSecret);
    };
    const cancel = async () => {
      await pair.cancel();
      await trickle?.cancel();
    };
    try {
      await slowDown(await this.#isKnownSlow(client, user));
    } catch (refusal) {
      await cancel();
      throw refusal;
    }
    return {
      cancel,
      begin: async () => {
        await pair.begin();
        await slowDown(await this.#isSlow(client, user, isSecret));
        await trickle?.begin();
      },
      keep: async () => {
        const counted = [this.#client.count(shortKey(client)), this.#user.count(user, !isSecret)];
        await Promise.all([pair.keep(), trickle?.keep(), ...counted]);
      },
      giveBack: async () => {
        await pair.giveBack();
        await trickle?.giveBack();
      },
    };
  }

  /**
   * Checks whether an attempt would be verified now. It counts nothing.
   *
   * @throws {ThrottledError} there were too many failures
   */
  async check(attempting: Attempting): Promise<void> {
    await this.checkForKnown(attempting);
    const { client, name } = attempting;
    const user = shortKey(name);
    if (await this.#isSlow(client, user, false)) refuseIf(await this.#trickle.waitOf(user));
  }

  /**
   * Does the same for a client that was let in as this user before.
   *
   * @throws {ThrottledError} there were too many failures
   */
  async checkForKnown({ client, name }: Attempting): Promise<void> {
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
  async #isSlow(client: string, user: string, isSecret: boolean): Promise<boolean> {
    const [ofClient, ofUser] = await Promise.all([
      this.#client.waitOf(shortKey(client)),
      isSecret ? this.#user.knownWaitOf(user) : this.#user.waitOf(user),
    ]);
    refuseIf(ofClient);
    return ofUser > 0;
  }

  /** The same, as far as this process knows. */
  async #isKnownSlow(client: string, user: string): Promise<boolean> {
    refuseIf(await this.#client.knownWaitOf(shortKey(client)));
    return (await this.#user.knownWaitOf(user)) > 0;
  }
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
