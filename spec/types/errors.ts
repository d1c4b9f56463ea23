import {
  ConfigError,
  ForbiddenError,
  InvalidKeyError,
  InvalidRequestError,
  InvalidUserError,
  KapacitorAuthError,
  type KapacitorAuthErrorCode,
  KeyExistsError,
  KeyLimitError,
  KeyNotFoundError,
  LastAdminError,
  OverloadedError,
  PasswordChangeRequiredError,
  PasswordCheckError,
  PreconditionFailedError,
  StoreError,
  ThrottledError,
  UnauthenticatedError,
  UserExistsError,
  UserNotFoundError,
} from 'kapacitor-auth';
import { claim, type Same } from './claims.js';

claim<
  Same<
    KapacitorAuthErrorCode,
    | 'CONFIG_INVALID'
    | 'FORBIDDEN'
    | 'IMPORT_INVALID'
    | 'KEY_EXISTS'
    | 'KEY_INVALID'
    | 'KEY_LIMIT'
    | 'KEY_NOT_FOUND'
    | 'LAST_ADMIN'
    | 'OVERLOADED'
    | 'PASSWORD_CHANGE_REQUIRED'
    | 'PASSWORD_CHECK_FAILED'
    | 'PRECONDITION_FAILED'
    | 'REQUEST_INVALID'
    | 'STORE_UNAVAILABLE'
    | 'THROTTLED'
    | 'UNAUTHENTICATED'
    | 'USER_EXISTS'
    | 'USER_INVALID'
    | 'USER_NOT_FOUND'
  >
>();

const classes = [
  ConfigError,
  ForbiddenError,
  InvalidKeyError,
  InvalidRequestError,
  InvalidUserError,
  KeyExistsError,
  KeyLimitError,
  KeyNotFoundError,
  LastAdminError,
  OverloadedError,
  PasswordChangeRequiredError,
  PasswordCheckError,
  PreconditionFailedError,
  StoreError,
  ThrottledError,
  UnauthenticatedError,
  UserExistsError,
  UserNotFoundError,
] as const;
claim<InstanceType<(typeof classes)[number]> extends KapacitorAuthError ? true : false>();
claim<KapacitorAuthError extends Error ? true : false>();

/** The codes are there to be told apart, and all of them can be. */
export function explain(error: unknown): string {
  if (error instanceof OverloadedError || error instanceof ThrottledError) {
    claim<Same<typeof error.retryAfter, number>>();
    return `again in ${error.retryAfter} seconds`;
  }
  if (!(error instanceof KapacitorAuthError)) return String(error);
  claim<Same<typeof error.status, number>>();
  claim<Same<typeof error.statusCode, number>>();
  claim<Same<typeof error.expose, boolean>>();
  claim<Same<typeof error.headers, Readonly<Record<string, string>>>>();
  claim<Same<typeof error.cause, unknown>>();
  // @ts-expect-error there is no such code
  if (error.code === 'USER_UNKNOWN') return 'never';
  switch (error.code) {
    case 'CONFIG_INVALID':
    case 'STORE_UNAVAILABLE':
    case 'OVERLOADED':
    case 'PASSWORD_CHECK_FAILED':
      return "the operator's business";
    case 'IMPORT_INVALID':
    case 'KEY_EXISTS':
    case 'KEY_INVALID':
    case 'KEY_LIMIT':
    case 'KEY_NOT_FOUND':
    case 'USER_EXISTS':
    case 'USER_INVALID':
    case 'USER_NOT_FOUND':
    case 'LAST_ADMIN':
    case 'PASSWORD_CHANGE_REQUIRED':
    case 'PRECONDITION_FAILED':
    case 'REQUEST_INVALID':
    case 'FORBIDDEN':
    case 'THROTTLED':
    case 'UNAUTHENTICATED':
      return `the caller's: ${error.message}`;
    default:
      return error.code satisfies never;
  }
}
