import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import PQueue from 'p-queue';
import { OverloadedError } from '../errors.js';
import { asKnownVariant } from './bcrypt-hash.js';

/** Milliseconds. A verification that has not begun by then is given up: whoever asked for it does not wait for ever. */
const MAX_WAIT = 3_000;
/** Seconds, for those who are sent away. */
const RETRY_AFTER = 5;

/** The greater goes first. */
const Priority = { stranger: 0, known: 1 } as const;

export interface HashingBudget {
  /** bcrypt's: 2 to the power of it are the rounds. */
  readonly cost: number;
  /** How many are hashed at once. */
  readonly concurrency: number;
  /** How many wait for their turn: of strangers, and of those who are known, each. */
  readonly maxQueue: number;
}

/**
 * bcrypt in the thread pool, a bounded number at once, which leaves a thread to the rest of the app, and a bounded
 * number that wait, for a bounded time.
 */
export class PasswordHasher {
  /** Of new hashes. */
  readonly cost: number;
  /** A hash of this cost that no password has: what to verify against when there is no user. */
  readonly dummyHash: string;
  readonly #maxQueue: number;
  readonly #queue: PQueue;

  constructor({ cost, concurrency, maxQueue }: HashingBudget) {
    this.cost = cost;
    this.dummyHash = dummyHash(cost);
    this.#maxQueue = maxQueue;
    this.#queue = new PQueue({ concurrency });
  }

  /**
   * The hash of a new password. Those who set passwords are known.
   *
   * @throws {OverloadedError} too many wait already
   */
  hash(password: string): Promise<string> {
    return this.#enqueue(Priority.known, () => bcrypt.hash(password, this.cost));
  }

  /**
   * Tells whether this is the hash's password. One that is not is followed by a rest that is as long as the work was:
   * those who guess passwords get half of the time that bcrypt may have.
   *
   * @param isKnown whether it is somebody who has been let in before: they do not wait for strangers
   * @throws {OverloadedError} too many wait already, or it has waited for 3 seconds
   */
  verify(password: string, hash: string, isKnown = false): Promise<boolean> {
    const giveUpAt = Date.now() + MAX_WAIT;
    return this.#enqueue(isKnown ? Priority.known : Priority.stranger, async () => {
      if (Date.now() > giveUpAt) throw new OverloadedError(RETRY_AFTER);
      const begin = performance.now();
      const matches = await bcrypt.compare(password, asKnownVariant(hash));
      if (!matches) await setTimeout(performance.now() - begin, undefined, { ref: false });
      return matches;
    });
  }

  #enqueue<T>(priority: number, work: () => Promise<T>): Promise<T> {
    if (this.#queue.sizeBy({ priority }) >= this.#maxQueue) return Promise.reject(new OverloadedError(RETRY_AFTER));
    return this.#queue.add(work, { priority });
  }
}

/** A salt of that cost, and a digest that nobody has a password for. */
function dummyHash(cost: number): string {
  const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const digest = Array.from(randomBytes(31), (byte) => alphabet[byte % alphabet.length]).join('');
  return bcrypt.genSaltSync(cost) + digest;
}
