import { isPromise, type MaybePromise } from '../promises.js';
import { contextOf } from '../request/audit-context.js';
import { clientNetwork, type RequestOrigin, roughOrigin } from '../request/client-address.js';
import { isDisabled, whyDisabled } from '../users/account.js';
import type { Audit, LoginFailure } from '../users/audit-events.js';
import type { UserRepository } from '../users/repository.js';
import { digestOfSecret } from '../users/secret-text.js';
import { publicUser, type StoredUser, type User } from '../users/user.js';
import { isUserName } from '../users/user-name.js';
import { type CredentialCache, rememberOrigin } from './credential-cache.js';
import { isOver, type JsonWebTokens, type VerifiedToken } from './json-web-tokens.js';
import { failWith, reportFailure } from './login-failures.js';
import type { LoginThrottle } from './login-throttle.js';
import type { UsedCredentials } from './used-credentials.js';

/** The token that a client sent. */
export interface PresentedToken {
  readonly kind: 'jwt';
  readonly text: string;
  /** The name is in the token, and counts only if the token is valid. */
  readonly name: undefined;
  /** The `Authorization` header as clients usually write it. The cache is asked for it. */
  readonly header: string;
}

/** Nobody was let in with a token. */
interface RefusedLogin {
  /** For the operator. */
  readonly failure: LoginFailure;
  /** For the client. */
  readonly reason: string;
  /** The name in the token, if the token is signed with the secret. */
  readonly username?: string;
}

interface TokenAuthenticatorParts {
  readonly tokens: JsonWebTokens;
  readonly repository: UserRepository;
  readonly cache: CredentialCache;
  readonly throttle: LoginThrottle;
  readonly used: UsedCredentials;
  /** Each login waits for this promise: the first admin may still be on its way. */
  readonly beforeLogin: () => Promise<void> | undefined;
  readonly audit: Audit;
}

/**
 * Finds the user of a JSON Web Token. The repository is asked for the user each time, so that a change of the user by any process
 * is in force at the next request. A changed password does not end a token, as in Kapacitor.
 */
export class TokenAuthenticator {
  readonly #parts: TokenAuthenticatorParts;
  /** The users that were let in: the same object for a token while the repository returns the same owner. */
  readonly #users = new WeakMap<VerifiedToken, { readonly owner: StoredUser; readonly user: User }>();
  readonly #tokenOf = new WeakMap<User, VerifiedToken>();

  constructor(parts: TokenAuthenticatorParts) {
    this.#parts = parts;
  }

  /**
   * The user of a token that was verified before, as it is now. It returns no promise if the repository returns none.
   *
   * @throws {StoreError} the store is unavailable
   */
  find(token: VerifiedToken): MaybePromise<User | undefined> {
    if (isOver(token)) return undefined;
    const owner = this.#parts.repository.find(token.username);
    return isPromise(owner) ? owner.then((found) => this.#current(token, found)) : this.#current(token, owner);
  }

  /**
   * The user with this token, or the reason why there is none, for the client. Failures count for the client's address.
   *
   * @param header see {@link CredentialDigests.ofHeader}
   * @throws {StoreError} the store is unavailable
   * @throws {ThrottledError} too many attempts have failed
   */
  async authenticate({ text }: PresentedToken, header: string, origin: RequestOrigin): Promise<User | string> {
    const { audit } = this.#parts;
    try {
      const outcome = await this.#authenticate(text, header, origin);
      if (!('failure' in outcome)) return outcome;
      reportFailure(audit, outcome.username ?? '', origin, outcome.failure);
      return outcome.reason;
    } catch (error) {
      failWith(audit, '', origin, error);
    }
  }

  /** The token that let this user in. */
  tokenOf(user: User): VerifiedToken | undefined {
    return this.#tokenOf.get(user);
  }

  close(): void {
    this.#parts.tokens.close();
  }

  async #authenticate(text: string, header: string, origin: RequestOrigin): Promise<User | RefusedLogin> {
    // First of all: the address of a client that hangs up meanwhile is unknown.
    const client = clientNetwork(origin);
    const rough = roughOrigin(origin);
    const { throttle, beforeLogin, audit } = this.#parts;
    await beforeLogin();
    const digest = digestOfSecret(text);
    let refused: RefusedLogin | undefined;
    const user = await throttle.attemptDigest(client, digest, async () => {
      const outcome = await this.#verify(text);
      if (!('failure' in outcome)) return outcome;
      refused = outcome;
      return undefined;
    });
    if (user === undefined) return refused as RefusedLogin;
    const verified = { name: user.name, token: this.#tokenOf.get(user) };
    if (rememberOrigin(this.#parts.cache.verified(header, verified), rough)) {
      audit('login', () => ({ ...contextOf(origin), user: user.name, how: 'jwt' as const }));
    }
    return user;
  }

  async #verify(text: string): Promise<User | RefusedLogin> {
    const { tokens, repository } = this.#parts;
    const token = await tokens.verify(text);
    if ('failure' in token) return token;
    const { username } = token;
    const owner = isUserName(username) ? await repository.find(username) : undefined;
    const failure = owner === undefined ? 'unknown-user' : whyDisabled(owner);
    // The client gets the same answer for all of these.
    if (failure !== undefined) return { failure, reason: 'authorization failed', username };
    return this.#userOf(token, owner as StoredUser);
  }

  #current(token: VerifiedToken, owner: StoredUser | undefined): User | undefined {
    return owner === undefined || isDisabled(owner) ? undefined : this.#userOf(token, owner);
  }

  #userOf(token: VerifiedToken, owner: StoredUser): User {
    const known = this.#users.get(token);
    if (known?.owner === owner) return known.user;
    const user = publicUser(owner);
    this.#users.set(token, { owner, user });
    this.#tokenOf.set(user, token);
    const expires = new Date(token.expires);
    this.#parts.used.set(user, { kind: 'jwt', id: undefined, name: undefined, expires, permissions: undefined });
    return user;
  }
}
