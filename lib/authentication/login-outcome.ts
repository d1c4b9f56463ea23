import type { TryLaterError } from '../errors.js';
import type { User } from '../users/user.js';

/** The outcome of a login. */
export type LoginOutcome = LoggedIn | Challenge | Forged | Refusal | Failure;

export interface LoggedIn {
  readonly kind: 'user';
  readonly user: User;
  /** Whether the request has an `Authorization` header. A shared cache keeps an answer to a request without one. */
  readonly hasHeader: boolean;
}

/** Nobody was let in: 401. */
export interface Challenge {
  readonly kind: 'challenge';
  /** In Kapacitor's words. */
  readonly reason: string;
  /** Whether the request had credentials, well-formed or not. A session that has ended is none. */
  readonly hasCredentials: boolean;
  /** The `WWW-Authenticate` header. Undefined for a script, whose page does not want the browser's dialog. */
  readonly challenge: string | undefined;
}

/** A page of another site made the browser send this request: 403. */
interface Forged {
  readonly kind: 'forged';
}

/** The password was not verified. The client may try again later. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly error: TryLaterError;
  /** The status to answer with. */
  readonly status: number;
  readonly challenge: string | undefined;
}

/** The store is unavailable, or the code has an error: nobody gets in. */
export interface Failure {
  readonly kind: 'error';
  readonly error: unknown;
}
