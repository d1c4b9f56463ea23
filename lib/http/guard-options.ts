import type { PasswordDuty } from '../authentication/password-duty.js';
import type { OwnEndpoint } from '../authorization/own-endpoints.js';
import type { HostRequest, HostResponse, Next } from '../request/host.js';
import type { Audit } from '../users/audit-events.js';
import type { User } from '../users/user.js';
import type { Refusal, Refuse } from './refusals.js';
import type { ChallengeOptions, SignInChallenge } from './sign-in-challenge.js';

/** How a guard works. */
export interface GuardOptions {
  /** While false, every request runs as the admin ADMIN_USER. */
  readonly authEnabled: boolean;
  /** The hosts that requests may ask for. Undefined: every host. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Whether this package or the app's error handler answers refused requests. */
  readonly refusals: 'answer' | 'next';
  /** For users who must change their passwords first. */
  readonly duty: PasswordDuty;
  /** For requests without credentials. Undefined: there are no sessions. */
  readonly signIn: SignInChallenge | undefined;
  /** Receives each request with wrong credentials. */
  readonly onFailure: (req: HostRequest) => void;
  /** Receives `denied` for each request that the guard answers with 401 or 403. */
  readonly audit: Audit;
}

/** True: let the request through. False: it is answered, or will be. */
export type Verdict = boolean | Refusal;

/**
 * Handles a request whose user is known. Creating a function for each request would take time, so this gets all it needs as
 * arguments.
 */
export type Proceed = (user: User, req: HostRequest, res: HostResponse, next: Next) => Verdict;

/** Where a middleware differs from the others. */
export interface IdentifyOptions extends ChallengeOptions {
  /** Handles a request without credentials. Undefined, or undefined from it: the request is refused. */
  readonly admit?: (req: HostRequest, res: HostResponse, next: Next) => Verdict | undefined;
  /** Whether OPTIONS without credentials is answered with 204. Defaults to true. False: it is refused. */
  readonly answersPreflights?: boolean;
  /**
   * The endpoint of this package that a request is for. A user who must change its password may use some of them. Defaults to
   * none: such a user is refused.
   */
  readonly endpoint?: OwnEndpoint | undefined;
  /**
   * Whether {@link Proceed} only decides. It is then called before `req.user` is set: on Node.js 20 a new property makes each
   * later reading of the request slower. Defaults to false: it may call what reads `req.user`.
   */
  readonly onlyDecides?: boolean;
  /** Defaults to what `http.refusals` says. */
  readonly refuse?: Refuse;
}

/** A middleware like most others. */
export const STRICT: IdentifyOptions = {};
