import NodeCache from 'node-cache';

/** How often a cache knew the credentials, and how often it did not. */
export interface CacheCounts {
  hits: number;
  misses: number;
}

interface Entry<T> {
  readonly value: T;
  /** The last millisecond of its life, since 1970. */
  readonly until: number;
}

/**
 * A cache with a time to live and a maximum number of entries. A full cache drops its oldest entries. Its keys are digests:
 * node-cache keeps them in an object, where the keys `__proto__` and `7` have meanings of their own.
 */
export class BoundedCache<T> {
  /** Undefined: the cache remembers nothing. To node-cache a time to live of 0 means for ever. */
  readonly #cache: NodeCache | undefined;
  readonly #maxEntries: number;
  /** The entries of node-cache once more. It looks a key up three times, and each time costs more than the one here. */
  readonly #entries = new Map<string, Entry<T>>();

  /**
   * @param timeToLive milliseconds; 0 remembers nothing
   * @param checkEvery seconds between two removals of expired entries; each removal looks at all entries
   */
  constructor(timeToLive: number, maxEntries: number, checkEvery = 600) {
    this.#maxEntries = maxEntries;
    if (timeToLive > 0) {
      this.#cache = new NodeCache({ stdTTL: secondsOf(timeToLive), checkperiod: checkEvery, useClones: false });
      // node-cache says `del` of expired entries as well.
      this.#cache.on('del', (key) => this.#entries.delete(key));
      this.#cache.on('flush', () => this.#entries.clear());
    }
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.until >= Date.now()) return entry?.value;
    this.#cache?.del(key);
    return undefined;
  }

  /**
   * Remembers the value. Its time to live begins now.
   *
   * @param timeToLive milliseconds of this entry, more than 0; defaults to that of the cache
   */
  set(key: string, value: T, timeToLive?: number): void {
    if (this.#cache === undefined) return;
    // node-cache keeps its entries in the order in which they were added.
    this.#cache.del(key);
    if (this.#cache.getStats().keys >= this.#maxEntries) this.#dropOldest(this.#cache);
    if (timeToLive === undefined) this.#cache.set(key, value);
    else this.#cache.set(key, value, secondsOf(timeToLive));
    this.#entries.set(key, { value, until: this.#cache.getTtl(key) as number });
  }

  delete(key: string): void {
    this.#cache?.del(key);
  }

  /** Forgets everything and stops node-cache's timer. */
  close(): void {
    this.#cache?.flushAll();
    this.#cache?.close();
  }

  /** Drops a tenth of the entries, because listing the keys takes time. */
  #dropOldest(cache: NodeCache): void {
    cache.del(cache.keys().slice(0, Math.ceil(this.#maxEntries / 10)));
  }
}

/** node-cache keeps an entry for one more millisecond, and one with a time to live of 0 for ever. */
function secondsOf(timeToLive: number): number {
  return Math.max(0.5, timeToLive - 0.5) / 1000;
}
