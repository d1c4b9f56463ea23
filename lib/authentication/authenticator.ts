import { StoreError } from '../errors.js';
import { isPromise, type MaybePromise, SingleFlight } from '../promises.js';
import { contextOf } from '../request/audit-context.js';
import { clientNetwork, type RequestOrigin, roughOrigin } from '../request/client-address.js';
import type { Audit, LoginFailure } from '../users/audit-events.js';
import { passwordForms } from '../users/password.js';
import type { UserRepository } from '../users/repository.js';
import { publicUser, type StoredUser, type User } from '../users/user.js';
import { isUserName } from '../users/user-name.js';
import type { CredentialCache, FormerLogin, Verification } from './credential-cache.js';
import { CredentialDigests } from './credential-digests.js';
import type { Credentials } from './credentials.js';
import { failureOfError } from './login-failure.js';
import type { Admission, LoginThrottle } from './login-throttle.js';
import type { PasswordHasher } from './password-hasher.js';
import { PasswordUpgrade } from './password-upgrade.js';

/** Of one login: more are forgotten, and found again. */
const MAX_ORIGINS = 200;
/** Characters of one that is remembered: a header may have thousands. */
const MAX_ORIGIN_LENGTH = 256;
/** How often a login begins anew because the user is changed meanwhile, by a process that hashes passwords anew as well. */
const MAX_REPETITIONS = 3;

/** What an authenticator is made of. */
export interface AuthenticatorParts {
  readonly repository: UserRepository;
  readonly hasher: PasswordHasher;
  readonly cache: CredentialCache;
  readonly throttle: LoginThrottle;
  /** Called before each login, which waits for the promise: the first admin may still be on its way. */
  readonly beforeLogin?: (() => Promise<void> | undefined) | undefined;
  /** Told of a user with a hash that is not verified: no bcrypt hash, or one with too high a cost. */
  readonly onUnusableHash: (user: User) => void;
  /** Told of each login, and of each that failed. */
  readonly audit: Audit;
}

/** How often credentials were known already, and how often they had to be verified. */
export interface CacheCounts {
  hits: number;
  misses: number;
}

/** Somebody who wants to be let in. */
interface Attempt extends Credentials {
  /** See {@link passwordForms}. */
  readonly forms: readonly string[];
  /** Of name and password: see {@link CredentialDigests.ofPair}. */
  readonly digest: string;
  readonly origin: RequestOrigin;
  /** See {@link clientNetwork}. */
  readonly client: string;
  /** Set where the password let this user in lately, from there. */
  readonly former: FormerLogin | undefined;
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
  readonly #beforeLogin: () => Promise<void> | undefined;
  readonly #upgrade: PasswordUpgrade;
  readonly #onUnusableHash: (user: User) => void;
  readonly #audit: Audit;
  readonly counts: CacheCounts = { hits: 0, misses: 0 };
  /** Equal attempts of one client: they count as one. */
  readonly #attempts = new SingleFlight<string | undefined>();
  /** Equal attempts of everybody: they are verified once. */
  readonly #verifications = new SingleFlight<string | undefined>();
  readonly #upgrades = new SingleFlight<string | undefined>();
  /** The repository gives objects that never change: see {@link SupervisedRepository.find}. */
  readonly #derived = new WeakMap<StoredUser, Derived>();
  /** Which hash it was that a user was let in with. */
  readonly #marks = new WeakMap<User, string>();
  readonly #digests = new CredentialDigests();

  constructor(parts: AuthenticatorParts) {
    this.#repository = parts.repository;
    this.#hasher = parts.hasher;
    this.#cache = parts.cache;
    this.#throttle = parts.throttle;
    this.#beforeLogin = parts.beforeLogin ?? (() => undefined);
    this.#upgrade = new PasswordUpgrade(parts.repository, parts.hasher);
    this.#onUnusableHash = parts.onUnusableHash;
    this.#audit = parts.audit;
  }

  /**
   * The user of an `Authorization` header that has been verified lately, and has come from there before, if the user
   * still has the same password. Without a promise where the repository answers without one: this is what most requests
   * are.
   *
   * @throws {StoreError} the store is unavailable
   */
  recall(authorization: string, origin: RequestOrigin): MaybePromise<User | undefined> {
    const verification = this.#cache.get(this.#digests.ofHeader(authorization));
    if (verification === undefined || !verification.origins.has(roughOrigin(origin))) return undefined;
    this.counts.hits += 1;
    const { name } = verification;
    try {
      const found = this.#repository.find(name);
      if (!isPromise(found)) return this.#stillVerified(verification, found);
      return found.then(
        (stored) => this.#stillVerified(verification, stored),
        (error) => this.#fail(name, origin, error),
      );
    } catch (error) {
      this.#fail(name, origin, error);
    }
  }

  /**
   * The user with these credentials, or undefined. An unknown name takes the same path, and the same time, as a wrong
   * password, and as the right one of a user who is disabled.
   *
   * @throws {StoreError} the store is unavailable
   * @throws {ThrottledError} too many attempts have failed
   * @throws {OverloadedError} too many passwords wait to be verified
   */
  async authenticate(credentials: Credentials, origin: RequestOrigin): Promise<User | undefined> {
    const { name } = credentials;
    try {
      const outcome = await this.#authenticate(credentials, origin);
      if (typeof outcome !== 'string') return outcome;
      this.#tellOfFailure(name, origin, outcome);
      return undefined;
    } catch (error) {
      this.#fail(name, origin, error);
    }
  }

  /** Tells whether it was this authenticator that let a user in, and not one with another store. */
  knows(user: User): boolean {
    return this.#marks.has(user);
  }

  /**
   * The user as it is now, if it is still the one who was let in, with the password that it was let in with: for what is
   * done when much time has passed since, and a password may have been changed.
   *
   * @throws {StoreError} the store is unavailable
   */
  async refresh(user: User): Promise<User | undefined> {
    return this.#stillVerified({ mark: this.#marks.get(user) }, await this.#repository.find(user.name));
  }

  /** Forgets everything, and leaves no timer. */
  close(): void {
    this.#cache.close();
    this.#throttle.close();
    this.#upgrade.close();
  }

  #tellOfFailure(name: string, origin: RequestOrigin, reason: LoginFailure): void {
    this.#audit('login-failed', () => ({ ...contextOf(origin), user: isUserName(name) ? name : undefined, reason }));
  }

  /** Tells of what keeps a password from being looked at, and throws it. */
  #fail(name: string, origin: RequestOrigin, error: unknown): never {
    this.#tellOfFailure(name, origin, failureOfError(error));
    throw error;
  }

  async #authenticate({ name, password }: Credentials, origin: RequestOrigin): Promise<User | LoginFailure> {
    // First of all: of a client that hangs up meanwhile the address is not known any more.
    const client = clientNetwork(origin);
    const rough = roughOrigin(origin);
    await this.#beforeLogin();
    // A name that nobody can have, however long it is, need not trouble the store.
    const stored = isUserName(name) ? await this.#repository.find(name) : undefined;
    const forms = passwordForms(password);
    const digest = this.#digests.ofPair(name, password);
    for (const form of forms) {
      const verification = this.#cache.get(this.#digests.ofLogin(name, form));
      const user = verification && this.#stillVerified(verification, stored);
      if (user === undefined) continue;
      await this.#throttle.admit(client, name);
      this.counts.hits += 1;
      this.#cameFrom(verification as Verification, digest, origin);
      return user;
    }
    this.counts.misses += 1;
    const former = this.#cache.former(digest, rough);
    return this.#logIn({ name, password, forms, digest, origin, client, former }, stored);
  }

  async #logIn(attempt: Attempt, stored: StoredUser | undefined, repetition = 0): Promise<User | LoginFailure> {
    const { name, forms, origin, client, former } = attempt;
    const obstacle = this.#obstacleFor(stored);
    if (former !== undefined && (obstacle !== undefined || former.refusedBy === this.#markOf(stored))) {
      // It is known already that this password does not let the user in any more.
      await this.#throttle.check(client, name);
      return obstacle ?? 'wrong-password';
    }
    const candidate = forms.length > 0 && obstacle === undefined ? stored : undefined;
    const form = await this.#verify(attempt, candidate);
    if (form === undefined || candidate === undefined) {
      if (former !== undefined) former.refusedBy = this.#markOf(candidate);
      return obstacle ?? 'wrong-password';
    }
    const hash = await this.#upgradeOnce(candidate, form);
    const current = await this.#repository.find(name);
    if (current === undefined || !current.enabled) return 'user-changed';
    if (current.hash !== hash) {
      // Another password, or another process has hashed the same one anew.
      if (repetition === MAX_REPETITIONS) throw new StoreError('the user changes too often to log in: try again later');
      return this.#logIn(attempt, current, repetition + 1);
    }
    const { user, mark } = this.#derive(current);
    const verification: Verification = { name, mark, origins: new Set() };
    this.#cameFrom(verification, attempt.digest, origin);
    // Under the form that is hashed: the ways to write it are many.
    this.#cache.set(this.#digests.ofLogin(name, form), verification);
    this.#throttle.remember(client, name);
    return user;
  }

  /** Why this user would not be let in with the right password either. */
  #obstacleFor(stored: StoredUser | undefined): LoginFailure | undefined {
    if (stored === undefined) return 'unknown-user';
    if (!stored.enabled) return 'user-disabled';
    if (this.#hasher.canVerify(stored.hash)) return undefined;
    this.#onUnusableHash(this.#derive(stored).user);
    return 'unusable-hash';
  }

  /** Somebody was let in: a login, unless it is one that has been told of. */
  #cameFrom(verification: Verification, digest: string, origin: RequestOrigin): void {
    const { name, origins } = verification;
    this.#cache.setFormer(digest, verification);
    const rough = roughOrigin(origin);
    if (origins.has(rough)) return;
    this.#audit('login', () => ({ ...contextOf(origin), user: name }));
    if (rough.length > MAX_ORIGIN_LENGTH) return;
    if (origins.size >= MAX_ORIGINS) origins.clear();
    origins.add(rough);
  }

  /** @returns which of the forms is the password, if one is */
  #verify(attempt: Attempt, candidate: StoredUser | undefined): Promise<string | undefined> {
    const { name, password, forms, digest, client, former } = attempt;
    const hash = candidate?.hash ?? this.#hasher.dummyHash;
    const flight = digest + (this.#markOf(candidate) ?? '');
    const verify = (admission: Admission) =>
      this.#hasher.verify(forms.length > 0 ? forms : [password], hash, admission);
    return this.#attempts.run(`${flight} ${client}`, () =>
      // Who is known does not share a stranger's place in the queue.
      this.#throttle.attempt({ client, name, digest, isGuess: former === undefined }, (admission) =>
        this.#verifications.run(`${flight} ${admission.isKnown}`, () => verify(admission)),
      ),
    );
  }

  /** @returns the hash that the user has if nobody else has changed it */
  async #upgradeOnce(candidate: StoredUser, form: string): Promise<string> {
    const flight = this.#digests.ofPair(candidate.name, form) + this.#derive(candidate).mark;
    return (await this.#upgrades.run(flight, () => this.#upgrade.upgrade(candidate, form))) ?? candidate.hash;
  }

  #stillVerified({ mark }: { readonly mark: string | undefined }, stored: StoredUser | undefined): User | undefined {
    if (stored === undefined || !stored.enabled) return undefined;
    const derived = this.#derive(stored);
    return derived.mark === mark ? derived.user : undefined;
  }

  #derive(stored: StoredUser): Derived {
    let derived = this.#derived.get(stored);
    if (derived === undefined) {
      derived = { user: publicUser(stored), mark: this.#digests.ofHash(stored.hash) };
      this.#derived.set(stored, derived);
      this.#marks.set(derived.user, derived.mark);
    }
    return derived;
  }

  #markOf(stored: StoredUser | undefined): string | undefined {
    return stored && this.#derive(stored).mark;
  }
}
