import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Audit } from '../audit/events.js';
import type { Authenticator } from '../authentication/authenticator.js';
import { Principal } from '../authentication/principal.js';
import type { KapacitorStrategy } from '../authentication/strategy.js';
import { hasPrivilege, needsAdmin, type Privilege, privilegeFor } from '../authorization/privileges.js';
import { API, isWithin, PathReader } from '../authorization/resource.js';
import { ConfigError, ForbiddenError } from '../errors.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import { ADMIN_USER, type User } from '../users/user.js';
import { createHostCheck, type HostCheck } from './allowed-hosts.js';
import { adminRequired, CHANGED_MEANWHILE, privilegeMissing, sendError, sendThrown } from './answers.js';
import { denialOf } from './denial.js';
import { pathOf } from './request-path.js';

export interface GuardOptions {
  /** While false every request runs as the admin ADMIN_USER. */
  readonly authEnabled: boolean;
  /** The hosts that requests may ask for. Undefined: every host. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Whether the strategy takes credentials from the query as well. */
  readonly queryCredentials: boolean;
  /** Told of each request with wrong credentials. */
  readonly onFailure: (req: Request) => void;
  /** Told of each request that is answered in the app's place. */
  readonly audit: Audit;
}

/** What to do with a request once it is known who makes it. No function is made for each request: that takes time. */
export type Proceed = (user: User, req: Request, res: Response, next: NextFunction) => void;

/** Lets a request through that is authenticated and authorized, and otherwise answers it in the app's place. */
export class Guard {
  authEnabled: boolean;
  #allowedHosts: readonly string[] | undefined;
  #isAllowedHost: HostCheck | undefined;
  readonly #queryCredentials: boolean;
  readonly #onFailure: (req: Request) => void;
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
  readonly authenticate: RequestHandler = (req, res, next) => {
    this.identify(req, res, next, goOn);
  };

  /** Who, and an admin: otherwise 401 or 403. */
  readonly requireAdmin: RequestHandler = (req, res, next) => {
    this.identify(req, res, next, this.#goOnAsAdmin);
  };

  /**
   * Who, and may they: otherwise 401 or 403.
   *
   * @param privilege defaults to the one that the request's method needs
   * @param resource defaults to the request's path, in every reading
   * @throws {ConfigError} when the resource is not one
   */
  requirePrivilege(privilege?: Privilege, resource?: string): RequestHandler {
    if (resource !== undefined && !isWithin(resource, API)) {
      throw new ConfigError(`requirePrivilege: a resource begins with "${API}", as "${API}/write" does: ${resource}`);
    }
    const proceed: Proceed = (user, req, res, next) => this.authorize(user, req, res, next, privilege, resource);
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

  /** Finds out who asks and proceeds with them, or answers 401, 421 or 503. */
  identify(req: Request, res: Response, next: NextFunction, proceed: Proceed): void {
    if (this.#isAllowedHost?.(req) === false) {
      sendError(res, 421, 'this host is not served here: [http] allowed-hosts does not name it');
      return;
    }
    if (!this.authEnabled) {
      req.user = ADMIN_USER;
      proceed(ADMIN_USER, req, res, next);
      return;
    }
    const known = Principal.userOf(req);
    if (known !== undefined && this.#authenticator.knows(known)) {
      proceed(known, req, res, next);
      return;
    }
    if (req.method === 'OPTIONS' && !this.#strategy.hasCredentials(req)) {
      // A browser's preflight has none. Behind the guard a handler of `use` or `all` would run for it.
      res.status(204).end();
      return;
    }
    const { authorization } = req.headers;
    let recalled: MaybePromise<User | undefined>;
    try {
      recalled = authorization ? this.#authenticator.recall(authorization, req) : undefined;
    } catch (error) {
      sendThrown(res, error);
      return;
    }
    if (isPromise(recalled)) this.#await(recalled, req, res, next, proceed);
    else this.#proceedWith(recalled, req, res, next, proceed);
  }

  #await(recalled: Promise<User | undefined>, req: Request, res: Response, next: NextFunction, proceed: Proceed): void {
    recalled.then(
      (user) => this.#proceedWith(user, req, res, next, proceed),
      (error) => sendThrown(res, error),
    );
  }

  /** Most requests bring credentials that have been verified lately: they need no strategy. */
  #proceedWith(user: User | undefined, req: Request, res: Response, next: NextFunction, proceed: Proceed): void {
    if (user === undefined) {
      this.#driveStrategy(req, res, next, proceed);
    } else {
      req.user = new Principal(user, req);
      proceed(user, req, res, next);
    }
  }

  /** As Passport does: https://www.passportjs.org/packages/passport-strategy */
  #driveStrategy(req: Request, res: Response, next: NextFunction, proceed: Proceed): void {
    const attempt: KapacitorStrategy = Object.create(this.#strategy);
    attempt.success = (user) => {
      req.user = user as User;
      // A shared cache keeps an answer whose request has no Authorization header.
      if (this.#queryCredentials && !res.headersSent) res.set('Cache-Control', 'no-store');
      proceed(Principal.userOf(req) as User, req, res, next);
    };
    attempt.fail = (challenge, status = 401, reason = '') => {
      if (reason instanceof Error) {
        sendThrown(res, reason);
        return;
      }
      if (reason === 'authorization failed') this.#onFailure(req);
      if (!this.#strategy.hasCredentials(req)) this.#audit('denied', () => denialOf(req, undefined, 401, reason));
      if (challenge !== undefined && !res.headersSent) res.set('WWW-Authenticate', challenge);
      sendError(res, status, reason);
    };
    attempt.error = (error) => sendThrown(res, error);
    attempt.authenticate(req);
  }

  /** Goes on if the user has the privilege on the resource, or on everything that the path could mean; else 403. */
  authorize(
    user: User,
    req: Request,
    res: Response,
    next: NextFunction,
    privilege: Privilege = privilegeFor(req.method),
    resource?: string,
  ): void {
    if (user.type === 'admin') {
      next();
      return;
    }
    const resources =
      resource === undefined
        ? this.#paths.resourcesOf(pathOf(req.originalUrl), pathOf(req.url), req.baseUrl)
        : [resource];
    if (resources?.every((each) => hasPrivilege(user, privilege, each))) next();
    else if (resources?.some((each) => needsAdmin(privilege, each))) this.#deny(req, res, user, adminRequired(user));
    else this.#deny(req, res, user, privilegeMissing(user, privilege, resource ?? pathOf(req.originalUrl)));
  }

  readonly #goOnAsAdmin: Proceed = (user, req, res, next) => {
    if (user.type === 'admin') next();
    else this.#deny(req, res, user, adminRequired(user, 'do this'));
  };

  #deny(req: Request, res: Response, user: User, reason: string): void {
    this.#audit('denied', () => denialOf(req, user, 403, reason));
    sendError(res, 403, reason);
  }
}

const goOn: Proceed = (_user, _req, _res, next) => next();
