import { MemoryUserRepository, type UserRepository } from 'kapacitor-auth';
import { type MockInstance, onTestFinished, vi } from 'vitest';
import { Authenticator } from '../../lib/authentication/authenticator.js';
import { CredentialCache } from '../../lib/authentication/credential-cache.js';
import type { Credentials } from '../../lib/authentication/credentials.js';
import { LoginThrottle } from '../../lib/authentication/login-throttle.js';
import { PasswordHasher } from '../../lib/authentication/password-hasher.js';
import { UsedCredentials } from '../../lib/authentication/used-credentials.js';
import type { RequestOrigin } from '../../lib/request/client-address.js';
import { completeRepository } from '../../lib/stores/complete.js';
import { PasswordPolicy } from '../../lib/users/password-policy.js';
import { UserService } from '../../lib/users/user-service.js';
import { from } from './origin.js';

export const NAME = 'someone';
export const PASSWORD = 'a password';
export const ORIGIN: RequestOrigin = from('192.0.2.1');

/** An authenticator with cheap hashes and one user, and all that it is made of, until the test is over. */
export async function setUpAuthenticator<R extends UserRepository = MemoryUserRepository>(
  timeToLive = 60_000,
  repository: R = new MemoryUserRepository() as UserRepository as R,
) {
  const hasher = new PasswordHasher({ cost: 4, concurrency: 1, maxQueue: 128 });
  const cache = new CredentialCache(timeToLive, 60_000);
  const throttle = new LoginThrottle({ failureLimit: 10, failureWindow: 60_000 });
  const users = new UserService({
    repository: completeRepository(repository),
    hasher,
    policy: new PasswordPolicy({ minimumLength: 0 }),
    audit: () => {},
  });
  await users.create({ name: NAME, password: PASSWORD, permissions: ['api'] });
  const onUnusableHash = vi.fn();
  const audit = vi.fn();
  const used = new UsedCredentials();
  const authenticator = new Authenticator({ repository, hasher, cache, throttle, used, onUnusableHash, audit });
  onTestFinished(() => authenticator.close());
  const verify = vi.spyOn(hasher, 'verify');
  return { repository, users, hasher, cache, throttle, authenticator, verify, onUnusableHash, audit };
}

/** The arguments of the authenticator. */
export function attempt(name: string, password: string, origin = ORIGIN): [Credentials, RequestOrigin] {
  return [{ name, password }, origin];
}

/** Keeps the first verification waiting; gives what finishes it. */
export function holdVerification(verify: MockInstance<PasswordHasher['verify']>): (password?: string) => void {
  let finish = (_password?: string) => {};
  verify.mockImplementationOnce(
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  return (password) => finish(password);
}
