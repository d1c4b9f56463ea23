import type { CredentialCache } from './authentication/credential-cache.js';
import type { LoginThrottle } from './authentication/login-throttle.js';
import { OWN_KEYS, OWN_SESSIONS, OwnChanges } from './authentication/own-changes.js';
import { SecretAuthenticator } from './authentication/secret-authenticator.js';
import type { UsedCredentials } from './authentication/used-credentials.js';
import type { ResolvedSessions } from './config/options.js';
import type { Audit } from './users/audit-events.js';
import { ExpiredSecrets } from './users/expired-secrets.js';
import { KeyService } from './users/key-service.js';
import type { PermissionNames } from './users/permissions.js';
import type { CompleteUserRepository } from './users/repository.js';
import type { SecretRepository } from './users/secret.js';
import { SessionService } from './users/session-service.js';

interface SecretManagementParts {
  readonly repository: CompleteUserRepository;
  readonly permissionNames: PermissionNames;
  readonly cache: CredentialCache;
  readonly throttle: LoginThrottle;
  readonly used: UsedCredentials;
  /** See {@link SecretAuthenticatorParts}. */
  readonly beforeLogin: () => Promise<void> | undefined;
  /** `http.sessions` */
  readonly sessions: ResolvedSessions | false;
  readonly audit: Audit;
}

/** The keys and sessions of users, and whom they let in. */
export interface SecretManagement {
  readonly keys: KeyService;
  /** Undefined: there are no sessions. */
  readonly sessions: SessionService | undefined;
  /** Undefined for a store that keeps no secrets. */
  readonly authenticator: SecretAuthenticator | undefined;
  readonly close: () => void;
}

/** Creates what keys and sessions need. */
export function createSecretManagement(parts: SecretManagementParts): SecretManagement {
  const { repository } = parts;
  const ownKeys = new OwnChanges(OWN_KEYS);
  const keys = new KeyService({ ...parts, ownKeys });
  const { secrets } = repository;
  if (secrets === undefined) {
    return { keys, sessions: undefined, authenticator: undefined, close: () => ownKeys.close() };
  }
  const expired = new ExpiredSecrets(secrets);
  const ownSessions = new OwnChanges(OWN_SESSIONS);
  const sessionIdle = parts.sessions === false ? Number.POSITIVE_INFINITY : parts.sessions.idle;
  return {
    keys,
    sessions: createSessions(parts, secrets, ownSessions),
    authenticator: new SecretAuthenticator({ ...parts, secrets, sessionIdle }),
    close: () => {
      ownSessions.close();
      ownKeys.close();
      expired.close();
    },
  };
}

function createSessions(
  { repository, sessions, audit }: SecretManagementParts,
  secrets: SecretRepository,
  ownSessions: OwnChanges,
): SessionService | undefined {
  if (sessions === false) return undefined;
  const { lifetime, idle } = sessions;
  return new SessionService({ repository, secrets, lifetime, idle, ownSessions, audit });
}
