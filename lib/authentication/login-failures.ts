import { KapacitorAuthError, type KapacitorAuthErrorCode } from '../errors.js';
import { contextOf } from '../request/audit-context.js';
import type { RequestOrigin } from '../request/client-address.js';
import { type Audit, type LoginFailure, nameForAudit } from '../users/audit-events.js';

/** The errors after which no credentials were verified. */
const FAILURES: Partial<Record<KapacitorAuthErrorCode, LoginFailure>> = {
  THROTTLED: 'throttled',
  OVERLOADED: 'overloaded',
  STORE_UNAVAILABLE: 'store-unavailable',
};

/** Emits `login-failed`. */
export function reportFailure(audit: Audit, name: string, origin: RequestOrigin, reason: LoginFailure): void {
  audit('login-failed', () => ({ ...contextOf(origin), user: nameForAudit(name), reason }));
}

/** Emits `login-failed` for an error, and throws it on. */
export function failWith(audit: Audit, name: string, origin: RequestOrigin, error: unknown): never {
  const reason = (error instanceof KapacitorAuthError ? FAILURES[error.code] : undefined) ?? 'internal-error';
  reportFailure(audit, name, origin, reason);
  throw error;
}
