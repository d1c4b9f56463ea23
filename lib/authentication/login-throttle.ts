import { BoundedCache } from './bounded-cache.js';
import { FailureLimits, type Reservation, type ThrottledAttempt } from './failure-limits.js';
import { shortKey } from './rate-limiter.js';

export interface LoginThrottleOptions {
  /** The number of failures of a client at one user in a window. 0 throttles nothing. */
  readonly failureLimit: number;
  /** Milliseconds; 0 throttles nothing. */
  readonly failureWindow: number;
}

/**
 * The number of attempts at one user that may overtake strangers at a time. A user who is known from many addresses could
 * fill the queue of known clients with its own attempts.
 */
const MAX_PREFERRED = 10;

/** The permission to verify an attempt. */
export interface Admission extends Pick<Reservation, 'begin'> {
  /** Whether the attempt overtakes strangers, because the client was let in as this user before. */
  readonly isKnown: boolean;
}

/**
 * Limits how often passwords can be guessed, for unknown names as well.
 *
 * No user is locked out by others: for a client that was let in as the user before, only its own failures at that user
 * count.
 */
export class LoginThrottle {
  readonly #limits: FailureLimits | undefined;
  readonly #known = new KnownClients();
  /** For each user, the number of running attempts that overtake strangers. */
  readonly #preferred = new Map<string, number>();

  constructor({ failureLimit, failureWindow }: LoginThrottleOptions) {
    if (failureLimit > 0 && failureWindow > 0) this.#limits = new FailureLimits(failureLimit, failureWindow);
  }

  /** Whether failures count. */
  get isOn(): boolean {
    return this.#limits !== undefined;
  }

  /**
   * Verifies an attempt unless there were too many failures, and counts it if it fails.
   *
   * @param verify returns undefined for a failed attempt; an error that it throws does not count as a failure
   * @throws {ThrottledError} there were too many failures; the attempt is not verified
   */
  async attempt<T>(
    attempt: ThrottledAttempt,
    verify: (admission: Admission) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const { client, name } = attempt;
    if (!this.#known.has(client, name)) return this.#verify(attempt, false, verify);
    const preferred = this.#preferred.get(name) ?? 0;
    if (preferred >= MAX_PREFERRED) return this.#verify(attempt, false, verify);
    this.#preferred.set(name, preferred + 1);
    try {
      return await this.#verify(attempt, true, verify);
    } finally {
      const left = (this.#preferred.get(name) as number) - 1;
      if (left === 0) this.#preferred.delete(name);
      else this.#preferred.set(name, left);
    }
  }

  /**
   * Verifies a key or a token as {@link attempt} does, and remembers a client that it lets in. It counts as a user: its failures
   * count for the client, and for the key or the token.
   *
   * @param digest of the key or the token
   */
  async attemptDigest<T>(client: string, digest: string, verify: () => Promise<T | undefined>): Promise<T | undefined> {
    const isGuess = !this.#known.has(client, digest);
    const outcome = await this.attempt({ client, name: digest, digest, isGuess }, verify);
    if (outcome !== undefined) this.remember(client, digest);
    return outcome;
  }

  async #verify<T>(
    attempt: ThrottledAttempt,
    isKnown: boolean,
    verify: (admission: Admission) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const { client, name } = attempt;
    const limits = this.#limits;
    if (limits === undefined) return verify({ isKnown, begin: async () => {} });
    const reservation = await limits[isKnown ? 'reserveForKnown' : 'reserve'](client, name);
    let counts = false;
    try {
      const outcome = await verify({ isKnown, begin: reservation.begin });
      counts = outcome === undefined && !(await limits.isForgiven(attempt));
      return outcome;
    } finally {
      await (counts ? reservation.keep() : reservation.giveBack());
    }
  }

  /**
   * Checks whether an attempt of this client would be verified now. It counts nothing.
   *
   * @throws {ThrottledError} the attempt would not be verified
   */
  async check(client: string, name: string): Promise<void> {
    await this.#limits?.[this.#known.has(client, name) ? 'checkForKnown' : 'check'](client, name);
  }

  /**
   * Lets a client in with a password that needed no verification, and remembers the client. A client that failed too often
   * must not find out that the password is correct.
   *
   * @throws {ThrottledError} there were too many failures
   */
  async admit(client: string, name: string): Promise<void> {
    if (this.#known.has(client, name)) return;
    await this.check(client, name);
    this.remember(client, name);
  }

  /** Remembers that the client was let in as this user. */
  remember(client: string, name: string): void {
    this.#known.add(client, name);
  }

  close(): void {
    this.#known.close();
    this.#limits?.close();
  }
}

/** Milliseconds: 30 days after a user was let in from a new client. */
const KNOWN_FOR = 2_592_000_000;
const MAX_USERS = 20_000;
/** For each user: many addresses of one user do not push out those of others. */
const MAX_CLIENTS = 50;

/** Remembers which clients were let in as which users. */
class KnownClients {
  readonly #clients = new BoundedCache<Set<string>>(KNOWN_FOR, MAX_USERS);

  has(client: string, name: string): boolean {
    return this.#clients.get(shortKey(name))?.has(client) === true;
  }

  add(client: string, name: string): void {
    const key = shortKey(name);
    const clients = this.#clients.get(key) ?? new Set();
    if (clients.has(client)) return;
    const [oldest] = clients;
    if (oldest !== undefined && clients.size >= MAX_CLIENTS) clients.delete(oldest);
    this.#clients.set(key, clients.add(client));
  }

  close(): void {
    this.#clients.close();
  }
}
