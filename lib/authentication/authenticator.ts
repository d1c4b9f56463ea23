import { hash as digest, randomBytes } from 'node:crypto';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import { isPassword } from '../users/password.js';
import type { UserRepository } from '../users/repository.js';
import { publicUser, type StoredUser, type User } from '../users/user.js';
import { isUserName } from '../users/user-name.js';
import { basicCredentials } from './basic-credentials.js';
import type { CredentialCache, Verification } from './credential-cache.js';
import type { PasswordHasher } from './password-hasher.js';

/** What follows from a stored user: what others may see of it, and a keyed digest of its hash. */
interface Derived {
  readonly user: User;
  readonly mark: string;
}

/**
 * Says whose credentials these are. The user is asked of the repository each time, and again after a slow
 * verification: what is remembered is only that certain credentials matched a certain hash, so that a change of the
 * user, in whichever process, is in force at the next request.
 */
export class Authenticator {
  readonly #repository: UserRepository;
  readonly #hasher: PasswordHasher;
  readonly #cache: CredentialCache;
  /** The verifications that go on: equal attempts share one. */
  readonly #inFlight = new Map<string, Promise<boolean>>();
  /** For repositories that give the same object for as long as a user is the same. */
  readonly #derived = new WeakMap<StoredUser, Derived>();
  /** Which hash it was that a user was let in with. */
  readonly #marks = new WeakMap<User, string>();
  /** Random, so that a digest tells nothing to somebody who guesses. */
  readonly #key: string = randomBytes(16).toString('base64');

  constructor(repository: UserRepository, hasher: PasswordHasher, cache: CredentialCache) {
    this.#repository = repository;
    this.#hasher = hasher;
    this.#cache = cache;
  }

  /**
   * The user of an `Authorization` header that has been verified lately, if the user still has the same password.
   * Without a promise where the repository answers without one: this is what most requests are.
   *
   * @throws {StoreError} the store is unavailable
   */
  recall(authorization: string): MaybePromise<User | undefined> {
    const verification = this.#cache.get(this.#digest(authorization));
    if (verification === undefined) return undefined;
    const found = this.#repository.find(verification.name);
    if (isPromise(found)) return found.then((stored) => this.#stillVerified(verification, stored));
    return this.#stillVerified(verification, found);
  }

  /**
   * The user with this name and password, or undefined. An unknown name takes the same path, and the same time, as a
   * wrong password.
   *
   * @throws {StoreError} the store is unavailable
   * @throws {OverloadedError} too many passwords wait to be verified
   */
  async authenticate(name: string, password: string): Promise<User | undefined> {
    const key = this.#digest(basicCredentials(name, password));
    // A name that nobody can have, however long it is, need not trouble the store.
    const stored = isUserName(name) ? await this.#repository.find(name) : undefined;
    // bcrypt would take the first 72 bytes of a longer password for the whole of it.
    const candidate = isPassword(password) ? stored : undefined;
    const verification = candidate && this.#cache.get(key);
    const recalled = verification && this.#stillVerified(verification, candidate);
    return recalled ?? this.#verify(candidate, password, key);
  }

  /** Tells whether it was this authenticator that let a user in, and not one with another store. */
  knows(user: User): boolean {
    return this.#marks.has(user);
  }

  /**
   * Tells whether a user who was let in some time ago is the one that is stored now, with the password that it was let
   * in with: for what is done when much time has passed since, and a password may have been changed.
   */
  isSame(user: User, stored: StoredUser | undefined): boolean {
    return stored !== undefined && this.#derive(stored).mark === this.#marks.get(user);
  }

  /** The user as it is now, if it is still the same: see {@link isSame}. */
  async refresh(user: User): Promise<User | undefined> {
    const stored = await this.#repository.find(user.name);
    return this.isSame(user, stored) ? this.#derive(stored as StoredUser).user : undefined;
  }

  async #verify(candidate: StoredUser | undefined, password: string, key: string): Promise<User | undefined> {
    const hash = candidate?.hash ?? this.#hasher.dummyHash;
    const mark = candidate === undefined ? '' : this.#derive(candidate).mark;
    const matches = await this.#shareVerification(key + mark, password, hash);
    if (!matches || candidate === undefined) return undefined;
    const stored = await this.#repository.find(candidate.name);
    if (stored?.hash !== hash) return undefined;
    this.#cache.set(key, { name: stored.name, mark });
    return this.#derive(stored).user;
  }

  #shareVerification(attempt: string, password: string, hash: string): Promise<boolean> {
    const shared = this.#inFlight.get(attempt);
    if (shared !== undefined) return shared;
    const verification = this.#hasher.verify(password, hash).finally(() => this.#inFlight.delete(attempt));
    this.#inFlight.set(attempt, verification);
    return verification;
  }

  #stillVerified({ mark }: Verification, stored: StoredUser | undefined): User | undefined {
    if (stored === undefined) return undefined;
    const derived = this.#derive(stored);
    return derived.mark === mark ? derived.user : undefined;
  }

  #derive(stored: StoredUser): Derived {
    let derived = this.#derived.get(stored);
    if (derived === undefined) {
      derived = { user: publicUser(stored), mark: this.#digest(stored.hash) };
      this.#derived.set(stored, derived);
      this.#marks.set(derived.user, derived.mark);
    }
    return derived;
  }

  /** The digest is never shown: without an oracle a hash of key and text is as good as an HMAC, and a fourth of it. */
  #digest(text: string): string {
    return digest('sha256', this.#key + text, 'base64');
  }
}
