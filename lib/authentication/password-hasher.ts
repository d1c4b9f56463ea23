import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import PQueue from 'p-queue';
import { OverloadedError } from '../errors.js';
import { asKnownVariant } from './bcrypt-hash.js';

/** Milliseconds. A verification that has not begun by then is given up: whoever asked for it does not wait for ever. */
const MAX_WAIT = 3_000;
/** How many times as long as a verification that failed nothing is verified after it. */
const REST = 2;
/** Seconds, for those who are sent away. */
const RETRY_AFTER = 5;

/**
 * Fair queueing (Demers, Keshav and Shenker, 1989): how far in a virtual time the next of a group is behind the one
 * before. So those who are known have four turns while strangers have one, and neither waits for all of the others.
 */
const STEP = { known: 1, stranger: 4 } as const;
type Group = keyof typeof STEP;

export interface HashingBudget {
  /** bcrypt's: 2 to the power of it are the rounds. */
  readonly cost: number;
  /** How many are hashed at once. */
  readonly concurrency: number;
  /** How many wait for their turn: of strangers, and of those who are known, each. Those whose turn it is do not count. */
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
  readonly #waiting: Record<Group, number> = { known: 0, stranger: 0 };
  /** When, in virtual time, the last one of each group has its turn, and what time it is. */
  readonly #lastTurn: Record<Group, number> = { known: 0, stranger: 0 };
  #virtualTime = 0;

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
    return this.#enqueue('known', () => bcrypt.hash(password, this.cost));
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
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(new OverloadedError(RETRY_AFTER)), MAX_WAIT).unref();
    return new Promise((resolve, reject) => {
      const verify = async () => {
        clearTimeout(timer);
        await begin();
        const from = performance.now();
        const password = await findPassword(passwords, hash);
        resolve(password);
        if (password === undefined) await sleep(REST * (performance.now() - from), undefined, { ref: false });
      };
      this.#enqueue(isKnown ? 'known' : 'stranger', verify, patience.signal)
        .finally(() => clearTimeout(timer))
        .catch(reject);
    });
  }

  async #enqueue<T>(group: Group, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#waiting[group] >= this.#maxQueue) throw new OverloadedError(RETRY_AFTER);
    // Those who gave up leave turns behind that nobody took: no more of them than could wait.
    const latest = this.#virtualTime + this.#maxQueue * STEP[group];
    const turn = Math.min(Math.max(this.#virtualTime, this.#lastTurn[group]) + STEP[group], latest);
    this.#lastTurn[group] = turn;
    let isWaiting = true;
    const leaveQueue = () => {
      if (isWaiting) this.#waiting[group] -= 1;
      isWaiting = false;
    };
    const takeTurn = () => {
      this.#virtualTime = turn;
      leaveQueue();
      return work();
    };
    this.#waiting[group] += 1;
    try {
      return await this.#queue.add(takeTurn, { priority: -turn, ...(signal && { signal }) });
    } finally {
      leaveQueue();
    }
  }
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
