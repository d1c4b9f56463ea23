import { KapacitorAuthError, type KapacitorAuthErrorCode } from '../errors.js';
import type { LoginFailure } from '../users/audit-events.js';

/** The errors after which no password was looked at. */
const BY_CODE: Partial<Record<KapacitorAuthErrorCode, LoginFailure>> = {
  THROTTLED: 'throttled',
  OVERLOADED: 'overloaded',
  STORE_UNAVAILABLE: 'store-unavailable',
};

/** The reason that an error stands for. */
export function failureOfError(error: unknown): LoginFailure {
  return (error instanceof KapacitorAuthError ? BY_CODE[error.code] : undefined) ?? 'internal-error';
}
