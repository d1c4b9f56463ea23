import { type KnownKeys, keyProblem } from '../argument-checks.js';
import type { LoginFailure } from '../authentication/login-failure.js';
import type { KapacitorAuthErrorCode } from '../errors.js';
import { ConfigError, KapacitorAuthError } from '../errors.js';
import type { RequestContext } from '../request/audit-context.js';
import { describeType } from '../safe-text.js';
import type { User } from './user.js';
import { isUserName } from './user-name.js';

/** Who did something, and the request in which it happened. Code and the command line have no request. */
export interface AuditContext extends RequestContext {
  /** The name of the user who does it, if known. */
  readonly by?: string | undefined;
}

/** What each event has. */
interface Occurrence extends AuditContext {
  readonly time: Date;
}

/** A password was verified, or a user came from another address with one that had been verified before. */
export interface Login extends Occurrence {
  readonly user: string;
}

/** Credentials were given, and nobody was let in. */
export interface LoginFailed extends Occurrence {
  /** The name that was given, if a user can have it. People type passwords in its place at times. */
  readonly user: string | undefined;
  readonly reason: LoginFailure;
}

/** A request was answered in the app's place: 401 because it had no credentials, 403 because its user may not. */
export interface Denied extends Occurrence {
  readonly user: string | undefined;
  readonly status: 401 | 403;
  /** The words of the answer. */
  readonly reason: string;
}

export interface UserCreated extends Occurrence {
  readonly user: User;
}

/** Which parts of a user there are to change. */
export type UserPart = 'password' | 'type' | 'permissions' | 'enabled';

export interface UserChanged extends Occurrence {
  readonly user: User;
  readonly before: User;
  /** What is not as it was before; a password that is set is taken to be another one. */
  readonly changed: readonly UserPart[];
}

export interface UserDeleted extends Occurrence {
  readonly user: User;
}

/** A user should have been created, changed or deleted, and was not. */
export interface UserOperationFailed extends Occurrence {
  readonly operation: 'create' | 'change' | 'delete';
  /** Of the user that it is about, if a user can have it. */
  readonly user: string | undefined;
  readonly code: KapacitorAuthErrorCode | undefined;
  /** The words of the answer. */
  readonly reason: string;
}

/** The store cannot be asked any more: nobody gets in. `store-state` tells when it is back. */
export interface StoreUnavailable extends Occurrence {
  /** For the operator: it may name hosts and tables, and holds no secret. */
  readonly reason: string | undefined;
}

/** `auth.authEnabled` was set to another value. */
export interface AuthenticationSwitched extends Occurrence {
  readonly authEnabled: boolean;
}

/** What an audit trail is made of: by event, what a listener is given. Never a password, and never a hash. */
export interface AuditEvents {
  readonly login: Login;
  readonly 'login-failed': LoginFailed;
  readonly denied: Denied;
  readonly 'user-created': UserCreated;
  readonly 'user-changed': UserChanged;
  readonly 'user-deleted': UserDeleted;
  readonly 'user-operation-failed': UserOperationFailed;
  readonly 'store-unavailable': StoreUnavailable;
  readonly 'authentication-switched': AuthenticationSwitched;
}

const NAMES: Readonly<Record<keyof AuditEvents, true>> = {
  login: true,
  'login-failed': true,
  denied: true,
  'user-created': true,
  'user-changed': true,
  'user-deleted': true,
  'user-operation-failed': true,
  'store-unavailable': true,
  'authentication-switched': true,
};

/** The names of them all. */
export const AUDIT_EVENTS: readonly (keyof AuditEvents)[] = Object.keys(NAMES) as (keyof AuditEvents)[];

/** Tells of an event. Its details are only put together if somebody listens. */
export type Audit = <Event extends keyof AuditEvents>(
  event: Event,
  details: () => Omit<AuditEvents[Event], 'time'>,
) => void;

const FIELDS = ['by', 'from', 'method', 'path', 'requestId'] as const;
const CONTEXT: KnownKeys = { owner: 'the context of users.by', noun: 'field', keys: FIELDS };

/**
 * The context that code gives to audit events. A request is none: it says neither who it is nor where it comes from in
 * these words, and has credentials in it.
 *
 * @throws {ConfigError} a field is not known, or no text
 */
export function readContext(given: AuditContext): AuditContext {
  if (typeof given === 'object' && given !== null && 'headers' in given) {
    throw new ConfigError(
      'users.by takes words for the audit, not a request: did you mean users.by({ by: req.user.name, from: req.ip })?',
    );
  }
  const problem = keyProblem(given, CONTEXT);
  if (problem !== undefined) throw new ConfigError(problem);
  for (const field of FIELDS) {
    const value: unknown = given[field];
    if (value === undefined || typeof value === 'string') continue;
    throw new ConfigError(`users.by: ${field} must be a text, not ${describeType(value)}`);
  }
  return { ...given };
}

/** What the event tells of an operation that was not done, and of the error that says why. */
export function failureOf(
  operation: UserOperationFailed['operation'],
  name: unknown,
  error: unknown,
): Pick<UserOperationFailed, 'operation' | 'user' | 'code' | 'reason'> {
  const known = error instanceof KapacitorAuthError ? error : undefined;
  return {
    operation,
    user: typeof name === 'string' && isUserName(name) ? name : undefined,
    code: known?.code,
    // The words of a foreign error may hold anything.
    reason: known?.message ?? 'an error that is none of this package',
  };
}
