import type { Authenticator } from '../authentication/authenticator.js';
import type { LoginOutcome, LoginService } from '../authentication/login-service.js';
import { Principal } from '../authentication/principal.js';
import type { AccessPolicy } from '../authorization/access-policy.js';
import { type Privilege, privilegeFor } from '../authorization/privileges.js';
import { ForbiddenError } from '../errors.js';
import { isPromise, throwOutside } from '../promises.js';
import { createHostCheck, type HostCheck } from '../request/allowed-hosts.js';
import type { HostRequest, HostResponse, Middleware, Next } from '../request/host.js';
import { mountOf, pathOf, wholePathOf } from '../request/host.js';
import type { Audit } from '../users/audit-events.js';
import { ADMIN_USER, isActiveAdmin, type User } from '../users/user.js';
import {
  adminRequired,
  CHANGED_MEANWHILE,
  denialOf,
  forbidStoring,
  refusalMessage,
  sendEmpty,
  sendError,
  sendThrown,
} from './answers.js';

export interface GuardOptions {
  /** While false, every request runs as the admin ADMIN_USER. */
  readonly authEnabled: boolean;
  /** The hosts that requests may ask for. Undefined: every host. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Receives each request with wrong credentials. */
  readonly onFailure: (req: HostRequest) => void;
  /** Receives `denied` for each request that the guard answers with 401 or 403. */
  readonly audit: Audit;
}

/**
 * Handles a request whose user is known. Returns true to let the request through, and false if it is answered or will be.
 * Creating a function for each request would take time, so this gets all it needs as arguments.
 */
export type Proceed = (user: User, req: HostRequest, res: HostResponse, next: Next) => boolean;

/** Lets authenticated and authorized requests through, and answers all others. */
export class Guard {
  authEnabled: boolean;
  #allowedHosts: readonly string[] | undefined;
  #isAllowedHost: HostCheck | undefined;
  readonly #onFailure: (req: HostRequest) => void;
  readonly #audit: Audit;
  readonly #authenticator: Authenticator;
  readonly #logins: LoginService;
  /** Who may do what. */
  readonly policy: AccessPolicy;

  constructor(
    authenticator: Authenticator,
    logins: LoginService,
    policy: AccessPolicy,
    { authEnabled, allowedHosts, onFailure, audit }: GuardOptions,
  ) {
    this.#authenticator = authenticator;
    this.policy = policy;
    this.#logins = logins;
    this.authEnabled = authEnabled;
    this.allowedHosts = allowedHosts;
    this.#onFailure = onFailure;
    this.#audit = audit;
  }

  get allowedHosts(): readonly string[] | undefined {
    return this.#allowedHosts;
  }

  set allowedHosts(hosts: readonly string[] | undefined) {
    this.#allowedHosts = hosts;
    this.#isAllowedHost = hosts && createHostCheck(hosts);
  }

  /** Sets `req.user`, or answers 401. */
  readonly authenticate: Middleware = (req, res, next) => {
    this.identify(req, res, next, goOn);
  };

  /** Lets admins through, and answers 401 or 403 to all others. */
  readonly requireAdmin: Middleware = (req, res, next) => {
    this.identify(req, res, next, this.#goOnAsAdmin);
  };

  /**
   * Lets users with a privilege through, and answers 401 or 403 to all others.
   *
   * @param privilege defaults to the privilege that the request's method needs
   * @param resource defaults to every reading of the request's path
   */
  requirePrivilege(privilege?: Privilege, resource?: string): Middleware {
    const proceed: Proceed = (user, req, res) => this.authorize(user, req, res, privilege, resource);
    return (req, res, next) => this.identify(req, res, next, proceed);
  }

  /**
   * The current state of a user, for a request that takes long. A client can hold its body back for minutes, and a
   * password or an admin may have changed by then.
   *
   * @throws {ForbiddenError} the user would not be let in any more
   */
  async reconsider(user: User): Promise<User> {
    const current = this.authEnabled ? await this.#authenticator.refresh(user) : ADMIN_USER;
    if (current === undefined) throw new ForbiddenError(CHANGED_MEANWHILE);
    return current;
  }

  /**
   * Verifies the password of a user who is logged in. A wrong password counts as a failed login.
   *
   * @throws {ForbiddenError} the password is wrong
   * @throws {ThrottledError} {@link OverloadedError} {@link StoreError} as in a login
   */
  async confirmPassword({ name }: User, password: string, req: HostRequest): Promise<void> {
    if (!this.authEnabled) return;
    const user = await this.#authenticator.authenticate({ name, password }, req);
    if (user === undefined) throw new ForbiddenError('the current password is wrong');
  }

  /**
   * Finds the user of a request and proceeds, or answers 401, 421 or 503. An error of this package becomes an answer. An
   * error that `next` throws is the app's, and goes to the caller as it would without the guard.
   */
  identify(req: HostRequest, res: HostResponse, next: Next, proceed: Proceed): void {
    let isLetThrough: boolean;
    try {
      isLetThrough = this.#identify(req, res, next, proceed);
    } catch (error) {
      sendThrown(res, error);
      return;
    }
    if (isLetThrough) next();
  }

  /** Decides after a wait. No caller is left to catch an error. */
  later(res: HostResponse, next: Next, decide: () => boolean): void {
    let isLetThrough: boolean;
    try {
      isLetThrough = decide();
    } catch (error) {
      sendThrown(res, error);
      return;
    }
    try {
      if (isLetThrough) next();
    } catch (error) {
      throwOutside(error);
    }
  }

  /**
   * Whether the user has the privilege on the resource, or on every reading of the request's path. Answers 403 if not.
   */
  authorize(
    user: User,
    req: HostRequest,
    res: HostResponse,
    privilege: Privilege = privilegeFor(req.method ?? ''),
    resource?: string,
  ): boolean {
    // An admin may use every path, and its readings take time.
    if (isActiveAdmin(user)) return true;
    const whole = wholePathOf(req);
    const readings =
      resource === undefined
        ? this.policy.paths.read(whole, pathOf(req.url ?? ''), mountOf(req))
        : { whole: [resource], below: [] };
    const decision = this.policy.decideOn(user, privilege, readings);
    return decision.allowed || this.deny(req, res, user, refusalMessage(user, decision, resource ?? whole));
  }

  /** Answers 403, and reports it. */
  deny(req: HostRequest, res: HostResponse, user: User, reason: string): false {
    this.#audit('denied', () => denialOf(req, user, 403, reason));
    sendError(res, 403, reason);
    return false;
  }

  #identify(req: HostRequest, res: HostResponse, next: Next, proceed: Proceed): boolean {
    if (this.#isAllowedHost?.(req) === false) {
      sendError(res, 421, 'this host is not served here: [http] allowed-hosts does not name it');
      return false;
    }
    if (!this.authEnabled) {
      req.user = ADMIN_USER;
      return proceed(ADMIN_USER, req, res, next);
    }
    const known = Principal.userOf(req);
    if (known !== undefined && this.#authenticator.knows(known)) return proceed(known, req, res, next);
    if (req.method === 'OPTIONS' && !this.#logins.hasCredentials(req)) {
      // A browser's preflight. Behind the guard, a handler of `use` or `all` would run for it.
      sendEmpty(res, 204);
      return false;
    }
    const outcome = this.#logins.login(req);
    if (!isPromise(outcome)) return this.#conclude(outcome, req, res, next, proceed);
    void outcome.then((settled) => this.later(res, next, () => this.#conclude(settled, req, res, next, proceed)));
    return false;
  }

  #conclude(outcome: LoginOutcome, req: HostRequest, res: HostResponse, next: Next, proceed: Proceed): boolean {
    if (outcome.kind === 'user') {
      req.user = new Principal(outcome.user, req);
      // A shared cache keeps an answer whose request has no Authorization header.
      if (!req.headers.authorization) forbidStoring(res);
      return proceed(outcome.user, req, res, next);
    }
    if (outcome.kind === 'challenge') {
      const { reason, challenge, hasCredentials } = outcome;
      if (reason === 'authorization failed') this.#onFailure(req);
      if (!hasCredentials) this.#audit('denied', () => denialOf(req, undefined, 401, reason));
      sendError(res, 401, reason, { 'WWW-Authenticate': challenge });
    } else if (outcome.kind === 'refusal') {
      sendThrown(res, outcome.error, outcome.status, { 'WWW-Authenticate': outcome.challenge });
    } else {
      sendThrown(res, outcome.error);
    }
    return false;
  }

  readonly #goOnAsAdmin: Proceed = (user, req, res) =>
    user.type === 'admin' || this.deny(req, res, user, adminRequired(user, 'do this'));
}

const goOn: Proceed = () => true;
