import { opaqueString, passwordProblem } from '../users/password.js';
import type { UserRepository } from '../users/repository.js';
import { type StoredUser, storedUser } from '../users/user.js';
import { BoundedCache } from './bounded-cache.js';
import type { PasswordHasher } from './password-hasher.js';
import { costOf } from './password-hasher.js';

/** Milliseconds: an hour. So often a user's hash is replaced at the most. */
const ONCE_IN = 3_600_000;
const MAX_USERS = 10_000;

/**
 * Replaces hashes of another cost than the configured one, and those of a password in another form than the one that
 * is hashed now, when their password is known: at a login.
 */
export class PasswordUpgrade {
  readonly #repository: UserRepository;
  readonly #hasher: PasswordHasher;
  /** Where processes have different costs, as during a deployment, they would not stop to replace each other's hashes. */
  readonly #lately = new BoundedCache<true>(ONCE_IN, MAX_USERS);

  constructor(repository: UserRepository, hasher: PasswordHasher) {
    this.#repository = repository;
    this.#hasher = hasher;
  }

  /**
   * Hashes the password of a user anew, if there is a reason, and unless the user has been changed since it was read.
   *
   * @param form what the stored hash is of
   * @returns the new hash, if it is stored
   */
  async upgrade(stored: StoredUser, form: string): Promise<string | undefined> {
    const preferred = opaqueString(form);
    const target = passwordProblem(preferred) === undefined ? preferred : form;
    if (target === form && costOf(stored.hash) === this.#hasher.cost) return undefined;
    if (this.#lately.get(stored.name) === true) return undefined;
    try {
      const hash = await this.#hasher.hash(target);
      const outcome = await this.#repository.replace(storedUser(stored, hash), stored.revision);
      if (outcome !== 'replaced') return undefined;
      this.#lately.set(stored.name, true);
      return hash;
    } catch {
      // The password is right, whatever comes of this: the next login tries again.
      return undefined;
    }
  }

  close(): void {
    this.#lately.close();
  }
}
