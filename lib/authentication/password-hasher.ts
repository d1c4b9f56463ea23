import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import bcrypt from 'bcrypt';
import pLimit, { type LimitFunction } from 'p-limit';
import { OverloadedError } from '../errors.js';

/** How many passwords may wait for their turn. */
const MAX_QUEUE = 128;
/** The threads of libuv, which files and DNS look-ups need as well, unless the environment says another number. */
const DEFAULT_POOL_SIZE = 4;
/** Seconds: a full queue at the default cost is worked off in about that time. */
const RETRY_AFTER = 5;

/**
 * bcrypt in the thread pool: a bounded number at once, which leaves a thread and a core to the rest of the app,
 * and a bounded number that wait.
 */
export class PasswordHasher {
  /** A hash of the current cost that no password has: what to verify against when there is no user. */
  readonly dummyHash: string;
  readonly #cost: number;
  readonly #maxQueue: number;
  readonly #limit: LimitFunction;

  /** @param cost bcrypt's: 2 to the power of it are the rounds */
  constructor(
    cost: number,
    { concurrency = defaultConcurrency(), maxQueue = MAX_QUEUE }: { concurrency?: number; maxQueue?: number } = {},
  ) {
    this.#cost = cost;
    this.#maxQueue = maxQueue;
    this.#limit = pLimit(concurrency);
    this.dummyHash = dummyHash(cost);
  }

  /** @throws {OverloadedError} too many wait already */
  hash(password: string): Promise<string> {
    return this.#run(() => bcrypt.hash(password, this.#cost));
  }

  /** @throws {OverloadedError} too many wait already */
  verify(password: string, hash: string): Promise<boolean> {
    return this.#run(() => bcrypt.compare(password, hash));
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#limit.pendingCount >= this.#maxQueue) return Promise.reject(new OverloadedError(RETRY_AFTER));
    return this.#limit(work);
  }
}

function defaultConcurrency(): number {
  const poolSize = Number(process.env['UV_THREADPOOL_SIZE']) || DEFAULT_POOL_SIZE;
  return Math.max(1, Math.min(poolSize, availableParallelism()) - 1);
}

/** A salt of that cost, and a digest that nobody has a password for. */
function dummyHash(cost: number): string {
  const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const digest = Array.from(randomBytes(31), (byte) => alphabet[byte % alphabet.length]).join('');
  return bcrypt.genSaltSync(cost) + digest;
}
