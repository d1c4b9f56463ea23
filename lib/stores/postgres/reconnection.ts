import { now } from '../../clock.js';
import { answerWithin } from '../../promises.js';
import type { Ask } from './driver.js';
import { expectPrimary } from './primary.js';

/**
 * Milliseconds. A database that does not answer is tried again for a request, unless it has been tried so lately. So
 * when it is back no request is answered from memory for longer.
 */
export const TRY_EVERY = 50;
/** Milliseconds. How long requests wait for an attempt, which may go on without them. */
const WAIT_AT_MOST = 250;

/** Tries a database that does not answer again: one attempt at a time, for all requests, and none without a request. */
export class Reconnection {
  readonly #ask: Ask;
  readonly #onFailure: (error: Error, askedAt: number) => void;
  #triedAt = Number.NEGATIVE_INFINITY;
  #isTrying = false;
  #outcome: Promise<void> = Promise.resolve();

  /** @param onFailure told why the database is still not to be asked */
  constructor(ask: Ask, onFailure: (error: Error, askedAt: number) => void) {
    this.#ask = ask;
    this.#onFailure = onFailure;
  }

  /**
   * @param read asks the database, and tells itself whether that has failed: called if it is time for an attempt
   * @returns settled when the database has answered, or has not; undefined where that is not to be waited for
   */
  try(read: () => Promise<unknown>): Promise<void> | undefined {
    const time = now();
    if (!this.#isTrying) {
      if (time < this.#triedAt + TRY_EVERY) return undefined;
      this.#triedAt = time;
      this.#isTrying = true;
      const attempt = this.#attempt(time, read).finally(() => {
        this.#isTrying = false;
      });
      this.#outcome = answerWithin(WAIT_AT_MOST, attempt).catch(() => {});
    }
    return time < this.#triedAt + WAIT_AT_MOST ? this.#outcome : undefined;
  }

  async #attempt(time: number, read: () => Promise<unknown>): Promise<void> {
    try {
      await expectPrimary(this.#ask);
    } catch (error) {
      this.#onFailure(error as Error, time);
      return;
    }
    await read();
  }
}
