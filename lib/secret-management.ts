import type { CredentialCache } from './authentication/credential-cache.js';
import type { LoginThrottle } from './authentication/login-throttle.js';
import { OWN_KEYS, OwnChanges } from './authentication/rate-limiter.js';
import { SecretAuthenticator } from './authentication/secret-authenticator.js';
import type { UsedCredentials } from './authentication/used-credentials.js';
import type { Audit } from './users/audit-events.js';
import { ExpiredSecrets } from './users/expired-secrets.js';
import { KeyService } from './users/key-service.js';
import type { PermissionNames } from './users/permissions.js';
import type { CompleteUserRepository } from './users/repository.js';

interface SecretManagementParts {
  readonly repository: CompleteUserRepository;
  readonly permissionNames: PermissionNames;
  readonly cache: CredentialCache;
  readonly throttle: LoginThrottle;
  readonly used: UsedCredentials;
  readonly audit: Audit;
}

/** The keys of users, and whom they let in. */
export interface SecretManagement {
  readonly keys: KeyService;
  /** Undefined for a store that keeps no secrets. */
  readonly authenticator: SecretAuthenticator | undefined;
  readonly close: () => void;
}

/** Creates what keys need. */
export function createSecretManagement(parts: SecretManagementParts): SecretManagement {
  const { repository } = parts;
  const ownKeys = new OwnChanges(OWN_KEYS);
  const keys = new KeyService({ ...parts, ownKeys });
  const { secrets } = repository;
  if (secrets === undefined) return { keys, authenticator: undefined, close: () => ownKeys.close() };
  const expired = new ExpiredSecrets(secrets);
  return {
    keys,
    authenticator: new SecretAuthenticator({ ...parts, secrets, sessionIdle: Number.POSITIVE_INFINITY }),
    close: () => {
      ownKeys.close();
      expired.close();
    },
  };
}
