import { hash as digest, randomBytes } from 'node:crypto';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import { passwordForms } from '../users/password.js';
import type { UserRepository } from '../users/repository.js';
import { publicUser, type StoredUser, type User } from '../users/user.js';
import { isUserName } from '../users/user-name.js';
import { basicCredentials, type Credentials } from './basic-credentials.js';
import { costOf } from './bcrypt-hash.js';
import type { CredentialCache, Verification } from './credential-cache.js';
import type { LoginThrottle } from './login-throttle.js';
import type { PasswordHasher } from './password-hasher.js';
import { PasswordUpgrade } from './password-upgrade.js';
import { clientNetwork, type RequestOrigin, roughOrigin } from './request-origin.js';
import { SingleFlight } from './single-flight.js';

/** Of one login: more are forgotten, and found again. */
const MAX_ORIGINS = 1_000;
/** Characters of one that is remembered: a header may have thousands. */
const MAX_ORIGIN_LENGTH = 256;

/** What an authenticator is made of. */
export interface AuthenticatorParts {
  readonly repository: UserRepository;
  readonly hasher: PasswordHasher;
  readonly cache: CredentialCache;
  readonly throttle: LoginThrottle;
  /** Told of a user with a hash that is not verified: no bcrypt hash, or one with a cost over 20. */
  readonly onUnusableHash: (user: User) => void;
}

/** Somebody who wants to be let in. */
interface Attempt extends Credentials {
  readonly origin: RequestOrigin;
  /** See {@link clientNetwork}. */
  readonly client: string;
  /** Digest of the credentials. */
  readonly key: string;
}

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
  readonly #throttle: LoginThrottle;
  readonly #upgrade: PasswordUpgrade;
  readonly #onUnusableHash: (user: User) => void;
  /** Equal attempts of one client: they count as one. */
  readonly #attempts = new SingleFlight<string | undefined>();
  /** Equal attempts of everybody: they are verified once. */
  readonly #verifications = new SingleFlight<string | undefined>();
  readonly #upgrades = new SingleFlight<string | undefined>();
  /** For repositories that give the same object for as long as a user is the same. */
  readonly #derived = new WeakMap<StoredUser, Derived>();
  /** Which hash it was that a user was let in with. */
  readonly #marks = new WeakMap<User, string>();
  /** Random, so that a digest tells nothing to somebody who guesses. */
  readonly #key: string = randomBytes(16).toString('base64');

  constructor({ repository, hasher, cache, throttle, onUnusableHash }: AuthenticatorParts) {
    this.#repository = repository;
    this.#hasher = hasher;
    this.#cache = cache;
    this.#throttle = throttle;
    this.#upgrade = new PasswordUpgrade(repository, hasher);
    this.#onUnusableHash = onUnusableHash;
  }

  /**
   * The user of an `Authorization` header that has been verified lately, and has come from there before, if the user
   * still has the same password. Without a promise where the repository answers without one: this is what most requests
   * are.
   *
   * @throws {StoreError} the store is unavailable
   */
  recall(authorization: string, origin: RequestOrigin): MaybePromise<User | undefined> {
    const verification = this.#cache.get(this.#digest(authorization));
    if (verification === undefined || !verification.origins.has(roughOrigin(origin))) return undefined;
    const found = this.#repository.find(verification.name);
    if (isPromise(found)) return found.then((stored) => this.#stillVerified(verification, stored));
    return this.#stillVerified(verification, found);
  }

  /**
   * The user with these credentials, or undefined. An unknown name takes the same path, and the same time, as a wrong
   * password, and as the right one of a user who is disabled.
   *
   * @throws {StoreError} the store is unavailable
   * @throws {ThrottledError} too many attempts have failed
   * @throws {OverloadedError} too many passwords wait to be verified
   */
  async authenticate({ name, password }: Credentials, origin: RequestOrigin): Promise<User | undefined> {
    const key = this.#digest(basicCredentials(name, password));
    // A name that nobody can have, however long it is, need not trouble the store.
    const stored = isUserName(name) ? await this.#repository.find(name) : undefined;
    const client = clientNetwork(origin);
    const verification = this.#cache.get(key);
    const user = verification && this.#stillVerified(verification, stored);
    if (user === undefined) return this.#logIn({ name, password, key, origin, client }, stored);
    // Whoever has failed too often may not find out which password is in the cache.
    if (!this.#throttle.isKnown(client, name)) {
      await this.#throttle.attempt(client, name, async () => user);
      this.#throttle.remember(client, name);
    }
    rememberOrigin(verification as Verification, origin);
    return user;
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
    return stored?.enabled === true && this.#derive(stored).mark === this.#marks.get(user);
  }

  /** The user as it is now, if it is still the same: see {@link isSame}. */
  async refresh(user: User): Promise<User | undefined> {
    const stored = await this.#repository.find(user.name);
    return this.isSame(user, stored) ? this.#derive(stored as StoredUser).user : undefined;
  }

  async #logIn(attempt: Attempt, stored: StoredUser | undefined, isRepeated = false): Promise<User | undefined> {
    const { name, password, key, origin, client } = attempt;
    const forms = passwordForms(password);
    const candidate = forms.length > 0 && stored !== undefined && this.#maybeLetIn(stored) ? stored : undefined;
    const matched = await this.#verify(attempt, forms, candidate);
    if (matched === undefined || candidate === undefined) return undefined;
    const flight = key + this.#derive(candidate).mark;
    const upgraded = await this.#upgrades.run(flight, () => this.#upgrade.upgrade(candidate, matched));
    const current = await this.#repository.find(name);
    if (current === undefined || !current.enabled) return undefined;
    if (current.hash !== (upgraded ?? candidate.hash)) {
      // Another password, or another process has hashed the same one anew.
      return isRepeated ? undefined : this.#logIn(attempt, current, true);
    }
    const { user, mark } = this.#derive(current);
    const verification: Verification = { name, mark, origins: new Set() };
    rememberOrigin(verification, origin);
    this.#cache.set(key, verification);
    this.#throttle.remember(client, name);
    return user;
  }

  #maybeLetIn(stored: StoredUser): boolean {
    if (!stored.enabled) return false;
    if (costOf(stored.hash) !== undefined) return true;
    this.#onUnusableHash(this.#derive(stored).user);
    return false;
  }

  /** @returns which of the forms is the password, if one is */
  #verify(
    { name, password, client, key }: Attempt,
    forms: readonly string[],
    candidate: StoredUser | undefined,
  ): Promise<string | undefined> {
    const hash = candidate?.hash ?? this.#hasher.dummyHash;
    const flight = key + (candidate === undefined ? '' : this.#derive(candidate).mark);
    const verifyEach = async (isKnown: boolean): Promise<string | undefined> => {
      for (const form of forms.length > 0 ? forms : [password]) {
        if (await this.#hasher.verify(form, hash, isKnown)) return form;
      }
      return undefined;
    };
    return this.#attempts.run(`${flight} ${client}`, () =>
      this.#throttle.attempt(client, name, (isKnown) => this.#verifications.run(flight, () => verifyEach(isKnown))),
    );
  }

  #stillVerified({ mark }: Verification, stored: StoredUser | undefined): User | undefined {
    if (stored === undefined || !stored.enabled) return undefined;
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

function rememberOrigin({ origins }: Verification, origin: RequestOrigin): void {
  const rough = roughOrigin(origin);
  if (rough.length > MAX_ORIGIN_LENGTH) return;
  if (origins.size >= MAX_ORIGINS) origins.clear();
  origins.add(rough);
}
