import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import PQueue, { type Queue } from 'p-queue';
import { OverloadedError } from '../errors.js';
import { asKnownVariant, costOf, maxLoginCost } from '../users/bcrypt-hash.js';
import { FairQueue, type FairQueueOptions } from './fair-queue.js';

/** Milliseconds. A verification that has not begun by then is given up: whoever asked for it does not wait for ever. */
const MAX_WAIT = 3_000;
/** How many times as long as a verification that failed nothing is verified after it, and how many milliseconds at most. */
const REST = 2;
const MAX_REST = 1_000;
/** Seconds, for those who are sent away. */
const RETRY_AFTER = 5;

type HashingQueue = Queue<() => Promise<unknown>, FairQueueOptions>;

export interface HashingBudget {
  /** bcrypt's: 2 to the power of it are the rounds. */
  readonly cost: number;
  /** How many are hashed at once. */
  readonly concurrency: number;
  /** How many wait for their turn: of strangers, and of those who are known, each. Those whose turn it is do not count. */
  readonly maxQueue: number;
}

/** A password that was hashed or verified. */
export interface HashingWork {
  readonly operation: 'hash' | 'verify';
  /** Milliseconds until its turn came. */
  readonly waited: number;
  /** Milliseconds that bcrypt took. */
  readonly took: number;
}

/**
 * bcrypt in the thread pool, a bounded number at once, which leaves a thread to the rest of the app, and a bounded
 * number that wait, for a bounded time.
 */
export class PasswordHasher {
  /** Of new hashes. */
  readonly cost: number;
  /** The highest cost of a stored hash that is verified. */
  readonly maxCost: number;
  /** A hash of this cost that no password has: what to verify against when there is no user. */
  readonly dummyHash: string;
  readonly #maxQueue: number;
  readonly #queue: PQueue<HashingQueue, FairQueueOptions>;
  readonly #onWork: (work: HashingWork) => void;

  /** @param onWork told of each password that was hashed or verified */
  constructor({ cost, concurrency, maxQueue }: HashingBudget, onWork: (work: HashingWork) => void = () => {}) {
    this.#onWork = onWork;
    this.cost = cost;
    this.maxCost = maxLoginCost(cost);
    this.dummyHash = dummyHash(cost);
    this.#maxQueue = maxQueue;
    this.#queue = new PQueue({ concurrency, queueClass: FairQueue as unknown as new () => HashingQueue });
  }

  /** Tells whether a stored hash is one of bcrypt's that a login may verify. */
  canVerify(hash: string): boolean {
    const cost = costOf(hash);
    return cost !== undefined && cost <= this.maxCost;
  }

  /**
   * The hash of a new password. Those who set passwords are known.
   *
   * @param isPatient false for what a user can ask for again and again: it is given up as a verification is
   * @throws {OverloadedError} too many wait already; without patience also that it has waited for 3 seconds
   */
  hash(password: string, { isPatient = true }: { isPatient?: boolean } = {}): Promise<string> {
    const since = performance.now();
    const work = () => this.#timed('hash', since, () => bcrypt.hash(password, this.cost));
    return isPatient ? this.#enqueue({ isKnown: true }, work) : this.#enqueueForAWhile(true, work);
  }

  /**
   * Tells which of these is the hash's password, if one is. If none is, a rest follows that is twice as long as the work
   * was: those who guess passwords get a third of the time that bcrypt may have.
   *
   * @param isKnown whether it is somebody who has been let in before: they do not wait for strangers
   * @param begin called when its turn has come: what it throws ends it
   * @throws {OverloadedError} too many wait already, or it has waited for 3 seconds
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

  /** How many wait for their turn. */
  queueLength(isKnown: boolean): number {
    return this.#queue.sizeBy({ isKnown });
  }

  async #timed<T>(operation: HashingWork['operation'], since: number, work: () => Promise<T>): Promise<T> {
    const from = performance.now();
    const result = await work();
    this.#onWork({ operation, waited: from - since, took: performance.now() - from });
    return result;
  }

  /** Gives up what has not begun after {@link MAX_WAIT}. */
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
    if (this.queueLength(options.isKnown) >= this.#maxQueue) throw new OverloadedError(RETRY_AFTER);
    return this.#queue.add(work, options);
  }
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

/** A salt of that cost, and a digest that nobody has a password for. */
function dummyHash(cost: number): string {
  const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const digest = Array.from(randomBytes(31), (byte) => alphabet[byte % alphabet.length]).join('');
  return bcrypt.genSaltSync(cost) + digest;
}
