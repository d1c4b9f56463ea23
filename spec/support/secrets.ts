import { MemoryUserRepository, type StoredSecret, type StoredUser } from 'kapacitor-auth';
import { onTestFinished, vi } from 'vitest';
import { Authenticator } from '../../lib/authentication/authenticator.js';
import { CredentialCache } from '../../lib/authentication/credential-cache.js';
import { LoginThrottle } from '../../lib/authentication/login-throttle.js';
import { PasswordHasher } from '../../lib/authentication/password-hasher.js';
import { type PresentedSecret, SecretAuthenticator } from '../../lib/authentication/secret-authenticator.js';
import { UsedCredentials } from '../../lib/authentication/used-credentials.js';
import { newSecret } from '../../lib/users/secret-text.js';
import { userNamed } from './stored-user.js';

/** A new secret in a repository, for a user who is there. Gives its text as well. */
export function giveSecret(
  repository: MemoryUserRepository,
  owner: string,
  changes: Partial<StoredSecret> = {},
): StoredSecret & { readonly text: string } {
  const kind = changes.kind ?? 'key';
  const { text, digest, id } = newSecret(kind);
  const name = kind === 'key' ? id : undefined;
  const times = { created: Date.now(), expires: undefined, lastUsed: undefined };
  const secret: StoredSecret = { digest, kind, id, owner, name, permissions: undefined, ...times, ...changes };
  const { revision } = repository.find(owner) as StoredUser;
  if (repository.secrets.insert(secret, revision, 100) !== 'inserted') throw new Error(`${owner} gets no ${kind}`);
  return { ...secret, text };
}

/** An authenticator of keys and sessions, with the user jane, until the test is over. */
export function setUpSecrets({ sessionIdle = Number.POSITIVE_INFINITY, failureLimit = 10, timeToLive = 60_000 } = {}) {
  const repository = new MemoryUserRepository();
  repository.insert(userNamed('jane', { permissions: ['api'] }));
  const { secrets: kept } = repository;
  const cache = new CredentialCache(timeToLive, 60_000);
  const throttle = new LoginThrottle({ failureLimit, failureWindow: 60_000 });
  const used = new UsedCredentials();
  const audit = vi.fn();
  // The first admin is always there.
  const beforeLogin = async () => {};
  const shared = { repository, cache, throttle, used, audit, beforeLogin };
  const secrets = new SecretAuthenticator({ ...shared, secrets: kept, sessionIdle });
  const hasher = new PasswordHasher({ cost: 4, concurrency: 1, maxQueue: 8 });
  const onUnusableHash = vi.fn();
  const parts = { repository, hasher, cache, throttle, used, secrets, onUnusableHash, audit };
  const authenticator = new Authenticator(parts);
  onTestFinished(() => authenticator.close());
  /** The events, each with its reason or with how the user was let in. */
  const told = () =>
    audit.mock.calls.map(([event, details]) => {
      const { user, reason, how } = details();
      return [event, user, reason ?? how];
    });
  return { repository, kept, cache, throttle, used, authenticator, told };
}

/** A secret as a client sends it: a key as a bearer token, unless another name or header is named. */
export function presented(text: string, changes: Partial<PresentedSecret> = {}): PresentedSecret {
  return { kind: 'key', text, name: undefined, header: `Bearer ${text}`, ...changes };
}
