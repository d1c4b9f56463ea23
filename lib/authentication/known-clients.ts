import { BoundedCache } from './bounded-cache.js';
import { shortKey } from './short-key.js';

/** Milliseconds: 30 days since a user was let in from a client that was not known. */
const KNOWN_FOR = 2_592_000_000;
const MAX_USERS = 20_000;
/** Of each user: whoever has many addresses does not push out those of others. */
const MAX_CLIENTS = 50;

/** Which clients have been let in as which users. */
export class KnownClients {
  readonly #clients = new BoundedCache<Set<string>>(KNOWN_FOR, MAX_USERS);

  has(client: string, name: string): boolean {
    return this.#clients.get(shortKey(name))?.has(client) === true;
  }

  add(client: string, name: string): void {
    const key = shortKey(name);
    const clients = this.#clients.get(key) ?? new Set();
    if (clients.has(client)) return;
    const [oldest] = clients;
    if (oldest !== undefined && clients.size >= MAX_CLIENTS) clients.delete(oldest);
    this.#clients.set(key, clients.add(client));
  }

  close(): void {
    this.#clients.close();
  }
}
