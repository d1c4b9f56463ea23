import { KapacitorAuthError, type KapacitorAuthErrorCode } from '../errors.js';

/** The reasons that there are. */
export const LOGIN_FAILURES = [
  'malformed-credentials',
  'unknown-user',
  'wrong-password',
  'user-disabled',
  'unusable-hash',
  'user-changed',
  'throttled',
  'overloaded',
  'store-unavailable',
  'internal-error',
] as const;

/**
 * Why nobody was let in, for the operator. The answer says less: an unknown user, a wrong password and a disabled user
 * look alike.
 *
 * - `malformed-credentials`: the header is none that RFC 7617 knows, or the name is empty.
 * - `unknown-user`, `wrong-password`, `user-disabled`.
 * - `unusable-hash`: what is stored is no bcrypt hash, or one that costs too much: over 14, and over `bcrypt-cost` + 4.
 * - `user-changed`: the user was changed or deleted while the password was verified.
 * - `throttled`, `overloaded`, `store-unavailable`, `internal-error`: it could not be found out, or was not looked at.
 */
export type LoginFailure = (typeof LOGIN_FAILURES)[number];

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
