import type { SecretRepository } from './secret.js';

/** Milliseconds from the start to the first removal. */
const FIRST_AFTER = 60_000;
/** Milliseconds between two removals: an hour. */
const EVERY = 3_600_000;

/** Removes expired keys and sessions from the store: a minute after the start, and then every hour. They let nobody in before either. */
export class ExpiredSecrets {
  readonly #secrets: Pick<SecretRepository, 'removeExpired'>;
  #timer: NodeJS.Timeout;

  constructor(secrets: Pick<SecretRepository, 'removeExpired'>) {
    this.#secrets = secrets;
    this.#timer = this.#removeAfter(FIRST_AFTER);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #removeAfter(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = this.#removeAfter(EVERY);
      // The store reports its own failures, and the next removal tries again.
      void Promise.allSettled([(async () => this.#secrets.removeExpired(Date.now()))()]);
    }, milliseconds).unref();
  }
}
