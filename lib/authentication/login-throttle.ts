import { type Attempting, FailureLimits, type Reservation, type ThrottledAttempt } from './failure-limits.js';
import { KnownClients } from './known-clients.js';
import type { SharedCounts } from './shared-counts.js';

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
  readonly #known: KnownClients;
  readonly #counts: SharedCounts | undefined;
  /** For each user, the number of running attempts that overtake strangers. */
  readonly #preferred = new Map<string, number>();

  /** @param counts what the processes of a store count together. Undefined: this one counts for itself */
  constructor({ failureLimit, failureWindow }: LoginThrottleOptions, counts?: SharedCounts) {
    const isOn = failureLimit > 0 && failureWindow > 0;
    this.#counts = counts;
    if (isOn) this.#limits = new FailureLimits(failureLimit, failureWindow, counts);
    this.#known = new KnownClients(isOn ? counts : undefined);
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
    const { name } = attempt;
    if (!(await this.#isKnown(attempt))) return this.#verify(attempt, false, verify);
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
    const attempting: Attempting = { client, name: digest, isSecret: true };
    const isGuess = !(await this.#isKnown(attempting));
    const outcome = await this.attempt({ ...attempting, digest, isGuess }, async ({ begin }) => {
      await begin();
      return verify();
    });
    if (outcome !== undefined) this.#remember(attempting);
    return outcome;
  }

  async #verify<T>(
    attempt: ThrottledAttempt,
    isKnown: boolean,
    verify: (admission: Admission) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const limits = this.#limits;
    if (limits === undefined) return verify({ isKnown, begin: async () => {} });
    const reservation = await limits[isKnown ? 'reserveForKnown' : 'reserve'](attempt);
    let outcome: T | undefined;
    try {
      outcome = await verify({ isKnown, begin: () => reservation.begin() });
    } catch (error) {
      await reservation.cancel();
      throw error;
    }
    const counts = outcome === undefined && !(await limits.isForgiven(attempt));
    await (counts ? reservation.keep() : reservation.giveBack());
    return outcome;
  }

  /**
   * Checks whether an attempt of this client would be verified now. It counts nothing.
   *
   * @throws {ThrottledError} the attempt would not be verified
   */
  async check(client: string, name: string): Promise<void> {
    const attempting: Attempting = { client, name };
    await this.#limits?.[(await this.#isKnown(attempting)) ? 'checkForKnown' : 'check'](attempting);
  }

  /**
   * Lets a client in with a password that needed no verification, and remembers the client. A client that failed too often
   * must not find out that the password is correct.
   *
   * @throws {ThrottledError} there were too many failures
   */
  async admit(client: string, name: string): Promise<void> {
    if (await this.#isKnown({ client, name })) return;
    await this.#limits?.check({ client, name });
    this.remember(client, name);
  }

  /** Remembers that the client was let in as this user. */
  remember(client: string, name: string): void {
    this.#remember({ client, name });
  }

  close(): void {
    this.#known.close();
    this.#limits?.close();
    this.#counts?.close();
  }

  async #isKnown({ client, name, isSecret = false }: Attempting): Promise<boolean> {
    return isSecret ? this.#known.has(client, name) : this.#known.find(client, name);
  }

  #remember({ client, name, isSecret = false }: Attempting): void {
    this.#known.add(client, name, !isSecret);
  }
}
