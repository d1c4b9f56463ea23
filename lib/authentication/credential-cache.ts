import NodeCache from 'node-cache';

/** Entries. Past that, a tenth makes room. */
const MAX_ENTRIES = 100_000;

/** That certain credentials have been verified, for a user of this name, against the stored hash with this mark. */
export interface Verification {
  readonly name: string;
  readonly mark: string;
}

interface Remembered {
  readonly verification: Verification;
  /** Of `Date.now()`, as in node-cache, which takes expired entries away from time to time. */
  readonly expires: number;
}

/**
 * Remembers verifications for a while, so that bcrypt need not do them again. Its keys and marks are keyed digests:
 * neither passwords nor hashes are in it, and it says nothing about what a user may do now.
 */
export class CredentialCache {
  readonly #entries: NodeCache | undefined;
  /** What node-cache holds, where each request looks: node-cache's own look-up takes longer than all the rest of it. */
  readonly #remembered = new Map<string, Remembered>();
  readonly #timeToLive: number;
  readonly #maxEntries: number;

  /** @param timeToLive milliseconds from the verification on; 0 remembers nothing */
  constructor(timeToLive: number, maxEntries: number = MAX_ENTRIES) {
    this.#timeToLive = timeToLive;
    this.#maxEntries = maxEntries;
    // To node-cache a time to live of 0 means for ever.
    if (timeToLive > 0) {
      this.#entries = new NodeCache({ stdTTL: timeToLive / 1000, useClones: false, maxKeys: maxEntries });
      this.#entries.on('del', (key: string) => this.#remembered.delete(key));
      this.#entries.on('flush', () => this.#remembered.clear());
    }
  }

  get(key: string): Verification | undefined {
    const remembered = this.#remembered.get(key);
    return remembered !== undefined && Date.now() < remembered.expires ? remembered.verification : undefined;
  }

  set(key: string, verification: Verification): void {
    if (this.#entries === undefined) return;
    if (this.#entries.getStats().keys >= this.#maxEntries) this.#makeRoom(this.#entries);
    this.#entries.set(key, true);
    this.#remembered.set(key, { verification, expires: Date.now() + this.#timeToLive });
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
