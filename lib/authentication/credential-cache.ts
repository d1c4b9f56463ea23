import NodeCache from 'node-cache';

/** Entries. Past that, a tenth makes room. */
const MAX_ENTRIES = 100_000;

/**
 * Remembers for a while that a password matched a stored hash, so that bcrypt need not say it again.
 * Its keys are digests: neither passwords nor names are in it, and it says nothing about who may get in.
 */
export class CredentialCache {
  readonly #entries: NodeCache | undefined;
  readonly #maxEntries: number;

  /** @param timeToLive milliseconds from the verification on; 0 remembers nothing */
  constructor(timeToLive: number, maxEntries: number = MAX_ENTRIES) {
    this.#maxEntries = maxEntries;
    // To node-cache a time to live of 0 means for ever.
    if (timeToLive > 0) {
      this.#entries = new NodeCache({ stdTTL: timeToLive / 1000, useClones: false, maxKeys: maxEntries });
    }
  }

  has(key: string): boolean {
    return this.#entries?.has(key) ?? false;
  }

  add(key: string): void {
    if (this.#entries === undefined) return;
    if (this.#entries.getStats().keys >= this.#maxEntries) this.#makeRoom(this.#entries);
    this.#entries.set(key, true);
  }

  /** Forgets everything, and stops node-cache's timer. */
  close(): void {
    this.#entries?.flushAll();
    this.#entries?.close();
  }

  /** The oldest entries go. A tenth at a time, since node-cache lists all its keys to find them. */
  #makeRoom(entries: NodeCache): void {
    entries.del(entries.keys().slice(0, Math.ceil(this.#maxEntries / 10)));
  }
}
