import { KapacitorAuthError, type KapacitorAuthErrorCode } from '../errors.js';
import { contextOf } from '../request/audit-context.js';
import type { RequestOrigin } from '../request/client-address.js';
import type { Audit, LoginFailure } from '../users/audit-events.js';
import { isUserName } from '../users/user-name.js';

/** The errors after which no credentials were verified. */
const FAILURES: Partial<Record<KapacitorAuthErrorCode, LoginFailure>> = {
  THROTTLED: 'throttled',
  OVERLOADED: 'overloaded',
  STORE_UNAVAILABLE: 'store-unavailable',
};

/** Emits `login-failed`. A name that no user can have is left out: it may be a password. */
export function reportFailure(audit: Audit, name: string, origin: RequestOrigin, reason: LoginFailure): void {
  audit('login-failed', () => ({ ...contextOf(origin), user: isUserName(name) ? name : undefined, reason }));
}

/** Emits `login-failed` for an error, and throws it on. */
export function failWith(audit: Audit, name: string, origin: RequestOrigin, error: unknown): never {
  const reason = (error instanceof KapacitorAuthError ? FAILURES[error.code] : undefined) ?? 'internal-error';
  reportFailure(audit, name, origin, reason);
  throw error;
}
