import { costOf } from '../users/bcrypt-hash.js';
import { opaqueString, passwordProblem } from '../users/password.js';
import type { UserRepository } from '../users/repository.js';
import { type StoredUser, storedUser } from '../users/user.js';
import { BoundedCache } from './bounded-cache.js';
import type { PasswordHasher } from './password-hasher.js';
import { shortKey } from './rate-limiter.js';

/** Milliseconds: an hour, the minimum between two replacements of a user's hash. */
const ONCE_IN = 3_600_000;
const MAX_USERS = 10_000;

/**
 * Replaces a hash at a login, when the password is known: a hash of another cost than the configured one, and a hash of
 * the password in another form than the one that is hashed now.
 */
export class PasswordUpgrade {
  readonly #repository: UserRepository;
  readonly #hasher: PasswordHasher;
  /** Without it, processes with different costs would replace each other's hashes for ever, as during a deployment. */
  readonly #lately = new BoundedCache<true>(ONCE_IN, MAX_USERS);

  constructor(repository: UserRepository, hasher: PasswordHasher) {
    this.#repository = repository;
    this.#hasher = hasher;
  }

  /**
   * Hashes the password of a user again if there is a reason, unless the user changed since it was read.
   *
   * @param form the form of the password that the stored hash is of
   * @returns the new hash, if it was stored
   */
  async upgrade(stored: StoredUser, form: string): Promise<string | undefined> {
    const preferred = opaqueString(form);
    const target = passwordProblem(preferred) === undefined ? preferred : form;
    if (target === form && costOf(stored.hash) === this.#hasher.cost) return undefined;
    if (this.#lately.get(shortKey(stored.name)) === true) return undefined;
    try {
      const hash = await this.#hasher.hash(target);
      const outcome = await this.#repository.replace(storedUser(stored, hash), stored.revision);
      if (outcome !== 'replaced') return undefined;
      this.#lately.set(shortKey(stored.name), true);
      return hash;
    } catch {
      // The login succeeds all the same. The next one tries again.
      return undefined;
    }
  }

  close(): void {
    this.#lately.close();
  }
}
