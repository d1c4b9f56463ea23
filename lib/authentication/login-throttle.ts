import { BoundedCache } from './bounded-cache.js';
import { FailureLimits, type Reservation, type ThrottledAttempt } from './failure-limits.js';
import { shortKey } from './rate-limiter.js';

export interface LoginThrottleOptions {
  /** How many failures a client may have at one user in a window; 0 throttles nothing. */
  readonly failureLimit: number;
  /** Milliseconds; 0 throttles nothing. */
  readonly failureWindow: number;
}

/**
 * How many attempts at one user go before strangers' at a time. A user who is known from many addresses could fill the
 * queue of those who are known with attempts of its own.
 */
const MAX_PREFERRED = 10;

/** An attempt that may be verified. */
export interface Admission extends Pick<Reservation, 'begin'> {
  /** Whether it goes before strangers' attempts: this client has been let in as this user before. */
  readonly isKnown: boolean;
}

/**
 * Bounds how often passwords can be guessed. Whether there is a user of that name makes no difference.
 *
 * Nobody is locked out by what others do: a client that has been let in as a user before is only measured by its own
 * failures at that user.
 */
export class LoginThrottle {
  readonly #limits: FailureLimits | undefined;
  readonly #known = new KnownClients();
  /** Counts each user's attempts under way that go before strangers'. */
  readonly #preferred = new Map<string, number>();

  constructor({ failureLimit, failureWindow }: LoginThrottleOptions) {
    if (failureLimit > 0 && failureWindow > 0) this.#limits = new FailureLimits(failureLimit, failureWindow);
  }

  /** Tells whether failures are counted. */
  get isOn(): boolean {
    return this.#limits !== undefined;
  }

  /**
   * Lets an attempt be verified, if there have not been too many failures, and counts it if it fails.
   *
   * @param verify gives undefined if the attempt failed; what it throws is no failure
   * @throws {ThrottledError} it is not verified
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
   * Looks whether an attempt of this client would be verified now, without counting it.
   *
   * @throws {ThrottledError} it would not
   */
  async check(client: string, name: string): Promise<void> {
    await this.#limits?.[this.#known.has(client, name) ? 'checkForKnown' : 'check'](client, name);
  }

  /**
   * Remembers that a client has been let in as this user, by a password that needed no verification: whoever has failed
   * too often may not find out which password that is.
   *
   * @throws {ThrottledError} it may not be let in
   */
  async admit(client: string, name: string): Promise<void> {
    if (this.#known.has(client, name)) return;
    await this.check(client, name);
    this.remember(client, name);
  }

  /** Remembers that this client has been let in as this user. */
  remember(client: string, name: string): void {
    this.#known.add(client, name);
  }

  close(): void {
    this.#known.close();
    this.#limits?.close();
  }
}

/** Milliseconds: 30 days since a user was let in from a client that was not known. */
const KNOWN_FOR = 2_592_000_000;
const MAX_USERS = 20_000;
/** Of each user: whoever has many addresses does not push out those of others. */
const MAX_CLIENTS = 50;

/** Which clients have been let in as which users. */
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
