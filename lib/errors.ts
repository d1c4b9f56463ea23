import type { OutgoingHttpHeaders } from 'node:http';

/** The codes of the errors that this package throws or rejects with. They stay the same between versions. */
export type KapacitorAuthErrorCode =
  /** The configuration, or a call of this package, is wrong. Change what the message names. The app does not start. */
  | 'CONFIG_INVALID'
  /** The user may not do this. Ask an admin, or make the request as one. */
  | 'FORBIDDEN'
  /** A file of users cannot be imported. The message names the file, the line and the problem. */
  | 'IMPORT_INVALID'
  /** The user has a key of this name. Choose another name, or delete that key. */
  | 'KEY_EXISTS'
  /** A key's name, end or permission is not acceptable. Change what the message names. */
  | 'KEY_INVALID'
  /** The user has 100 keys. Delete one first. */
  | 'KEY_LIMIT'
  /** The user has no such key. List the user's keys. */
  | 'KEY_NOT_FOUND'
  /** The last enabled admin cannot be deleted, demoted, disabled or given an end. Make another admin first. */
  | 'LAST_ADMIN'
  /** The server cannot answer now: passwords wait to be hashed, or the store is busy. Retry after `retryAfter` seconds. */
  | 'OVERLOADED'
  /** The user may do nothing before it has changed its password. Change it: the message says where. */
  | 'PASSWORD_CHANGE_REQUIRED'
  /** `auth.refusedPasswords` failed, so the password was not set. Retry later. The operator gets a warning with the reason. */
  | 'PASSWORD_CHECK_FAILED'
  /** The user was changed since the client read it, is gone, or exists already. Read it again: `etag` is its version now. */
  | 'PRECONDITION_FAILED'
  /** The request's body or one of its parameters is wrong. Change what the message names. */
  | 'REQUEST_INVALID'
  /** The user store does not answer, so nobody can log in. The operator gets a warning with the reason. */
  | 'STORE_UNAVAILABLE'
  /** Too many attempts failed. Retry after `retryAfter` seconds. */
  | 'THROTTLED'
  /** The request has no credentials, or wrong ones. Log in: `headers` has the challenge. Only with `http.refusals: 'next'`. */
  | 'UNAUTHENTICATED'
  /** A user of this name exists. Choose another name, or change that user. */
  | 'USER_EXISTS'
  /** A name, a password or another field of a user is not acceptable. Change what the message names. */
  | 'USER_INVALID'
  /** No user has this name. Names are case-sensitive. */
  | 'USER_NOT_FOUND';

/** The names of the classes. A minified bundle of the app renames the classes, but still logs these names. */
const NAMES: Readonly<Record<KapacitorAuthErrorCode, string>> = {
  CONFIG_INVALID: 'ConfigError',
  FORBIDDEN: 'ForbiddenError',
  IMPORT_INVALID: 'ImportError',
  KEY_EXISTS: 'KeyExistsError',
  KEY_INVALID: 'InvalidKeyError',
  KEY_LIMIT: 'KeyLimitError',
  KEY_NOT_FOUND: 'KeyNotFoundError',
  LAST_ADMIN: 'LastAdminError',
  OVERLOADED: 'OverloadedError',
  PASSWORD_CHANGE_REQUIRED: 'PasswordChangeRequiredError',
  PASSWORD_CHECK_FAILED: 'PasswordCheckError',
  PRECONDITION_FAILED: 'PreconditionFailedError',
  REQUEST_INVALID: 'InvalidRequestError',
  STORE_UNAVAILABLE: 'StoreError',
  THROTTLED: 'ThrottledError',
  UNAUTHENTICATED: 'UnauthenticatedError',
  USER_EXISTS: 'UserExistsError',
  USER_INVALID: 'InvalidUserError',
  USER_NOT_FOUND: 'UserNotFoundError',
};

/** The base class of the errors of this package. */
export class KapacitorAuthError extends Error {
  /** Identifies the error, for programs. */
  readonly code: KapacitorAuthErrorCode;
  /** The HTTP status of the answer. */
  readonly status: number;

  constructor(code: KapacitorAuthErrorCode, status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = NAMES[code];
    this.code = code;
    this.status = status;
  }

  /** The same as `status`. The package `http-errors` gives its errors both. */
  get statusCode(): number {
    return this.status;
  }

  /** Whether the message may be shown to the client. False for a {@link ConfigError}, which is for the developer. */
  get expose(): boolean {
    return this.status !== 500;
  }

  /** The headers of the answer. Express's own error handler sends them. */
  get headers(): Readonly<Record<string, string>> {
    return { 'Cache-Control': 'no-store' };
  }
}

/**
 * The configuration is missing, unreadable or wrong: thrown at construction, so that the app does not start. Or the app
 * calls this package the wrong way: with an unknown argument, or with a request where it takes options.
 */
export class ConfigError extends KapacitorAuthError {
  constructor(message: string, options?: ErrorOptions) {
    super('CONFIG_INVALID', 500, message, options);
  }
}

/** The user store cannot be opened, failed, was closed, or did not answer in time. Nobody can log in. */
export class StoreError extends KapacitorAuthError {
  constructor(message: string, options?: ErrorOptions) {
    super('STORE_UNAVAILABLE', 503, message, options);
  }
}

/** A refusal that ends by itself. */
export abstract class TryLaterError extends KapacitorAuthError {
  /** Seconds until the next attempt makes sense: the header `Retry-After`. */
  readonly retryAfter: number;

  constructor(code: KapacitorAuthErrorCode, status: number, message: string, retryAfter: number) {
    super(code, status, message);
    this.retryAfter = retryAfter;
  }

  override get headers(): Readonly<Record<string, string>> {
    return { 'Retry-After': String(this.retryAfter), ...super.headers };
  }
}

/**
 * Too many passwords wait to be hashed, one has waited too long, the first admin is still being made, or the file of an
 * SQLite store was locked or its disk was busy for 4 seconds. Retry after `retryAfter` seconds.
 */
export class OverloadedError extends TryLaterError {
  constructor(retryAfter: number, reason = 'too many passwords are being verified') {
    super('OVERLOADED', 503, `${reason}: try again later`, retryAfter);
  }
}

/**
 * Too many logins failed, from this address or for this user, so the password was not verified. Or a user changes its own
 * password too often. Retry after `retryAfter` seconds.
 */
export class ThrottledError extends TryLaterError {
  constructor(retryAfter: number, reason = 'too many failed attempts') {
    super('THROTTLED', 429, `${reason}: try again in ${retryAfter} s`, retryAfter);
  }
}

/** The function `auth.refusedPasswords` failed or did not answer in time. The password is not set. */
export class PasswordCheckError extends KapacitorAuthError {
  constructor(options?: ErrorOptions) {
    super('PASSWORD_CHECK_FAILED', 503, 'the password could not be checked: try again later', options);
  }
}

/** A name, a password, a type, a permission or another field of a user is not acceptable, or a field is unknown. */
export class InvalidUserError extends KapacitorAuthError {
  constructor(message: string) {
    super('USER_INVALID', 400, message);
  }
}

/** A key's name, end or permission is not acceptable, or a field is unknown. */
export class InvalidKeyError extends KapacitorAuthError {
  constructor(message: string) {
    super('KEY_INVALID', 400, message);
  }
}

/** The user has a key of this name. */
export class KeyExistsError extends KapacitorAuthError {
  constructor(name: string) {
    super('KEY_EXISTS', 409, `there is a key ${JSON.stringify(name)} already: choose another name, or delete that key`);
  }
}

/** The user has as many keys as a user may have. */
export class KeyLimitError extends KapacitorAuthError {
  constructor(limit: number) {
    super('KEY_LIMIT', 409, `the user has ${limit} keys: delete one first`);
  }
}

/** The user has no such key. */
export class KeyNotFoundError extends KapacitorAuthError {
  constructor() {
    super('KEY_NOT_FOUND', 404, 'no key exists');
  }
}

/** The request's body or one of its parameters is not acceptable. The status is 400, 404, 413, 415 or 501. */
export class InvalidRequestError extends KapacitorAuthError {
  constructor(message: string, status = 400) {
    super('REQUEST_INVALID', status, message);
  }
}

/**
 * A request has no credentials, or nobody can log in with them. The app's error handler gets it with `http.refusals: 'next'`.
 * Its `headers` have the challenge `WWW-Authenticate`. A script of a page gets none, because the browser would show its dialog.
 */
export class UnauthenticatedError extends KapacitorAuthError {
  /**
   * The path of the sign-in page, with the way back: `/kapacitor/v1/sign-in?next=%2Freports`. Set with `http.sessions` for a
   * request of a person who opens a page: `res.redirect(303, error.signIn)`.
   */
  readonly signIn: string | undefined;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(
    message: string,
    headers: OutgoingHttpHeaders = {},
    { signIn, ...options }: ErrorOptions & { readonly signIn?: string | undefined } = {},
  ) {
    super('UNAUTHENTICATED', 401, message, options);
    this.signIn = signIn;
    const set = Object.entries(headers).filter(([, value]) => value !== undefined);
    this.#headers = Object.fromEntries(set.map(([name, value]) => [name, String(value)]));
  }

  override get headers(): Readonly<Record<string, string>> {
    return { ...this.#headers, ...super.headers };
  }
}

/** A condition of the request is not fulfilled: `If-Match`, `If-None-Match`, or `ifMatch` in a batch. Nothing was changed. */
export class PreconditionFailedError extends KapacitorAuthError {
  /** The `ETag` that the user has now. Undefined: there is no such user. */
  readonly etag: string | undefined;

  constructor(name: string, etag: string | undefined) {
    const state = etag === undefined ? 'does not exist' : `is not as the request expects it, its ETag is now ${etag}`;
    super(
      'PRECONDITION_FAILED',
      412,
      `user ${JSON.stringify(name)} ${state}: read it again, and repeat the request if it still makes sense`,
    );
    this.etag = etag;
  }

  override get headers(): Readonly<Record<string, string>> {
    return { ...(this.etag !== undefined && { ETag: this.etag }), ...super.headers };
  }
}

/** The user may not do this. */
export class ForbiddenError extends KapacitorAuthError {
  constructor(message: string, code: 'FORBIDDEN' | 'PASSWORD_CHANGE_REQUIRED' = 'FORBIDDEN') {
    super(code, 403, message);
  }
}

/**
 * The user must change its password before it may do anything else: its `mustChangePassword` is set. It may ask who it is, read
 * itself and change its password, and sign in and out.
 */
export class PasswordChangeRequiredError extends ForbiddenError {
  /**
   * The path of the sign-in page, which asks for a new password, with the way back. Set with `http.sessions` for a request of a
   * person who opens a page: `res.redirect(303, error.signIn)`.
   */
  readonly signIn: string | undefined;

  /** @param how what to do, or what was wrong */
  constructor(name: string, how: string, { signIn }: { readonly signIn?: string | undefined } = {}) {
    super(`user ${name} must change its password first: ${how}`, 'PASSWORD_CHANGE_REQUIRED');
    this.signIn = signIn;
  }
}

/** A user of this name exists. */
export class UserExistsError extends KapacitorAuthError {
  constructor(name: string) {
    super('USER_EXISTS', 409, `user ${JSON.stringify(name)} already exists`);
  }
}

/** No user has this name. The message is Kapacitor's own. */
export class UserNotFoundError extends KapacitorAuthError {
  constructor() {
    super('USER_NOT_FOUND', 404, 'no user exists');
  }
}

/** A change that would leave no admin. */
export type LastAdminDeed = 'deleted or demoted' | 'disabled' | 'given an end';

/** The last enabled admin cannot be deleted, demoted, disabled or given an end: nobody could manage users any more. */
export class LastAdminError extends KapacitorAuthError {
  constructor(deed: LastAdminDeed = 'deleted or demoted') {
    super('LAST_ADMIN', 409, `the last admin cannot be ${deed}`);
  }
}
