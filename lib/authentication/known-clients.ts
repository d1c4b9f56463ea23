import { KNOWN_CLIENTS } from '../users/shared-limits.js';
import { BoundedCache } from './bounded-cache.js';
import { shortKey } from './rate-limiter.js';
import type { SharedCounter, SharedCounts } from './shared-counts.js';

/** Milliseconds: 30 days after a user was let in from a client. */
const KNOWN_FOR = 2_592_000_000;
/** Milliseconds: a day. A client that is in use is recorded this often. */
const RECORD_EVERY = 86_400_000;
const MAX_USERS = 20_000;
/** For each user: many addresses of one user do not push out those of others. */
const MAX_CLIENTS = 50;

/** Remembers which clients were let in as which users, in this process and in the store. */
export class KnownClients {
  /** For each user, when each client was recorded last, in milliseconds of `Date.now()`. */
  readonly #clients = new BoundedCache<Map<string, number>>(KNOWN_FOR, MAX_USERS);
  readonly #shared: SharedCounter | undefined;

  /** @param counts undefined: this process remembers for itself */
  constructor(counts: SharedCounts | undefined) {
    this.#shared = counts?.counter(KNOWN_CLIENTS, 1, KNOWN_FOR);
  }

  /** Whether this process remembers the client. */
  has(client: string, name: string): boolean {
    return this.#clients.get(shortKey(name))?.has(client) === true;
  }

  /** Whether any process does. */
  async find(client: string, name: string): Promise<boolean> {
    if (this.has(client, name)) return true;
    // A client that is known has its one point, and gets another when it is forgotten.
    const left = (await this.#shared?.look(shortKey(client, name)))?.wait;
    if (!left) return false;
    this.#set(client, name, Date.now() + left - KNOWN_FOR);
    return true;
  }

  /**
   * Remembers a client. The store is told once a day, and nobody waits for it.
   *
   * @param isShared whether the other processes remember it as well
   */
  add(client: string, name: string, isShared: boolean): void {
    const recorded = this.#clients.get(shortKey(name))?.get(client);
    if (recorded !== undefined && Date.now() < recorded + RECORD_EVERY) return;
    this.#set(client, name, Date.now());
    if (isShared) void this.#record(client, name);
  }

  async #record(client: string, name: string): Promise<void> {
    const isRecorded = await this.#shared?.mark(shortKey(client, name), KNOWN_FOR);
    // The next login tells the store again.
    if (isRecorded === false) this.#set(client, name, Number.NEGATIVE_INFINITY);
  }

  close(): void {
    this.#clients.close();
  }

  #set(client: string, name: string, recorded: number): void {
    const key = shortKey(name);
    const clients = this.#clients.get(key) ?? new Map<string, number>();
    const [oldest] = clients.keys();
    if (oldest !== undefined && clients.size >= MAX_CLIENTS && !clients.has(client)) clients.delete(oldest);
    this.#clients.set(key, clients.set(client, recorded));
  }
}
