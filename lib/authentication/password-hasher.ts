import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import PQueue, { type Queue } from 'p-queue';
import { OverloadedError } from '../errors.js';
import { asKnownVariant, costOf, maxLoginCost } from '../users/bcrypt-hash.js';
import { FairQueue, type FairQueueOptions } from './fair-queue.js';

/** Milliseconds. A verification that has not begun by then is given up. */
const MAX_WAIT = 3_000;
/** After a failed verification, nothing is verified for so many times its duration, and for so many milliseconds at most. */
const REST = 2;
const MAX_REST = 1_000;
/** Milliseconds. */
const ONE_HOUR = 3_600_000;
/** Seconds, for the `Retry-After` of a refused request. */
const RETRY_AFTER = 5;

type HashingQueue = Queue<() => Promise<unknown>, FairQueueOptions>;

export interface HashingBudget {
  /** The cost of new hashes. bcrypt runs 2 to the power of the cost rounds. */
  readonly cost: number;
  /** The number of passwords that are hashed at once. */
  readonly concurrency: number;
  /** The number of passwords that may wait, for known clients and for strangers each. Running ones do not count. */
  readonly maxQueue: number;
}

/** The hashing or the verification of one password. */
export interface HashingWork {
  readonly operation: 'hash' | 'verify';
  /** Milliseconds in the queue. */
  readonly waited: number;
  /** Milliseconds in bcrypt. */
  readonly took: number;
}

/**
 * Runs bcrypt in the thread pool. A limited number runs at once, which leaves a thread to the rest of the app. A limited
 * number waits, for a limited time.
 */
export class PasswordHasher {
  /** The cost of new hashes. */
  readonly cost: number;
  /** Stored hashes of a higher cost are not verified. */
  readonly maxCost: number;
  /** A hash that no password has, to verify against if there is no user. */
  readonly dummyHash: string;
  readonly #maxQueue: number;
  readonly #queue: PQueue<HashingQueue, FairQueueOptions>;
  readonly #onWork: (work: HashingWork) => void;

  /** @param onWork receives each finished hashing and verification */
  constructor({ cost, concurrency, maxQueue }: HashingBudget, onWork: (work: HashingWork) => void = () => {}) {
    this.#onWork = onWork;
    this.cost = cost;
    this.maxCost = maxLoginCost(cost);
    this.dummyHash = dummyHash(cost);
    this.#maxQueue = maxQueue;
    this.#queue = new PQueue({ concurrency, queueClass: FairQueue as unknown as new () => HashingQueue });
  }

  /** Whether a login may verify this stored hash. */
  canVerify(hash: string): boolean {
    const cost = costOf(hash);
    return cost !== undefined && cost <= this.maxCost;
  }

  /**
   * Hashes a new password, in the queue of known clients.
   *
   * @param isPatient false for requests that a user can repeat without end: they are given up after 3 seconds
   * @throws {OverloadedError} too many passwords wait, or the hashing was given up
   */
  hash(password: string, { isPatient = true }: { isPatient?: boolean } = {}): Promise<string> {
    const since = performance.now();
    const work = () => this.#timed('hash', since, () => bcrypt.hash(password, this.cost));
    return isPatient ? this.#enqueue({ isKnown: true }, work) : this.#enqueueForAWhile(true, work);
  }

  /**
   * Returns the password that the hash is of, or undefined. A failure is followed by a pause of twice its duration, so that
   * guesses take at most a third of bcrypt's time.
   *
   * @param isKnown whether the client was let in before; known clients do not wait for strangers
   * @param begin runs when the turn has come; an error that it throws ends the verification
   * @throws {OverloadedError} too many passwords wait, or this one has waited for 3 seconds
   */
  verify(
    passwords: readonly string[],
    hash: string,
    { isKnown = false, begin = async () => {} }: { isKnown?: boolean; begin?: () => Promise<void> } = {},
  ): Promise<string | undefined> {
    const since = performance.now();
    return new Promise((resolve, reject) => {
      const verify = async () => {
        await begin();
        const from = performance.now();
        const password = await this.#timed('verify', since, () => findPassword(passwords, hash));
        resolve(password);
        if (password === undefined) await sleep(restAfter(performance.now() - from), undefined, { ref: false });
      };
      this.#enqueueForAWhile(isKnown, verify).catch(reject);
    });
  }

  /** @throws {OverloadedError} too many passwords wait: another one could not be hashed */
  requireRoom(): void {
    this.#requireRoomFor(true);
  }

  #requireRoomFor(isKnown: boolean): void {
    if (this.queueLength(isKnown) >= this.#maxQueue) throw new OverloadedError(RETRY_AFTER);
  }

  /** The number of waiting passwords. */
  queueLength(isKnown: boolean): number {
    return this.#queue.sizeBy({ isKnown });
  }

  async #timed<T>(operation: HashingWork['operation'], since: number, work: () => Promise<T>): Promise<T> {
    const from = performance.now();
    const result = await work();
    this.#onWork({ operation, waited: from - since, took: performance.now() - from });
    return result;
  }

  /** Gives up work that has not begun after {@link MAX_WAIT}. */
  #enqueueForAWhile<T>(isKnown: boolean, work: () => Promise<T>): Promise<T> {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(new OverloadedError(RETRY_AFTER)), MAX_WAIT).unref();
    const begin = () => {
      clearTimeout(timer);
      return work();
    };
    return this.#enqueue({ isKnown, signal: patience.signal }, begin).finally(() => clearTimeout(timer));
  }

  async #enqueue<T>(options: FairQueueOptions & { isKnown: boolean }, work: () => Promise<T>): Promise<T> {
    this.#requireRoomFor(options.isKnown);
    const waiting = keepProcessAlive();
    const begin = () => {
      clearInterval(waiting);
      return work();
    };
    return this.#queue.add(begin, options).finally(() => clearInterval(waiting));
  }
}

/** Until the interval is cleared. Somebody waits for the password, and the pause before it alone lets the process end. */
function keepProcessAlive(): NodeJS.Timeout {
  return setInterval(() => {}, ONE_HOUR);
}

function restAfter(milliseconds: number): number {
  return Math.min(REST * milliseconds, MAX_REST);
}

async function findPassword(passwords: readonly string[], hash: string): Promise<string | undefined> {
  for (const password of passwords) {
    if (await bcrypt.compare(password, asKnownVariant(hash))) return password;
  }
  return undefined;
}

/** A salt of this cost, and a digest that no password has. */
function dummyHash(cost: number): string {
  const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const digest = Array.from(randomBytes(31), (byte) => alphabet[byte % alphabet.length]).join('');
  return bcrypt.genSaltSync(cost) + digest;
}
