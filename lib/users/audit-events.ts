import { keyProblem } from '../argument-checks.js';
import { ConfigError, KapacitorAuthError, type KapacitorAuthErrorCode } from '../errors.js';
import type { RequestContext } from '../request/audit-context.js';
import { describeType, holdsKey } from '../safe-text.js';
import type { StoreHealth } from './repository.js';
import type { StoredUser, User } from './user.js';
import { isUserName } from './user-name.js';

/** The user who acts, and the request. Code and the command line have no request. */
export interface AuditContext extends RequestContext {
  /** The name of the user who acts, if it is known. */
  readonly by?: string | undefined;
}

/** The fields that every event has. */
interface Occurrence extends AuditContext {
  readonly time: Date;
}

/** The kinds of credentials that let a user in. */
export type CredentialKind = 'password' | 'key' | 'session' | 'jwt';

/** Credentials were verified, or came from another address after they had been verified before. */
export interface Login extends Occurrence {
  readonly user: string;
  readonly how: CredentialKind;
  /** The id of the key or the session. */
  readonly id?: string | undefined;
}

/** The reasons for a failed login. */
export const LOGIN_FAILURES = [
  'malformed-credentials',
  'unknown-user',
  'wrong-password',
  'user-disabled',
  'user-expired',
  'unusable-hash',
  'user-changed',
  'malformed-key',
  'unknown-key',
  'expired-key',
  'malformed-token',
  'wrong-token',
  'expired-token',
  'unacceptable-token',
  'throttled',
  'overloaded',
  'store-unavailable',
  'internal-error',
] as const;

/**
 * The reason for a failed login. Only the operator sees it: the answers for an unknown user, a wrong password, and a
 * user who is disabled or has expired look alike.
 *
 * - `malformed-credentials`: the header is not one of RFC 7617 or RFC 6750, or the name is empty.
 * - `unknown-user`, `wrong-password`, `user-disabled`, `user-expired`.
 * - `unusable-hash`: the stored hash is not a bcrypt hash, or its cost is over 14 and over `bcrypt-cost` + 4.
 * - `user-changed`: the user was changed or deleted while it logged in.
 * - `malformed-key`: the key has a typing error.
 * - `unknown-key`: there is no such key, or it is another user's.
 * - `expired-key`.
 * - `malformed-token`: the JSON Web Token has another form or algorithm.
 * - `wrong-token`: the token is not signed with the shared secret.
 * - `expired-token`.
 * - `unacceptable-token`: the token is signed with the secret, and a claim is missing or wrong.
 * - `throttled`, `overloaded`, `store-unavailable`, `internal-error`: the credentials were not verified.
 */
export type LoginFailure = (typeof LOGIN_FAILURES)[number];

/** A request had credentials, and no user was let in. */
export interface LoginFailed extends Occurrence {
  /** The name in the credentials, if a user can have it. People sometimes type a password instead of their name. */
  readonly user: string | undefined;
  readonly reason: LoginFailure;
}

/** The guard answered a request: 401 because it had no credentials, 403 because its user lacks the privilege. */
export interface Denied extends Occurrence {
  readonly user: string | undefined;
  readonly status: 401 | 403;
  /** The message of the answer. */
  readonly reason: string;
}

export interface UserCreated extends Occurrence {
  readonly user: User;
}

/** The parts of a user that can change. */
export type UserPart = 'password' | 'type' | 'permissions' | 'enabled' | 'expires' | 'mustChangePassword' | 'note';

export interface UserChanged extends Occurrence {
  readonly user: User;
  readonly before: User;
  /** The parts that differ. A password that was set counts as different. */
  readonly changed: readonly UserPart[];
}

export interface UserDeleted extends Occurrence {
  readonly user: User;
}

/** A key, without its secret. */
export interface KeyEvent extends Occurrence {
  /** The name of the user that has the key. */
  readonly user: string;
  readonly id: string;
  /** The name of the key. */
  readonly key: string;
  /** The most that the key may do. Undefined: all that its owner may do. */
  readonly permissions?: readonly string[] | undefined;
  /** Undefined: never. */
  readonly expires?: Date | undefined;
}

/** Sessions of a user were ended, by a sign-out, by the user or by an admin. Sessions that a change of the user ends emit no event. */
export interface SessionEnded extends Occurrence {
  readonly user: string;
  /** How many ended. */
  readonly count: number;
}

/** A user was not created, changed or deleted although somebody asked for it. */
export interface UserOperationFailed extends Occurrence {
  readonly operation: 'create' | 'change' | 'delete';
  /** The name of the user to create, change or delete, if a user can have it. */
  readonly user: string | undefined;
  readonly code: KapacitorAuthErrorCode | undefined;
  /** The message of the answer. */
  readonly reason: string;
}

/** The store stopped answering: nobody gets in. The event `store-state` tells when it answers again. */
export interface StoreUnavailable extends Occurrence {
  /** For the operator. It may name hosts and tables. It holds no secret. */
  readonly reason: string | undefined;
}

/** `auth.authEnabled` got another value. */
export interface AuthenticationSwitched extends Occurrence {
  readonly authEnabled: boolean;
}

/** The audit events by name, each with the argument of its listeners. No event holds a password or a hash. */
export interface AuditEvents {
  readonly login: Login;
  readonly 'login-failed': LoginFailed;
  readonly denied: Denied;
  readonly 'user-created': UserCreated;
  readonly 'user-changed': UserChanged;
  readonly 'user-deleted': UserDeleted;
  readonly 'user-operation-failed': UserOperationFailed;
  readonly 'key-created': KeyEvent;
  readonly 'key-deleted': KeyEvent;
  readonly 'session-ended': SessionEnded;
  readonly 'store-unavailable': StoreUnavailable;
  readonly 'authentication-switched': AuthenticationSwitched;
}

/** The arguments of the listeners of an audit event. */
type AuditListened = { readonly [Event in keyof AuditEvents]: readonly [event: AuditEvents[Event]] };

/** The events that an app can listen to, each with the arguments of its listeners. */
export interface KapacitorAuthEvents extends AuditListened {
  /** The store changed its state: it went down, changes fail or are not noticed, or all is well again. */
  readonly 'store-state': readonly [health: StoreHealth];
}

const NAMES: Readonly<Record<keyof AuditEvents, true>> = {
  login: true,
  'login-failed': true,
  denied: true,
  'user-created': true,
  'user-changed': true,
  'user-deleted': true,
  'user-operation-failed': true,
  'key-created': true,
  'key-deleted': true,
  'session-ended': true,
  'store-unavailable': true,
  'authentication-switched': true,
};

/** The names of all audit events. */
export const AUDIT_EVENTS: readonly (keyof AuditEvents)[] = Object.keys(NAMES) as (keyof AuditEvents)[];

/** Emits an audit event. `details` runs only if the event has a listener. */
export type Audit = <Event extends keyof AuditEvents>(
  event: Event,
  details: () => Omit<AuditEvents[Event], 'time'>,
) => void;

const FIELDS = ['by', 'from', 'method', 'path', 'requestId'] as const;

/**
 * Reads the context that code gives to audit events. A request is refused: it has credentials in it, and names neither
 * user nor address in these fields.
 *
 * @param call the name of the function that was given the context
 * @throws {ConfigError} a field is unknown or not a string, or the argument is a request
 */
export function readContext(call: 'users.by' | 'keys.by', given: AuditContext): AuditContext {
  if (typeof given === 'object' && given !== null && 'headers' in given) {
    throw new ConfigError(
      `${call} takes words for the audit, not a request: did you mean ${call}({ by: req.user.name, from: req.ip })?`,
    );
  }
  const problem = keyProblem(given, { owner: `the context of ${call}`, noun: 'field', keys: FIELDS });
  if (problem !== undefined) throw new ConfigError(problem);
  for (const field of FIELDS) {
    const value: unknown = given[field];
    if (value === undefined || typeof value === 'string') continue;
    throw new ConfigError(`${call}: ${field} must be a text, not ${describeType(value)}`);
  }
  return { ...given };
}

/**
 * A name that a client sent, for an event. Undefined if no user can have it, or if it holds a key: people type keys in place of
 * names.
 */
export function nameForAudit(name: unknown): string | undefined {
  return typeof name === 'string' && isUserName(name) && !holdsKey(name) ? name : undefined;
}

/** The parts that changed. A new password always counts, because its hash has another salt. */
export function changedParts(before: StoredUser, after: Omit<StoredUser, 'revision'>): UserPart[] {
  const isChanged: Record<UserPart, boolean> = {
    password: before.hash !== after.hash,
    type: before.type !== after.type,
    permissions: before.permissions.join() !== after.permissions.join(),
    enabled: before.enabled !== after.enabled,
    expires: before.expires !== after.expires,
    mustChangePassword: Boolean(before.mustChangePassword) !== Boolean(after.mustChangePassword),
    note: before.note !== after.note,
  };
  return (Object.keys(isChanged) as UserPart[]).filter((part) => isChanged[part]);
}

/** The fields of a `user-operation-failed` event for an error. */
export function operationFailure(
  operation: UserOperationFailed['operation'],
  name: unknown,
  error: unknown,
): Pick<UserOperationFailed, 'operation' | 'user' | 'code' | 'reason'> {
  const known = error instanceof KapacitorAuthError ? error : undefined;
  return {
    operation,
    user: nameForAudit(name),
    code: known?.code,
    // The message of a foreign error may hold a secret.
    reason: known?.message ?? 'an unexpected error',
  };
}
