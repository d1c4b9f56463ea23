import { now } from '../clock.js';

/** Milliseconds from the request to its refusal, at the least. */
const DELAY = 1_000;
/** Each of them keeps a connection, and some kilobytes. */
const MAX_HELD = 1_000;

/**
 * Holds refusals back, so that whoever asks again at each of them, on so many connections, asks once a second on each
 * of them, and leaves the time to others. When it is full, the rest is refused at once.
 */
export class Tarpit {
  #held = 0;

  /** @param since when the request came, of {@link now}: one that has waited for something is not held for as long */
  hold(answer: () => void, since: number = now()): void {
    if (this.#held >= MAX_HELD) {
      answer();
      return;
    }
    this.#held += 1;
    const release = () => {
      this.#held -= 1;
      answer();
    };
    // Nobody's process stays alive for a refusal.
    setTimeout(release, Math.ceil(DELAY - (now() - since))).unref();
  }
}
