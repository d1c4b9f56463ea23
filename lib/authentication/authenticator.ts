import type { IncomingHttpHeaders } from 'node:http';
import { StoreError } from '../errors.js';
import { isPromise, type MaybePromise, SingleFlight } from '../promises.js';
import { contextOf } from '../request/audit-context.js';
import { clientNetwork, type RequestOrigin, roughOrigin } from '../request/client-address.js';
import { isDisabled, whyDisabled } from '../users/account.js';
import type { LoginFailure } from '../users/audit-events.js';
import { passwordForms } from '../users/password.js';
import type { StoredUser, User } from '../users/user.js';
import { isUserName } from '../users/user-name.js';
import type { AuthenticatorParts } from './authenticator-parts.js';
import type { CacheCounts } from './bounded-cache.js';
import { type FormerLogin, rememberOrigin, type Verification } from './credential-cache.js';
import { CredentialDigests, type Credentials } from './credentials.js';
import { failWith, reportFailure } from './login-failures.js';
import type { Admission } from './login-throttle.js';
import { PasswordUpgrade } from './password-upgrade.js';
import { PublicUsers } from './public-users.js';
import type { PresentedSecret } from './secret-authenticator.js';
import type { PresentedToken } from './token-authenticator.js';
import type { Credential } from './used-credentials.js';

/** How often a login begins again because another process changed the user meanwhile. */
const MAX_REPETITIONS = 3;

interface Attempt extends Credentials {
  /** See {@link passwordForms}. */
  readonly forms: readonly string[];
  /** See {@link CredentialDigests.ofPair}. */
  readonly digest: string;
  readonly origin: RequestOrigin;
  /** See {@link clientNetwork}. */
  readonly client: string;
  /** Set if these credentials let the user in lately, from the same origin. */
  readonly former: FormerLogin | undefined;
}

/**
 * Finds the user of credentials. The repository is asked for the user each time, and again after a slow verification. The
 * cache only remembers that certain credentials matched a certain hash, so that a change of the user by any process is in
 * force at the next request.
 */
export class Authenticator {
  readonly #parts: AuthenticatorParts;
  readonly #upgrade: PasswordUpgrade;
  readonly counts: CacheCounts = { hits: 0, misses: 0 };
  /** Equal attempts of one client count as one. */
  readonly #attempts = new SingleFlight<string | undefined>();
  /** Equal attempts of all clients share one verification. */
  readonly #verifications = new SingleFlight<string | undefined>();
  readonly #upgrades = new SingleFlight<string | undefined>();
  readonly #digests = new CredentialDigests();
  readonly #users = new PublicUsers(this.#digests);

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts;
    this.#upgrade = new PasswordUpgrade(parts.repository, parts.hasher);
  }

  /**
   * The user of credentials that were verified lately and came from this origin before, if they still count. Most requests
   * take this path. It returns no promise if the repository returns none.
   *
   * @param headers those of the origin: each reading of it takes time
   * @throws {StoreError} the store is unavailable
   */
  recall(
    authorization: string,
    origin: RequestOrigin,
    headers: IncomingHttpHeaders = origin.headers,
  ): MaybePromise<User | undefined> {
    const verification = this.#parts.cache.get(this.#digests.ofHeader(authorization));
    if (verification === undefined || !verification.origins.has(roughOrigin(origin, headers))) return undefined;
    this.counts.hits += 1;
    const { name } = verification;
    try {
      const found = this.#findVerified(verification);
      return isPromise(found) ? found.catch((error) => failWith(this.#parts.audit, name, origin, error)) : found;
    } catch (error) {
      failWith(this.#parts.audit, name, origin, error);
    }
  }

  /**
   * The user with these credentials, or undefined. An unknown name takes the same path and the same time as a wrong
   * password, and as the correct password of a disabled user.
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
      reportFailure(this.#parts.audit, name, origin, outcome);
      return undefined;
    } catch (error) {
      failWith(this.#parts.audit, name, origin, error);
    }
  }

  /**
   * The user with this key or session, or undefined. It takes no bcrypt.
   *
   * @throws {StoreError} the store is unavailable
   * @throws {ThrottledError} too many attempts have failed
   */
  async authenticateSecret(secret: PresentedSecret, origin: RequestOrigin): Promise<User | undefined> {
    try {
      const digest = this.#digests.ofHeader(secret.header);
      const outcome = (await this.#parts.secrets?.authenticate(secret, digest, origin)) ?? 'unknown-key';
      if (typeof outcome !== 'string') return outcome;
      if (secret.kind === 'key') reportFailure(this.#parts.audit, secret.name ?? '', origin, outcome);
      return undefined;
    } catch (error) {
      failWith(this.#parts.audit, secret.name ?? '', origin, error);
    }
  }

  /**
   * The user with this token, or the reason why there is none, for the client.
   *
   * @throws {StoreError} the store is unavailable
   * @throws {ThrottledError} too many attempts have failed
   */
  async authenticateToken(token: PresentedToken, origin: RequestOrigin): Promise<User | string> {
    const { tokens, audit } = this.#parts;
    if (tokens !== undefined) return tokens.authenticate(token, this.#digests.ofHeader(token.header), origin);
    reportFailure(audit, '', origin, 'malformed-credentials');
    return 'unable to parse authentication credentials';
  }

  /** Whether this authenticator let the user in, and not one with another store. */
  knows(user: User): boolean {
    const { secrets, tokens } = this.#parts;
    return [this.#users.markOf(user), secrets?.secretOf(user), tokens?.tokenOf(user)].some(
      (each) => each !== undefined,
    );
  }

  /** Whether a user who was let in with its password may still log in with it, as the store has the user now. */
  isStillVerified(user: User, stored: StoredUser): boolean {
    return this.#stillVerified({ mark: this.#users.markOf(user) }, stored) !== undefined;
  }

  /** The credential that let the user in. Undefined for a user that this authenticator does not know. */
  credentialOf(user: User): Credential | undefined {
    return this.knows(user) ? this.#parts.used.of(user) : undefined;
  }

  /**
   * The current state of a user who was let in, if the user may still log in, and has the same password, or the key or the
   * token still counts. For requests that take long.
   *
   * @throws {StoreError} the store is unavailable
   */
  async refresh(user: User): Promise<User | undefined> {
    const { secrets, tokens } = this.#parts;
    const [mark, secret, token] = [this.#users.markOf(user), secrets?.secretOf(user), tokens?.tokenOf(user)];
    return this.#findVerified({ name: user.name, mark, secret, token });
  }

  /** Forgets everything and stops all timers. */
  close(): void {
    this.#parts.secrets?.close();
    this.#parts.tokens?.close();
    this.#parts.cache.close();
    this.#parts.throttle.close();
    this.#upgrade.close();
  }

  async #authenticate({ name, password }: Credentials, origin: RequestOrigin): Promise<User | LoginFailure> {
    // First of all: the address of a client that hangs up meanwhile is unknown.
    const client = clientNetwork(origin);
    const rough = roughOrigin(origin);
    const { repository, cache, throttle, beforeLogin } = this.#parts;
    await beforeLogin?.();
    // The store is not asked for a name that no user can have, however long it is.
    const stored = isUserName(name) ? await repository.find(name) : undefined;
    const forms = passwordForms(password);
    const digest = this.#digests.ofPair(name, password);
    for (const form of forms) {
      const verification = cache.get(this.#digests.ofLogin(name, form));
      const user = verification && this.#stillVerified(verification, stored);
      if (user === undefined) continue;
      await throttle.admit(client, name);
      this.counts.hits += 1;
      this.#rememberOrigin(verification as Verification, digest, origin);
      return user;
    }
    this.counts.misses += 1;
    const former = cache.former(digest, rough);
    return this.#logIn({ name, password, forms, digest, origin, client, former }, stored);
  }

  async #logIn(attempt: Attempt, stored: StoredUser | undefined, repetition = 0): Promise<User | LoginFailure> {
    const { name, forms, origin, client, former } = attempt;
    const { repository, cache, throttle } = this.#parts;
    const obstacle = this.#obstacleFor(stored);
    if (former !== undefined && (obstacle !== undefined || former.refusedBy === this.#markOf(stored))) {
      // This password is known not to let the user in any more.
      await throttle.check(client, name);
      return obstacle ?? 'wrong-password';
    }
    const candidate = forms.length > 0 && obstacle === undefined ? stored : undefined;
    const form = await this.#verify(attempt, candidate);
    if (form === undefined || candidate === undefined) {
      if (former !== undefined) former.refusedBy = this.#markOf(candidate);
      return obstacle ?? 'wrong-password';
    }
    const hash = await this.#upgradeOnce(candidate, form);
    const current = await repository.find(name);
    if (current === undefined || isDisabled(current)) return 'user-changed';
    if (current.hash !== hash) {
      // The password is another one, or another process hashed the same password again.
      if (repetition === MAX_REPETITIONS) throw new StoreError('the user changes too often to log in: try again later');
      return this.#logIn(attempt, current, repetition + 1);
    }
    const { user, mark } = this.#users.of(current);
    // The app may have cut the name that it gave out of a text with the password.
    const verification: Verification = { name: current.name, mark, origins: new Set() };
    this.#rememberOrigin(verification, attempt.digest, origin);
    // The key is the form that is hashed, because one password can be written in many forms.
    cache.set(this.#digests.ofLogin(name, form), verification);
    throttle.remember(client, name);
    return user;
  }

  /** The reason why the correct password would not let this user in either. */
  #obstacleFor(stored: StoredUser | undefined): LoginFailure | undefined {
    if (stored === undefined) return 'unknown-user';
    const disabled = whyDisabled(stored);
    if (disabled !== undefined || this.#parts.hasher.canVerify(stored.hash)) return disabled;
    this.#parts.onUnusableHash(this.#users.of(stored).user);
    return 'unusable-hash';
  }

  /** Emits a login, unless one from this origin was emitted for this verification. */
  #rememberOrigin(verification: Verification, digest: string, origin: RequestOrigin): void {
    this.#parts.cache.setFormer(digest, verification);
    if (!rememberOrigin(verification, roughOrigin(origin))) return;
    this.#parts.audit('login', () => ({ ...contextOf(origin), user: verification.name, how: 'password' as const }));
  }

  /** @returns the form that is the password; undefined if none is */
  #verify(attempt: Attempt, candidate: StoredUser | undefined): Promise<string | undefined> {
    const { name, password, forms, digest, client, former } = attempt;
    const { hasher, throttle } = this.#parts;
    const hash = candidate?.hash ?? hasher.dummyHash;
    const flight = digest + (this.#markOf(candidate) ?? '');
    const verify = (admission: Admission) => hasher.verify(forms.length > 0 ? forms : [password], hash, admission);
    return this.#attempts.run(`${flight} ${client}`, () =>
      // A known client does not share a stranger's place in the queue.
      throttle.attempt({ client, name, digest, isGuess: former === undefined }, (admission) =>
        this.#verifications.run(`${flight} ${admission.isKnown}`, () => verify(admission)),
      ),
    );
  }

  /** @returns the hash of the user, unless another process changed it */
  async #upgradeOnce(candidate: StoredUser, form: string): Promise<string> {
    const flight = this.#digests.ofPair(candidate.name, form) + this.#users.of(candidate).mark;
    return (await this.#upgrades.run(flight, () => this.#upgrade.upgrade(candidate, form))) ?? candidate.hash;
  }

  #findVerified(verification: Omit<Verification, 'origins'>): MaybePromise<User | undefined> {
    const { name, secret, token } = verification;
    const { secrets, tokens, repository } = this.#parts;
    if (secret !== undefined) return secrets?.find(secret);
    if (token !== undefined) return tokens?.find(token);
    const found = repository.find(name);
    if (!isPromise(found)) return this.#stillVerified(verification, found);
    return found.then((stored) => this.#stillVerified(verification, stored));
  }

  #stillVerified({ mark }: { readonly mark: string | undefined }, stored: StoredUser | undefined): User | undefined {
    if (stored === undefined || isDisabled(stored)) return undefined;
    const current = this.#users.of(stored);
    return current.mark === mark ? current.user : undefined;
  }

  #markOf(stored: StoredUser | undefined): string | undefined {
    return stored && this.#users.of(stored).mark;
  }
}
