import type { IncomingMessage } from 'node:http';
import type { Router } from 'express';
import type { Explanation } from './authorization/decide.js';
import type { Privilege } from './authorization/privileges.js';
import type { ResolvedConfig } from './config/options.js';
import type { MetricsOptions } from './observe/metrics.js';
import type { MetricsRegistry } from './observe/prometheus.js';
import type { Middleware } from './request/host.js';
import type { AuditEvents } from './users/audit-events.js';
import type { StoreHealth } from './users/repository.js';
import type { User } from './users/user.js';
import type { UserService } from './users/user-service.js';

/**
 * The middleware, and its parts. The middleware authenticates and authorizes each request, sets `req.user`, and answers
 * the users API at `/kapacitor/v1/users`.
 */
export interface KapacitorAuth extends Middleware {
  /** The users API alone, to be mounted somewhere else. It authenticates and authorizes by itself. */
  readonly usersRouter: Router;
  /** Authenticates: sets `req.user`, or answers 401. */
  readonly authenticate: Middleware;
  /** Authenticates, and lets only admins through. Answers 401 or 403 otherwise. */
  readonly requireAdmin: Middleware;
  /**
   * Makes a middleware that authenticates, and lets only users with a privilege through. It answers 401 or 403 otherwise.
   * `app.use(auth.requirePrivilege)`, without the call, answers each request with 500.
   *
   * @param privilege defaults to the one that the request's method needs: `read`, `write`, `delete`, or `all`
   * @param resource such as `/api/write`; defaults to the request's path, as any router could read it
   * @throws {ConfigError} for an unknown privilege, for a resource that does not begin with `/api`, and for one that
   *   routers read as another one, such as `/api/x/../config`
   */
  requirePrivilege(privilege?: Privilege, resource?: string): Middleware;
  /** For an app that has a Passport of its own: `passport.use(auth.strategy)`. Its name is `basic`. */
  readonly strategy: PassportStrategy;
  /**
   * Whether a request needs credentials. While false, every request runs as the admin ADMIN_USER. The app can set it while
   * it runs.
   *
   * @throws {ConfigError} when it is set to a value that is not a boolean, or to true while `auth.enabled` is false:
   *   there are no users then
   */
  authEnabled: boolean;
  /**
   * The hosts that requests may ask for, as in `http.allowedHosts`. Undefined: every host. The app can set it while it
   * runs.
   *
   * @throws {ConfigError} when it is set to a value that is not a list of hosts, or to an empty list
   */
  allowedHosts: readonly string[] | undefined;
  /** The users, for code: create, get, list, update, delete. */
  readonly users: UserService;
  /**
   * Whether a user may make a request, as the guard decides it while authentication is on:
   * `auth.can(req.user, 'DELETE', '/kapacitor/v1/tasks/1')`. `undefined` and null (nobody) have no privileges.
   *
   * @throws {ConfigError} the first argument is not a user; the method is not a token (RFC 9110, section 5.6.2), is a
   *   known one in another case, or is a privilege such as `read`; the path does not begin with a slash
   */
  can(user: User | null | undefined, method: string, path: string): boolean;
  /**
   * The same, with the rule or the permission that decided.
   *
   * @throws {ConfigError} as {@link can} does, and for `undefined` and null
   */
  explain(user: User, method: string, path: string): Explanation;
  /** The configuration after code, environment, file and defaults are combined. */
  readonly config: ResolvedConfig;
  /**
   * Resolves when the store is open and the first admin, if one is configured, exists. Rejects with a {@link StoreError}
   * when the first attempt to open the store fails. Further attempts follow each second, and {@link health} tells when one
   * succeeds. Rejects with an {@link InvalidUserError} or a {@link ConfigError} when the first admin cannot be made.
   */
  readonly ready: Promise<void>;
  /** For Prometheus: `auth.metrics.registerIn(register)`, with the registry of the package `prom-client`. */
  readonly metrics: MetricsRegistration;
  /** The state of the store, for a health route. Its `reason` is for the operator alone. */
  health(): Health;
  /**
   * Calls a listener at each event of this name: `auth.on('store-state', ({ state, since, reason }) => …)`. An error of
   * the listener becomes a warning, and affects no request.
   *
   * @throws {ConfigError} the event is unknown, or the listener is not a function
   */
  on<Event extends keyof KapacitorAuthEvents>(
    event: Event,
    listener: (...details: KapacitorAuthEvents[Event]) => unknown,
  ): KapacitorAuth;
  /**
   * Removes a listener.
   *
   * @throws {ConfigError} as {@link on} does
   */
  off<Event extends keyof KapacitorAuthEvents>(
    event: Event,
    listener: (...details: KapacitorAuthEvents[Event]) => unknown,
  ): KapacitorAuth;
  /**
   * Closes the store and everything else that keeps the process alive. Later requests get 503. Calls of {@link users} that
   * have no result yet reject with a {@link StoreError}.
   */
  close(): Promise<void>;
}

/** Registers the metrics of a middleware. */
export interface MetricsRegistration {
  /**
   * Adds the metrics to a registry of `prom-client`. They count from then on.
   *
   * @throws {ConfigError} `prom-client` is not installed or cannot be loaded; the registry or the prefix is not valid; an
   *   option is unknown; the registry has these metrics already
   */
  registerIn(registry: MetricsRegistry, options?: MetricsOptions): void;
}

/** The state of each part that can fail. */
export interface Health {
  readonly store: StoreHealth;
}

/** The arguments of the listeners of audit events. */
type AuditListened = { readonly [Event in keyof AuditEvents]: readonly [event: AuditEvents[Event]] };

/** The events that an app can listen to, each with the arguments of its listeners. */
export interface KapacitorAuthEvents extends AuditListened {
  /** The state of the store changed: see {@link StoreHealth}. */
  readonly 'store-state': readonly [health: StoreHealth];
}

/** The part of a strategy that Passport uses. */
export interface PassportStrategy {
  readonly name: string;
  authenticate(req: IncomingMessage): void;
}

/** Passport's types declare `req.user` as `Express.User`, so a type of users extends that interface. */
declare global {
  namespace Express {
    interface User extends KapacitorUser {}
  }
}

type KapacitorUser = User;

declare module 'express-serve-static-core' {
  interface Request<P, ResBody, ReqBody, ReqQuery, LocalsObj extends Record<string, any>> {
    /** The user who makes this request. It is always set behind `kapacitorAuth()`, `authenticate`, `requireAdmin` and `requirePrivilege()`. */
    user: Express.User;
  }
}
