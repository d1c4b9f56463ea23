import NodeCache from 'node-cache';

interface Entry<T> {
  readonly value: T;
  /** Of `Date.now()`, as in node-cache. */
  readonly expires: number;
}

/** Remembers so many things for a while. When it is full the oldest make room. */
export class BoundedCache<T> {
  readonly #keys: NodeCache | undefined;
  /** What node-cache has the keys of, where each request looks: node-cache's own look-up takes several times as long. */
  readonly #entries = new Map<string, Entry<T>>();
  readonly #timeToLive: number;
  readonly #maxEntries: number;

  /**
   * @param timeToLive milliseconds; 0 remembers nothing
   * @param checkEvery seconds after which node-cache takes expired entries away; it looks at each, which takes its time
   */
  constructor(timeToLive: number, maxEntries: number, checkEvery = 600) {
    this.#timeToLive = timeToLive;
    this.#maxEntries = maxEntries;
    // To node-cache a time to live of 0 means for ever.
    if (timeToLive > 0) {
      this.#keys = new NodeCache({ stdTTL: timeToLive / 1000, checkperiod: checkEvery, useClones: false });
      this.#keys.on('del', (key: string) => this.#entries.delete(key));
      this.#keys.on('flush', () => this.#entries.clear());
    }
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && Date.now() < entry.expires ? entry.value : undefined;
  }

  /** Remembers it from now on, as the youngest. */
  set(key: string, value: T): void {
    if (this.#keys === undefined) return;
    this.#keys.del(key);
    if (this.#entries.size >= this.#maxEntries) this.#makeRoom(this.#keys);
    this.#keys.set(key, true);
    this.#entries.set(key, { value, expires: Date.now() + this.#timeToLive });
  }

  delete(key: string): void {
    this.#keys?.del(key);
  }

  /** Forgets everything, and stops node-cache's timer. */
  close(): void {
    this.#keys?.flushAll();
    this.#keys?.close();
  }

  /** A tenth at a time. */
  #makeRoom(keys: NodeCache): void {
    const oldest = this.#entries.keys();
    for (let count = Math.ceil(this.#maxEntries / 10); count > 0; count -= 1) keys.del(oldest.next().value as string);
  }
}
