import { now } from '../clock.js';

/** Milliseconds from a request to its refusal. */
const DELAY = 1_000;
/** Each held refusal keeps a connection and some kilobytes. */
const MAX_HELD = 1_000;

/**
 * Delays refusals that take no work. A client that repeats a refused request gets one answer a second on each of its
 * connections, and leaves the time to others. A full tarpit delays nothing.
 */
export class Tarpit {
  #held = 0;

  /** @param since the time of the request, of {@link now}: a request that has waited already is held for less */
  async hold(since: number = now()): Promise<void> {
    if (this.#held >= MAX_HELD) return;
    this.#held += 1;
    // It keeps the process alive meanwhile: the caller may be a script, which would end without its answer.
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(DELAY - (now() - since))));
    this.#held -= 1;
  }
}
