import { type KapacitorAuthError, StoreError } from './errors.js';
import { quoteText, withoutHashes } from './safe-text.js';

/**
 * The codes of the warnings that the operator gets: `process.on('warning', ({ name, code, message }) => …)`, where `name`
 * is `KapacitorAuthWarning`. The codes stay the same between versions.
 */
export type WarningCode =
  /**
   * The audit log cannot be written: events wait in memory or are lost. Make room on its disk, or mend what the message
   * names. At most once a minute.
   */
  | 'KAPACITOR_AUTH_AUDIT_LOST'
  /** The configuration is valid but unsafe, or a part of it has no effect. The message names the setting to change. */
  | 'KAPACITOR_AUTH_CONFIG'
  /**
   * A user cannot log in, because the stored hash is not a bcrypt hash or costs too much. Give the user a new password.
   * At most once a minute.
   */
  | 'KAPACITOR_AUTH_HASH_REFUSED'
  /**
   * The store does not answer questions about failed logins in time. Each process counts for itself until it does, so a
   * guesser has the limit at each process. At most once a minute.
   */
  | 'KAPACITOR_AUTH_LIMITS_NOT_SHARED'
  /**
   * A listener that the app gave to `auth.on` threw an error. The request is not affected. Catch the error in the
   * listener. At most once a minute.
   */
  | 'KAPACITOR_AUTH_LISTENER_FAILED'
  /**
   * Authentication is on and there is no admin, so nobody can manage users. Run the command in the message, or mend the
   * settings of the first admin. At most once a minute.
   */
  | 'KAPACITOR_AUTH_NO_ADMIN'
  /**
   * The function `auth.refusedPasswords` failed or did not answer within five seconds, so a new password was refused with
   * 503. Mend the function, or the service that it asks. At most once a minute.
   */
  | 'KAPACITOR_AUTH_PASSWORD_CHECK_FAILED'
  /**
   * Express's setting `trust proxy` is missing or unsafe, so failed logins are counted for the wrong client; or it does not
   * name a proxy that asks for a check. Set it to the number or the addresses of the proxies. Each of the two once.
   */
  | 'KAPACITOR_AUTH_PROXY'
  /**
   * The user store works in part (`degraded`), or users in memory are served while it does not answer (`grace`). The
   * message has the reason. Each of the two at most once a minute.
   */
  | 'KAPACITOR_AUTH_STORE_DEGRADED'
  /**
   * The user store failed: logins get 503 until it answers. The message has the store's own reason. At most once a
   * minute.
   */
  | 'KAPACITOR_AUTH_STORE_UNAVAILABLE'
  /**
   * Users have permissions that the configuration does not define. They open nothing. Define them, or take them away from
   * the users. Once, after the start.
   */
  | 'KAPACITOR_AUTH_UNDEFINED_PERMISSION';

/** Milliseconds between two warnings of one warner. */
const WARN_EVERY = 60_000;

/** Emits a warning of the process. Node.js writes it to standard error unless the app listens to warnings. */
export function warn(code: WarningCode, message: string): void {
  process.emitWarning(message, { type: 'KapacitorAuthWarning', code });
}

/** Creates a function that warns at most once a minute, for problems that each request may have. */
export function createWarner(code: WarningCode): (message: string) => void {
  let warnedAt = Number.NEGATIVE_INFINITY;
  return (message) => {
    if (Date.now() - warnedAt < WARN_EVERY) return;
    warnedAt = Date.now();
    warn(code, message);
  };
}

/** Warns of an error with the reason that the answer of the request leaves out. */
export function createErrorWarner(code: WarningCode): (error: KapacitorAuthError) => void {
  const warnOfError = createWarner(code);
  return ({ message, cause }) => warnOfError(cause instanceof Error ? `${message}: ${cause.message}` : message);
}

/** Warns of a store that is degraded or in grace. A store that is down causes errors, which have warnings of their own. */
export function createStateWarner(): (health: { readonly state: string; readonly reason: string | undefined }) => void {
  const warnOfDegraded = createWarner('KAPACITOR_AUTH_STORE_DEGRADED');
  const warnOfGrace = createWarner('KAPACITOR_AUTH_STORE_DEGRADED');
  return ({ state, reason }) => {
    if (state === 'degraded') warnOfDegraded(`the user store works only in part: ${reason}`);
    if (state === 'grace') {
      warnOfGrace(
        `the user store does not answer: ${reason}. Users in memory can log in for as long as [auth] store-grace says`,
      );
    }
  };
}

/** Warns that the counts of failed logins are not shared for the moment. */
export function createLimitsWarner(): (reason: Error) => void {
  const warnOfLimits = createWarner('KAPACITOR_AUTH_LIMITS_NOT_SHARED');
  return (reason) => {
    const { cause } = reason;
    const { message } = cause instanceof Error ? cause : reason;
    warnOfLimits(
      `the user store does not count failed logins: ${withoutHashes(message)}. Until it does, each process counts for itself`,
    );
  };
}

/** Warns that the first admin cannot be made. Errors of the store have warnings of their own. */
export function createAdminWarner(): (error: unknown) => void {
  const warnOfAdmin = createWarner('KAPACITOR_AUTH_NO_ADMIN');
  return (error) => {
    if (error instanceof StoreError) return;
    warnOfAdmin(`there is no admin: ${error instanceof Error ? error.message : String(error)}`);
  };
}

/** Warns of a user whose stored hash is not verified. */
export function createHashWarner(maxCost: number): (user: { readonly name: string }) => void {
  const warnOfHash = createWarner('KAPACITOR_AUTH_HASH_REFUSED');
  return ({ name }) => {
    warnOfHash(
      `user ${quoteText(name)} cannot log in: the stored hash is not a bcrypt hash with a cost from 4 to ${maxCost}. ` +
        'Give the user a new password. If the hash has a higher cost on purpose, set [auth] bcrypt-cost to that cost. ' +
        'Other users may have the same problem',
    );
  };
}
