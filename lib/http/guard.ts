import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { KapacitorStrategy } from '../authentication/strategy.js';
import { hasPrivilege, needsAdmin, type Privilege, privilegeFor } from '../authorization/privileges.js';
import { API, isWithin, resourcesOf } from '../authorization/resource.js';
import { ConfigError } from '../errors.js';
import { ADMIN_USER, type User } from '../users/user.js';
import { adminRequired, privilegeMissing, sendError, sendThrown } from './answers.js';
import { pathOf, pathsOf } from './request-path.js';

export interface GuardOptions {
  /** While false every request runs as the admin ADMIN_USER. */
  readonly authEnabled: boolean;
  /** Whether the strategy takes credentials from the query as well. */
  readonly queryCredentials: boolean;
}

/** Lets a request through that is authenticated and authorized, and otherwise answers it in the app's place. */
export class Guard {
  authEnabled: boolean;
  readonly #queryCredentials: boolean;
  readonly #strategy: KapacitorStrategy;
  /** Where a request carries who was authenticated by this guard: `req.user` may be another Passport's. */
  readonly #principal = Symbol('principal');

  constructor(strategy: KapacitorStrategy, { authEnabled, queryCredentials }: GuardOptions) {
    this.#strategy = strategy;
    this.authEnabled = authEnabled;
    this.#queryCredentials = queryCredentials;
  }

  /** Who: sets `req.user`, or answers 401. */
  readonly authenticate: RequestHandler = (req, res, next) => {
    this.identify(req, res, () => next());
  };

  /** Who, and an admin: otherwise 401 or 403. */
  readonly requireAdmin: RequestHandler = (req, res, next) => {
    this.identify(req, res, (user) => {
      if (user.type === 'admin') next();
      else sendError(res, 403, adminRequired(user));
    });
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
    return (req, res, next) => {
      this.identify(req, res, (user) => this.authorize(req, res, next, user, privilege, resource));
    };
  }

  /** Finds out who asks and goes on with them; answers 401 or 503 itself. */
  identify(req: Request, res: Response, proceed: (user: User) => void): void {
    const marked = req as unknown as Record<symbol, User | undefined>;
    if (!this.authEnabled) {
      req.user = ADMIN_USER;
      proceed(ADMIN_USER);
      return;
    }
    const known = marked[this.#principal];
    if (known !== undefined) {
      proceed(known);
      return;
    }
    if (req.method === 'OPTIONS' && !this.#hasCredentials(req)) {
      // A browser's preflight has none. Behind the guard a handler of `use` or `all` would run for it.
      res.status(204).end();
      return;
    }
    // As Passport drives a strategy: https://www.passportjs.org/packages/passport-strategy
    const attempt: KapacitorStrategy = Object.create(this.#strategy);
    attempt.success = (user) => {
      if (this.#queryCredentials) res.set('Cache-Control', 'no-store');
      marked[this.#principal] = user as User;
      req.user = user as User;
      proceed(user as User);
    };
    attempt.fail = (challenge, status = 401, reason = '') => {
      if (challenge !== undefined) res.set('WWW-Authenticate', challenge);
      sendError(res, status, reason);
    };
    attempt.error = (error) => sendThrown(res, error);
    attempt.authenticate(req);
  }

  /** Goes on if the user has the privilege on the resource, or on everything that the path could mean; else 403. */
  authorize(
    req: Request,
    res: Response,
    next: NextFunction,
    user: User,
    privilege: Privilege = privilegeFor(req.method),
    resource?: string,
  ): void {
    if (user.type === 'admin') {
      next();
      return;
    }
    const resources = resource === undefined ? resourcesOf(pathsOf(req)) : [resource];
    let isAllowed = resources !== undefined;
    for (const each of resources ?? []) {
      if (needsAdmin(privilege, each)) {
        sendError(res, 403, adminRequired(user));
        return;
      }
      isAllowed &&= hasPrivilege(user, privilege, each);
    }
    if (isAllowed) next();
    else sendError(res, 403, privilegeMissing(user, privilege, pathOf(req.originalUrl)));
  }

  #hasCredentials(req: Request): boolean {
    return Boolean(req.headers.authorization) || (this.#queryCredentials && /[?&][up]=/.test(req.url));
  }
}
