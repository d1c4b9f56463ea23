import { type KapacitorAuthError, StoreError } from './errors.js';
import { proxyProblem } from './http/proxy.js';
import type { HostRequest } from './request/host.js';
import { quoteText } from './safe-text.js';
import type { StoreHealth } from './users/repository.js';
import type { User } from './users/user.js';
import { createWarner, type WarningCode, warn } from './warnings.js';

/** Tells of errors that answers are silent about: the reason is not for everybody. */
export function createErrorWarner(code: WarningCode): (error: KapacitorAuthError) => void {
  const warnOfError = createWarner(code);
  return ({ message, cause }) => warnOfError(cause instanceof Error ? `${message}: ${cause.message}` : message);
}

/** Warns of a store that goes on in spite of a problem. Failures of a store that is down have a warning of their own. */
export function createStateWarner(): (health: StoreHealth) => void {
  const warnOfDegraded = createWarner('KAPACITOR_AUTH_STORE_DEGRADED');
  const warnOfGrace = createWarner('KAPACITOR_AUTH_STORE_DEGRADED');
  return ({ state, reason }) => {
    if (state === 'grace') {
      warnOfGrace(
        `the user store does not answer, and users in memory are served on for [auth] store-grace: ${reason}`,
      );
    } else if (state === 'degraded') {
      warnOfDegraded(`the user store answers, but not as it should: ${reason}`);
    }
  };
}

/** Warns that there is no admin. Failures of the store have a warning of their own. */
export function createAdminWarner(): (error: unknown) => void {
  const warnOfAdmin = createWarner('KAPACITOR_AUTH_NO_ADMIN');
  return (error) => {
    if (error instanceof StoreError) return;
    warnOfAdmin(`there is no admin: ${error instanceof Error ? error.message : String(error)}`);
  };
}

/** @param maxCost see {@link PasswordHasher.maxCost} */
export function createHashWarner(maxCost: number): (user: User) => void {
  const warnOfHash = createWarner('KAPACITOR_AUTH_HASH_REFUSED');
  return ({ name }) => {
    warnOfHash(
      `user ${quoteText(name)} cannot log in: the stored hash is no bcrypt hash with a cost from 4 to ${maxCost}. ` +
        'Give the user a new password, or, if the hash has a higher cost on purpose, set bcrypt-cost to that cost. ' +
        'There may be others',
    );
  };
}

/** Once: it is about how the app is set up. */
export function createProxyWarner(): (req: HostRequest) => void {
  let hasWarned = false;
  return (req) => {
    const problem = hasWarned ? undefined : proxyProblem(req);
    if (problem === undefined) return;
    hasWarned = true;
    warn('KAPACITOR_AUTH_PROXY', problem);
  };
}
