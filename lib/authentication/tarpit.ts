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
  readonly #keepsAlive: boolean;
  readonly #held = new Set<() => void>();

  /**
   * @param keepsAlive whether the process goes on until each answer: a script that waits for one has no connection that keeps
   *   it alive. Defaults to false
   */
  constructor(keepsAlive = false) {
    this.#keepsAlive = keepsAlive;
  }

  /** @param since the time of the request, of {@link now}: a request that has waited already is held for less */
  hold(since: number = now()): Promise<void> {
    if (this.#held.size >= MAX_HELD) return Promise.resolve();
    return new Promise((resolve) => {
      const release = () => {
        clearTimeout(timer);
        this.#held.delete(release);
        resolve();
      };
      const timer = setTimeout(release, Math.ceil(DELAY - (now() - since)));
      if (!this.#keepsAlive) timer.unref();
      this.#held.add(release);
    });
  }

  /** Releases all that are held. */
  close(): void {
    for (const release of this.#held) release();
  }
}
