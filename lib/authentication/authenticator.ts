import { hash as digest, randomBytes } from 'node:crypto';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import { isPassword } from '../users/password.js';
import type { UserRepository } from '../users/repository.js';
import type { StoredUser } from '../users/user.js';
import { isUserName } from '../users/user-name.js';
import type { CredentialCache } from './credential-cache.js';
import type { PasswordHasher } from './password-hasher.js';

/**
 * Says whose credentials these are. The user is read from the repository each time, and read again after a slow
 * verification: what is remembered is only that a password matched a certain hash, so that a change of the user, in
 * whichever process, is in force at the next request.
 */
export class Authenticator {
  readonly #repository: UserRepository;
  readonly #hasher: PasswordHasher;
  readonly #cache: CredentialCache;
  /** The verifications that go on, by digest: equal attempts share one. */
  readonly #inFlight = new Map<string, Promise<boolean>>();
  /** Without it a digest tells nothing about a password. */
  readonly #key: string = randomBytes(32).toString('base64');

  constructor(repository: UserRepository, hasher: PasswordHasher, cache: CredentialCache) {
    this.#repository = repository;
    this.#hasher = hasher;
    this.#cache = cache;
  }

  /**
   * The user with this name and password, or undefined. An unknown name takes the same path, and the same time, as a
   * wrong password. What the cache and the repository know without waiting is answered without a promise.
   *
   * @throws {StoreError} the store is unavailable
   * @throws {OverloadedError} too many passwords wait to be verified
   */
  authenticate(name: string, password: string): MaybePromise<StoredUser | undefined> {
    // A name that nobody can have, however long it is, need not trouble the store.
    const found = isUserName(name) ? this.#repository.find(name) : undefined;
    if (isPromise(found)) return found.then((user) => this.#check(user, name, password));
    return this.#check(found, name, password);
  }

  #check(user: StoredUser | undefined, name: string, password: string): MaybePromise<StoredUser | undefined> {
    // bcrypt would take the first 72 bytes of a longer password for the whole of it.
    const candidate = isPassword(password) ? user : undefined;
    const hash = candidate?.hash ?? this.#hasher.dummyHash;
    const key = this.#digest(name, password, hash);
    if (candidate !== undefined && this.#cache.has(key)) return candidate;
    return this.#verify(candidate, name, password, hash, key);
  }

  async #verify(
    candidate: StoredUser | undefined,
    name: string,
    password: string,
    hash: string,
    key: string,
  ): Promise<StoredUser | undefined> {
    const matches = await this.#shareVerification(key, password, hash);
    if (!matches || candidate === undefined) return undefined;
    const user = await this.#repository.find(name);
    if (user?.hash !== hash) return undefined;
    this.#cache.add(key);
    return user;
  }

  #shareVerification(key: string, password: string, hash: string): Promise<boolean> {
    const shared = this.#inFlight.get(key);
    if (shared !== undefined) return shared;
    const verification = this.#hasher.verify(password, hash).finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, verification);
    return verification;
  }

  /**
   * A keyed digest of exactly this hash, name and password: the key and the hash have fixed lengths, and the length
   * of the name tells where it ends. (The digest is never shown, so that a hash of key and message will do for a MAC.)
   */
  #digest(name: string, password: string, hash: string): string {
    return digest('sha256', `${this.#key}${hash}${name.length}:${name}${password}`, 'base64');
  }
}
