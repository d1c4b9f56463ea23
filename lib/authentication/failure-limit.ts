import { ThrottledError } from '../errors.js';
import { BoundedRateLimiter } from './rate-limiter.js';
import type { SharedCounter, SharedCounts } from './shared-counts.js';

export interface FailureLimitOptions {
  /** The name of the limit in the store. */
  readonly name: string;
  /** The points of a key in a window. */
  readonly points: number;
  /** Milliseconds. */
  readonly window: number;
}

/** Limits the points of each key in a window of time: in this process, and in all that share the counts. */
export class FailureLimit {
  readonly #own: BoundedRateLimiter;
  readonly #shared: SharedCounter | undefined;

  /** @param counts undefined: this process counts for itself */
  constructor({ name, points, window }: FailureLimitOptions, counts: SharedCounts | undefined) {
    this.#own = new BoundedRateLimiter(points, window);
    this.#shared = counts?.counter(name, points, window);
  }

  /** Milliseconds until the key has a point again, as far as this process knows. 0 if it may have one. */
  async knownWaitOf(key: string): Promise<number> {
    return Math.max(await this.#own.waitOf(key), this.#shared?.knownWaitOf(key) ?? 0);
  }

  /** Milliseconds until the key has a point again. 0 if it has one. */
  async waitOf(key: string): Promise<number> {
    const known = await this.knownWaitOf(key);
    return known > 0 || this.#shared === undefined ? known : (await this.#shared.look(key)).wait;
  }

  /**
   * Takes a point even if none is left.
   *
   * @param isShared whether the other processes count it. Defaults to true
   */
  async count(key: string, isShared = true): Promise<void> {
    await this.#own.count(key);
    if (isShared) await this.#shared?.add(key);
  }

  /**
   * Takes a point in this process until the outcome of an attempt is known.
   *
   * @param isShared whether the other processes count the attempt. Defaults to true
   * @throws {ThrottledError} no point is left, as far as this process knows
   */
  async reserve(key: string, isShared = true): Promise<ReservedPoint> {
    const shared = isShared ? this.#shared : undefined;
    refuseIf(shared?.knownWaitOf(key));
    refuseIf(await this.#own.take(key));
    return new ReservedPoint(key, this.#own, shared);
  }

  close(): void {
    this.#own.close();
  }
}

/**
 * The point of an attempt. Nothing is written to the store for the first attempt of a key before it fails: a login that
 * succeeds at once writes nothing. Further attempts take their point there before they begin. So no more passwords are
 * verified than there are points, and one more for each process that shares the store.
 *
 * The answer to an attempt says nothing about its password unless the key had a point left when the verification ended.
 * So however many processes verify at the same time, no more guesses are answered than there are points.
 */
export class ReservedPoint {
  readonly #key: string;
  readonly #own: BoundedRateLimiter;
  readonly #shared: SharedCounter | undefined;
  /** Where the point was taken before the verification. */
  #takenFrom: SharedCounter | undefined;

  constructor(key: string, own: BoundedRateLimiter, shared: SharedCounter | undefined) {
    this.#key = key;
    this.#own = own;
    this.#shared = shared;
  }

  /**
   * The verification begins.
   *
   * @throws {ThrottledError} no point is left
   */
  async begin(): Promise<void> {
    if (this.#shared === undefined || this.#takenFrom !== undefined) return;
    const { consumed, wait } = await this.#shared.look(this.#key);
    refuseIf(wait);
    if (consumed === 0 && (await this.#own.pointsOf(this.#key)) === 1) return;
    const added = await this.#shared.add(this.#key);
    refuseIf(added);
    if (added !== undefined) this.#takenFrom = this.#shared;
  }

  /**
   * The attempt failed, and counts.
   *
   * @throws {ThrottledError} other processes took the last point meanwhile: the client must not learn the outcome
   */
  async keep(): Promise<void> {
    if (this.#takenFrom === undefined) refuseIf(await this.#shared?.add(this.#key));
  }

  /**
   * The attempt does not count.
   *
   * @throws {ThrottledError} as {@link keep} does
   */
  async giveBack(): Promise<void> {
    await this.cancel();
    if (this.#takenFrom === undefined) refuseIf((await this.#shared?.look(this.#key))?.wait);
  }

  /** The password was not verified. */
  async cancel(): Promise<void> {
    await this.#own.giveBack(this.#key);
    this.#takenFrom?.giveBack(this.#key);
  }
}

/** @throws {ThrottledError} there are milliseconds to wait */
export function refuseIf(wait = 0): void {
  if (wait > 0) throw new ThrottledError(Math.ceil(wait / 1000));
}
