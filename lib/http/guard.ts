import type { Middleware } from '../api.js';
import type { Authenticator } from '../authentication/authenticator.js';
import { Principal } from '../authentication/principal.js';
import type { KapacitorStrategy } from '../authentication/strategy.js';
import { PathReader } from '../authorization/paths.js';
import { hasPrivilege, needsAdmin, type Privilege, privilegeFor } from '../authorization/privileges.js';
import { ForbiddenError } from '../errors.js';
import { isPromise, throwOutside } from '../promises.js';
import { createHostCheck, type HostCheck } from '../request/allowed-hosts.js';
import type { HostRequest, HostResponse, Next } from '../request/host.js';
import { mountOf, pathOf, wholePathOf } from '../request/host.js';
import type { Audit } from '../users/audit-events.js';
import { ADMIN_USER, type User } from '../users/user.js';
import {
  adminRequired,
  CHANGED_MEANWHILE,
  denialOf,
  forbidStoring,
  privilegeMissing,
  sendEmpty,
  sendError,
  sendThrown,
} from './answers.js';

export interface GuardOptions {
  /** While false every request runs as the admin ADMIN_USER. */
  readonly authEnabled: boolean;
  /** The hosts that requests may ask for. Undefined: every host. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Whether the strategy takes credentials from the query as well. */
  readonly queryCredentials: boolean;
  /** Told of each request with wrong credentials. */
  readonly onFailure: (req: HostRequest) => void;
  /** Told of each request that is answered in the app's place. */
  readonly audit: Audit;
}

/**
 * What to do with a request once it is known who makes it: true lets it through; false says that it is answered, or will
 * be. No function is made for each request: that takes time.
 */
export type Proceed = (user: User, req: HostRequest, res: HostResponse, next: Next) => boolean;

/** Lets a request through that is authenticated and authorized, and otherwise answers it in the app's place. */
export class Guard {
  authEnabled: boolean;
  #allowedHosts: readonly string[] | undefined;
  #isAllowedHost: HostCheck | undefined;
  readonly #queryCredentials: boolean;
  readonly #onFailure: (req: HostRequest) => void;
  readonly #audit: Audit;
  readonly #authenticator: Authenticator;
  readonly #strategy: KapacitorStrategy;
  readonly #paths = new PathReader();

  constructor(
    authenticator: Authenticator,
    strategy: KapacitorStrategy,
    { authEnabled, allowedHosts, queryCredentials, onFailure, audit }: GuardOptions,
  ) {
    this.#authenticator = authenticator;
    this.#strategy = strategy;
    this.authEnabled = authEnabled;
    this.allowedHosts = allowedHosts;
    this.#queryCredentials = queryCredentials;
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

  /** Who: sets `req.user`, or answers 401. */
  readonly authenticate: Middleware = (req, res, next) => {
    this.identify(req, res, next, goOn);
  };

  /** Who, and an admin: otherwise 401 or 403. */
  readonly requireAdmin: Middleware = (req, res, next) => {
    this.identify(req, res, next, this.#goOnAsAdmin);
  };

  /**
   * Who, and may they: otherwise 401 or 403.
   *
   * @param privilege defaults to the one that the request's method needs
   * @param resource defaults to the request's path, in every reading
   */
  requirePrivilege(privilege?: Privilege, resource?: string): Middleware {
    const proceed: Proceed = (user, req, res) => this.authorize(user, req, res, privilege, resource);
    return (req, res, next) => this.identify(req, res, next, proceed);
  }

  /**
   * The user as it is now, for a request that took its time: a client can hold its body back for minutes, and a
   * password or an admin may be gone by then.
   *
   * @throws {ForbiddenError} it would not get in any more
   */
  async reconsider(user: User): Promise<User> {
    const current = this.authEnabled ? await this.#authenticator.refresh(user) : ADMIN_USER;
    if (current === undefined) throw new ForbiddenError(CHANGED_MEANWHILE);
    return current;
  }

  /**
   * Makes sure that a user who is logged in knows its password. A wrong one counts as a failed login.
   *
   * @throws {ForbiddenError} the password is wrong
   * @throws {ThrottledError} {@link OverloadedError} {@link StoreError} as with a login
   */
  async confirmPassword({ name }: User, password: string, req: HostRequest): Promise<void> {
    if (!this.authEnabled) return;
    const user = await this.#authenticator.authenticate({ name, password }, req);
    if (user === undefined) throw new ForbiddenError('the current password is wrong');
  }

  /**
   * Finds out who asks and proceeds with them, or answers 401, 421 or 503. An error of ours is answered. What `next`
   * throws is the app's: it goes to the caller as it would without the guard.
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

  /** Decides what had to wait for something. No caller is left who could catch anything. */
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
    if (req.method === 'OPTIONS' && !this.#strategy.hasCredentials(req)) {
      // A browser's preflight has none. Behind the guard a handler of `use` or `all` would run for it.
      sendEmpty(res, 204);
      return false;
    }
    const { authorization } = req.headers;
    const recalled = authorization ? this.#authenticator.recall(authorization, req) : undefined;
    if (!isPromise(recalled)) return this.#proceedWith(recalled, req, res, next, proceed);
    recalled.then(
      (user) => this.later(res, next, () => this.#proceedWith(user, req, res, next, proceed)),
      (error) => sendThrown(res, error),
    );
    return false;
  }

  /** Most requests bring credentials that have been verified lately: they need no strategy. */
  #proceedWith(user: User | undefined, req: HostRequest, res: HostResponse, next: Next, proceed: Proceed): boolean {
    if (user === undefined) {
      this.#driveStrategy(req, res, next, proceed);
      return false;
    }
    req.user = new Principal(user, req);
    return proceed(user, req, res, next);
  }

  /** As Passport does: https://www.passportjs.org/packages/passport-strategy */
  #driveStrategy(req: HostRequest, res: HostResponse, next: Next, proceed: Proceed): void {
    const attempt: KapacitorStrategy = Object.create(this.#strategy);
    attempt.success = (user) => {
      this.later(res, next, () => {
        req.user = user;
        // A shared cache keeps an answer whose request has no Authorization header.
        if (this.#queryCredentials) forbidStoring(res);
        return proceed(Principal.userOf(req) as User, req, res, next);
      });
    };
    attempt.fail = (challenge, status = 401, reason = '') => {
      this.later(res, next, () => {
        if (reason instanceof Error) {
          sendThrown(res, reason, status, { 'WWW-Authenticate': challenge });
          return false;
        }
        if (reason === 'authorization failed') this.#onFailure(req);
        if (!this.#strategy.hasCredentials(req)) this.#audit('denied', () => denialOf(req, undefined, 401, reason));
        sendError(res, status, reason, { 'WWW-Authenticate': challenge });
        return false;
      });
    };
    attempt.error = (error) => sendThrown(res, error);
    attempt.authenticate(req);
  }

  /** Tells whether the user has the privilege on the resource, or on everything that the path could mean; else 403. */
  authorize(
    user: User,
    req: HostRequest,
    res: HostResponse,
    privilege: Privilege = privilegeFor(req.method ?? ''),
    resource?: string,
  ): boolean {
    if (user.type === 'admin') return true;
    const whole = wholePathOf(req);
    const resources =
      resource === undefined ? this.#paths.resourcesOf(whole, pathOf(req.url ?? ''), mountOf(req)) : [resource];
    if (resources?.every((each) => hasPrivilege(user, privilege, each))) return true;
    if (resources?.some((each) => needsAdmin(privilege, each))) return this.#deny(req, res, user, adminRequired(user));
    return this.#deny(req, res, user, privilegeMissing(user, privilege, resource ?? whole));
  }

  readonly #goOnAsAdmin: Proceed = (user, req, res) =>
    user.type === 'admin' || this.#deny(req, res, user, adminRequired(user, 'do this'));

  #deny(req: HostRequest, res: HostResponse, user: User, reason: string): false {
    this.#audit('denied', () => denialOf(req, user, 403, reason));
    sendError(res, 403, reason);
    return false;
  }
}

const goOn: Proceed = () => true;
