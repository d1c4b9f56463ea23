import { isPromise, type MaybePromise } from '../promises.js';
import { contextOf } from '../request/audit-context.js';
import { clientNetwork, type RequestOrigin, roughOrigin } from '../request/client-address.js';
import { isDisabled, whyDisabled } from '../users/account.js';
import type { Audit, LoginFailure } from '../users/audit-events.js';
import type { UserRepository } from '../users/repository.js';
import { restrictedUser } from '../users/restricted-user.js';
import {
  dateOf,
  isValidAt,
  RECORD_USE_EVERY,
  type SecretKind,
  type SecretRepository,
  type StoredSecret,
} from '../users/secret.js';
import { digestOfSecret, isSecretText } from '../users/secret-text.js';
import { publicUser, type StoredUser, type User } from '../users/user.js';
import { type CredentialCache, rememberOrigin } from './credential-cache.js';
import type { LoginThrottle } from './login-throttle.js';
import { UseRecorder } from './use-recorder.js';
import type { UsedCredentials } from './used-credentials.js';

/** The secret that a client sent. */
export interface PresentedSecret {
  readonly kind: SecretKind;
  readonly text: string;
  /** The user's name, if the client sent one. It must be the owner's. */
  readonly name: string | undefined;
  /** The `Authorization` header as clients usually write it, or a text that no header has, for a session. The cache is asked for it. */
  readonly header: string;
}

export interface SecretAuthenticatorParts {
  readonly repository: UserRepository;
  readonly secrets: SecretRepository;
  readonly cache: CredentialCache;
  readonly throttle: LoginThrottle;
  readonly used: UsedCredentials;
  /** Each login waits for this promise: the first admin may still be on its way. Defaults to no wait. */
  readonly beforeLogin?: (() => Promise<void> | undefined) | undefined;
  readonly audit: Audit;
  /** Milliseconds after its last use for which a session lasts. */
  readonly sessionIdle: number;
}

/**
 * Finds the user of a key or a session. The repository is asked for the secret and its owner each time, so that a change of
 * either by any process is in force at the next request. The cache only remembers that certain credentials are a certain
 * secret.
 */
export class SecretAuthenticator {
  readonly #parts: SecretAuthenticatorParts;
  readonly #uses: UseRecorder;
  /** The users that were let in: the same object while the repository returns the same owner and secret. */
  readonly #users = new WeakMap<StoredSecret, { readonly owner: StoredUser; readonly user: User }>();
  readonly #secretOf = new WeakMap<User, string>();

  constructor(parts: SecretAuthenticatorParts) {
    this.#parts = parts;
    this.#uses = new UseRecorder(RECORD_USE_EVERY, (uses) =>
      parts.secrets.recordUses(uses.map(({ subject, time }) => ({ digest: subject, lastUsed: time }))),
    );
  }

  /**
   * The user with the secret of this digest, as both are now. It returns no promise if the repository returns none.
   *
   * @throws {StoreError} the store is unavailable
   */
  find(secret: string): MaybePromise<User | undefined> {
    const found = this.#parts.secrets.find(secret);
    return isPromise(found) ? found.then((each) => this.#findOwner(each)) : this.#findOwner(found);
  }

  /**
   * The user with this secret, or the reason why there is none. Failures with a key count for the client's address.
   *
   * @param header see {@link CredentialDigests.ofHeader}
   * @throws {StoreError} the store is unavailable
   * @throws {ThrottledError} too many attempts have failed
   */
  async authenticate(presented: PresentedSecret, header: string, origin: RequestOrigin): Promise<User | LoginFailure> {
    // First of all: the address of a client that hangs up meanwhile is unknown.
    const client = clientNetwork(origin);
    const rough = roughOrigin(origin);
    const { throttle, cache, used, audit, beforeLogin } = this.#parts;
    await beforeLogin?.();
    const digest = digestOfSecret(presented.text);
    let failure: LoginFailure | undefined;
    const verify = async () => {
      const outcome = await this.#verify(presented, digest);
      if (typeof outcome !== 'string') return outcome;
      failure = outcome;
      return undefined;
    };
    // A session that has ended is no attack: each browser has one sooner or later.
    const user = await (presented.kind === 'session' ? verify() : throttle.attemptDigest(client, digest, verify));
    if (user === undefined) return failure as LoginFailure;
    if (rememberOrigin(cache.verified(header, { name: user.name, secret: digest }), rough)) {
      const { kind, id } = used.of(user);
      audit('login', () => ({ ...contextOf(origin), user: user.name, how: kind, id }));
    }
    return user;
  }

  /** The digest of the secret that let this user in. */
  secretOf(user: User): string | undefined {
    return this.#secretOf.get(user);
  }

  close(): void {
    this.#uses.close();
  }

  /** The reason is for the operator, who sees it in the audit. */
  async #verify({ kind, text, name }: PresentedSecret, digest: string): Promise<User | LoginFailure> {
    // The store is not asked for a text with a typing error.
    if (!isSecretText(kind, text)) return 'malformed-key';
    const secret = await this.#parts.secrets.find(digest);
    if (secret === undefined || (name !== undefined && name !== secret.owner)) return 'unknown-key';
    if (!isValidAt(secret, Date.now())) return 'expired-key';
    return (await this.#findOwner(secret)) ?? this.#failureOf(secret);
  }

  async #failureOf({ owner }: StoredSecret): Promise<LoginFailure> {
    const found = await this.#parts.repository.find(owner);
    return (found && whyDisabled(found)) ?? 'user-changed';
  }

  #findOwner(secret: StoredSecret | undefined): MaybePromise<User | undefined> {
    const time = Date.now();
    if (secret === undefined || !isValidAt(secret, time)) return undefined;
    if (secret.kind === 'session' && this.#isIdle(secret, time)) return this.#afterIdling(secret, time);
    const owner = this.#parts.repository.find(secret.owner);
    return isPromise(owner)
      ? owner.then((found) => this.#userOf(secret, found, time))
      : this.#userOf(secret, owner, time);
  }

  #isIdle({ digest, created, lastUsed = created }: StoredSecret, time: number): boolean {
    const last = Math.max(lastUsed, this.#uses.lastNoted(digest) ?? 0);
    return time - last >= this.#parts.sessionIdle;
  }

  /** Another process may have recorded a use of the session: `find` need not know of it, and `list` does. */
  async #afterIdling(stale: StoredSecret, time: number): Promise<User | undefined> {
    const sessions = await this.#parts.secrets.list(stale.owner, 'session');
    const secret = sessions.find(({ digest }) => digest === stale.digest);
    if (secret === undefined || this.#isIdle(secret, time)) return undefined;
    return this.#userOf(secret, await this.#parts.repository.find(secret.owner), time);
  }

  #userOf(secret: StoredSecret, owner: StoredUser | undefined, time: number): User | undefined {
    if (owner === undefined || isDisabled(owner)) return undefined;
    this.#uses.note(secret.digest, time);
    const known = this.#users.get(secret);
    if (known?.owner === owner) return known.user;
    const user = this.#createUser(secret, owner);
    this.#users.set(secret, { owner, user });
    return user;
  }

  #createUser({ digest, kind, id, name, expires, permissions }: StoredSecret, owner: StoredUser): User {
    const user = publicUser(owner);
    const limited = permissions === undefined ? user : restrictedUser(user, permissions);
    this.#secretOf.set(limited, digest);
    this.#parts.used.set(limited, { kind, id, name, expires: dateOf(expires), permissions });
    return limited;
  }
}
