import type { IncomingMessage } from 'node:http';
import type { Router } from 'express';
import type { Explanation } from './authorization/decide.js';
import type { Privilege } from './authorization/privileges.js';
import type { ResolvedConfig } from './config/options.js';
import type { MetricsOptions } from './observe/metrics.js';
import type { MetricsRegistry } from './observe/prometheus.js';
import type { Middleware } from './request/host.js';
import type { KapacitorAuthEvents } from './users/audit-events.js';
import type { StoreHealth } from './users/repository.js';
import type { User } from './users/user.js';
import type { UserService } from './users/user-service.js';

/**
 * The middleware, and its parts. As a middleware it authenticates and authorizes each request that comes to it, and
 * answers the users API at `/kapacitor/v1/users`; what it lets through has `req.user`.
 */
export interface KapacitorAuth extends Middleware {
  /** The users API alone, to be mounted somewhere else. It authenticates and authorizes by itself. */
  readonly usersRouter: Router;
  /** Who: sets `req.user`, or answers 401. */
  readonly authenticate: Middleware;
  /** Who, and an admin: otherwise answers 401 or 403. */
  readonly requireAdmin: Middleware;
  /**
   * Who, and may they: otherwise answers 401 or 403.
   *
   * @param privilege defaults to the one that the request's method needs: `read`, `write`, `delete`, or `all`
   * @param resource such as `/api/write`; defaults to the request's path, as any router could read it
   * Used as a middleware, without a call, it answers each request with 500.
   *
   * @throws {ConfigError} for an unknown privilege, for a resource that does not begin with `/api`, and for one that
   *   routers read as another one, such as `/api/x/../config`
   */
  requirePrivilege(privilege?: Privilege, resource?: string): Middleware;
  /** For an app that has a Passport of its own: `passport.use(auth.strategy)`. Its name is `basic`. */
  readonly strategy: PassportStrategy;
  /**
   * The toggle: while false every request runs as the admin ADMIN_USER. It can be set while the app runs.
   *
   * @throws {ConfigError} when it is set to a value that is not a boolean, or to true while `auth.enabled` is false:
   *   there are no users then
   */
  authEnabled: boolean;
  /**
   * The hosts that requests may ask for, as in `http.allowedHosts`; undefined: every host. It can be set while the app
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
  /** What the configuration came out as. */
  readonly config: ResolvedConfig;
  /**
   * Fulfilled when the store can be asked and the first admin is there, if one is configured. Rejects with a
   * {@link StoreError} when the first attempt to open the store fails: it is tried again each second, and {@link health}
   * tells when it has succeeded. Rejects with an {@link InvalidUserError} or a {@link ConfigError} when the first admin
   * cannot be made.
   */
  readonly ready: Promise<void>;
  /** For Prometheus: `auth.metrics.registerIn(register)`, with the registry of the package `prom-client`. */
  readonly metrics: MetricsRegistration;
  /** The state of the store, for a health route. The reason in it is for the operator alone. */
  health(): Health;
  /**
   * Calls a listener at each such event: `auth.on('store-state', ({ state, since, reason }) => …)`. What it throws, or
   * rejects with, is a warning, and disturbs nothing.
   *
   * @throws {ConfigError} the event is unknown, or the listener is not a function
   */
  on<Event extends keyof KapacitorAuthEvents>(
    event: Event,
    listener: (...details: KapacitorAuthEvents[Event]) => unknown,
  ): KapacitorAuth;
  /**
   * Calls the listener no more.
   *
   * @throws {ConfigError} as {@link on} does
   */
  off<Event extends keyof KapacitorAuthEvents>(
    event: Event,
    listener: (...details: KapacitorAuthEvents[Event]) => unknown,
  ): KapacitorAuth;
  /**
   * Lets go of the store and of everything that keeps the process alive. Requests are answered with 503 from here on. It
   * waits for nothing that is under way: calls of {@link users} reject with a {@link StoreError}.
   */
  close(): Promise<void>;
}

/** Where the metrics can be had. */
export interface MetricsRegistration {
  /**
   * Adds the metrics to a registry of `prom-client`. What happens is counted from then on.
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

/** What Passport asks of a strategy. */
export interface PassportStrategy {
  readonly name: string;
  authenticate(req: IncomingMessage): void;
}

/** As Passport's types have it: who defines a kind of user extends `Express.User`. */
declare global {
  namespace Express {
    interface User extends KapacitorUser {}
  }
}

type KapacitorUser = User;

declare module 'express-serve-static-core' {
  interface Request<P, ResBody, ReqBody, ReqQuery, LocalsObj extends Record<string, any>> {
    /** Who makes this request: always there behind `kapacitorAuth()` and behind `authenticate` and its like. */
    user: Express.User;
  }
}
