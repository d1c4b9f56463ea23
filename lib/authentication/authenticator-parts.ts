import type { Audit } from '../users/audit-events.js';
import type { UserRepository } from '../users/repository.js';
import type { User } from '../users/user.js';
import type { CredentialCache } from './credential-cache.js';
import type { LoginThrottle } from './login-throttle.js';
import type { PasswordHasher } from './password-hasher.js';
import type { SecretAuthenticator } from './secret-authenticator.js';
import type { TokenAuthenticator } from './token-authenticator.js';
import type { UsedCredentials } from './used-credentials.js';

/** The parts of an authenticator. */
export interface AuthenticatorParts {
  readonly repository: UserRepository;
  readonly hasher: PasswordHasher;
  readonly cache: CredentialCache;
  readonly throttle: LoginThrottle;
  /** Each login waits for this promise: the first admin may still be on its way. Defaults to no wait. */
  readonly beforeLogin?: (() => Promise<void> | undefined) | undefined;
  /** Receives a user whose hash is not verified: it is not a bcrypt hash, or its cost is too high. */
  readonly onUnusableHash: (user: User) => void;
  readonly used: UsedCredentials;
  /** Undefined: there are no keys and no sessions. */
  readonly secrets?: SecretAuthenticator | undefined;
  /** Undefined: no JSON Web Token is accepted. */
  readonly tokens?: TokenAuthenticator | undefined;
  /** Receives each login and each failed login. */
  readonly audit: Audit;
}
