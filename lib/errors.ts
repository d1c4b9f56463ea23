/** The codes of the errors that this package throws or rejects with. They stay the same between versions. */
export type KapacitorAuthErrorCode =
  | 'CONFIG_INVALID'
  | 'FORBIDDEN'
  | 'IMPORT_INVALID'
  | 'LAST_ADMIN'
  | 'OVERLOADED'
  | 'PASSWORD_CHECK_FAILED'
  | 'REQUEST_INVALID'
  | 'STORE_UNAVAILABLE'
  | 'THROTTLED'
  | 'USER_EXISTS'
  | 'USER_INVALID'
  | 'USER_NOT_FOUND';

/** What the classes are called, which a bundler may change: an app's minified bundle logs these names all the same. */
const NAMES: Readonly<Record<KapacitorAuthErrorCode, string>> = {
  CONFIG_INVALID: 'ConfigError',
  FORBIDDEN: 'ForbiddenError',
  IMPORT_INVALID: 'ImportError',
  LAST_ADMIN: 'LastAdminError',
  OVERLOADED: 'OverloadedError',
  PASSWORD_CHECK_FAILED: 'PasswordCheckError',
  REQUEST_INVALID: 'InvalidRequestError',
  STORE_UNAVAILABLE: 'StoreError',
  THROTTLED: 'ThrottledError',
  USER_EXISTS: 'UserExistsError',
  USER_INVALID: 'InvalidUserError',
  USER_NOT_FOUND: 'UserNotFoundError',
};

/** The root of the error tree: `error instanceof KapacitorAuthError` holds for each error of this package. */
export class KapacitorAuthError extends Error {
  /** Says which error this is, for programs. */
  readonly code: KapacitorAuthErrorCode;
  /** The HTTP status that the users API and the guard answer with. */
  readonly status: number;

  constructor(code: KapacitorAuthErrorCode, status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = NAMES[code];
    this.code = code;
    this.status = status;
  }
}

/**
 * The configuration is missing, unreadable or wrong, which is thrown at construction: the app does not start. Or the app
 * has called this package in a way that is a mistake: an unknown argument, a middleware called instead of used.
 */
export class ConfigError extends KapacitorAuthError {
  constructor(message: string, options?: ErrorOptions) {
    super('CONFIG_INVALID', 500, message, options);
  }
}

/** The user store cannot be opened, threw, rejected, was closed, or gave no answer in time. Nobody gets in. */
export class StoreError extends KapacitorAuthError {
  constructor(message: string, options?: ErrorOptions) {
    super('STORE_UNAVAILABLE', 503, message, options);
  }
}

/** What is refused for now. Express's own error handler sends the header as well. */
export abstract class TryLaterError extends KapacitorAuthError {
  /** Seconds, for the `Retry-After` header. */
  readonly retryAfter: number;
  /** What an answer should carry. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: KapacitorAuthErrorCode, status: number, message: string, retryAfter: number) {
    super(code, status, message);
    this.retryAfter = retryAfter;
    this.headers = { 'Retry-After': String(retryAfter) };
  }
}

/**
 * Too many passwords wait to be hashed, one has waited too long, the first admin is still being made, or the file of an
 * SQLite store was locked or its disk busy for 4 seconds. Try again after `retryAfter` seconds.
 */
export class OverloadedError extends TryLaterError {
  constructor(retryAfter: number, reason = 'too many passwords are being verified') {
    super('OVERLOADED', 503, `${reason}: try again later`, retryAfter);
  }
}

/**
 * Too many attempts to log in have failed, from this address or for this user: the password was not checked. Or a user
 * changes its own password too often. Try again after `retryAfter` seconds.
 */
export class ThrottledError extends TryLaterError {
  constructor(retryAfter: number, reason = 'too many failed attempts') {
    super('THROTTLED', 429, `${reason}: try again in ${retryAfter} s`, retryAfter);
  }
}

/** `auth.refusedPasswords` is a function, and it failed: the password is not taken. */
export class PasswordCheckError extends KapacitorAuthError {
  constructor(options?: ErrorOptions) {
    super('PASSWORD_CHECK_FAILED', 503, 'the password could not be checked: try again later', options);
  }
}

/** A name, a password, a type, a permission or another value of a user is not acceptable, or a field is unknown. */
export class InvalidUserError extends KapacitorAuthError {
  constructor(message: string) {
    super('USER_INVALID', 400, message);
  }
}

/** The request's body or one of its parameters is not acceptable. `status` is 400 unless another says more. */
export class InvalidRequestError extends KapacitorAuthError {
  constructor(message: string, status = 400) {
    super('REQUEST_INVALID', status, message);
  }
}

/** The user who asks may not do this. */
export class ForbiddenError extends KapacitorAuthError {
  constructor(message: string) {
    super('FORBIDDEN', 403, message);
  }
}

/** A user of this name is there already. */
export class UserExistsError extends KapacitorAuthError {
  constructor(name: string) {
    super('USER_EXISTS', 409, `user ${JSON.stringify(name)} already exists`);
  }
}

/** No user has this name. The message is Kapacitor's. */
export class UserNotFoundError extends KapacitorAuthError {
  constructor() {
    super('USER_NOT_FOUND', 404, 'no user exists');
  }
}

/** Without an admin nobody could manage users any more, so the last one that is enabled stays. */
export class LastAdminError extends KapacitorAuthError {
  constructor(deed: 'deleted or demoted' | 'disabled' = 'deleted or demoted') {
    super('LAST_ADMIN', 409, `the last admin cannot be ${deed}`);
  }
}
