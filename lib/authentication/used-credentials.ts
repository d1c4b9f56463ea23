import type { CredentialKind } from '../users/audit-events.js';
import type { User } from '../users/user.js';

/** The credential that a user was let in with: `auth.credentialOf(req)`. It holds no secret. */
export interface Credential {
  readonly kind: CredentialKind;
  /** The id of a key or a session. */
  readonly id: string | undefined;
  /** The name of a key. */
  readonly name: string | undefined;
  /** When the credential ends at the latest. Undefined: at no fixed time. */
  readonly expires: Date | undefined;
  /** The most that a key may do. Undefined: all that the user may do. */
  readonly permissions: readonly string[] | undefined;
}

const PASSWORD: Credential = Object.freeze({
  kind: 'password',
  id: undefined,
  name: undefined,
  expires: undefined,
  permissions: undefined,
});

/** Remembers the credential that each user was let in with. A user is another object for each of its credentials. */
export class UsedCredentials {
  readonly #credentials = new WeakMap<User, Credential>();

  set(user: User, credential: Credential): void {
    this.#credentials.set(user, Object.freeze(credential));
  }

  /** A user without an entry was let in with its password. */
  of(user: User): Credential {
    return this.#credentials.get(user) ?? PASSWORD;
  }
}
