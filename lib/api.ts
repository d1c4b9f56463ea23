import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Router } from 'express';
import type { Credential } from './authentication/used-credentials.js';
import type { GivenCredentials, VerifyOptions } from './authentication/verify-call.js';
import type { Explanation } from './authorization/explain.js';
import type { Privilege } from './authorization/privileges.js';
import type { ResolvedConfig } from './config/options.js';
import type { UpgradeOptions } from './http/upgrade-call.js';
import type { MetricsOptions } from './observe/metrics.js';
import type { MetricsRegistry } from './observe/prometheus.js';
import type { Middleware } from './request/host.js';
import type { KapacitorAuthEvents } from './users/audit-events.js';
import type { KeyService } from './users/key-service.js';
import type { StoreHealth } from './users/repository.js';
import type { User } from './users/user.js';
import type { UserService } from './users/user-service.js';

/**
 * The object that `kapacitorAuth()` returns: a middleware that authenticates and authorizes each request, and answers the
 * users API at `/kapacitor/v1/users` (`http.apiPath` names another place). Requests that it lets through have `req.user`,
 * which may be undefined on a path of `http.public`. Its properties are the parts.
 *
 * @typeParam Own the names of the app's own permissions
 */
export interface KapacitorAuth<Own extends string = string> extends Middleware {
  /** The users API alone, to mount somewhere else. It authenticates and authorizes by itself. */
  readonly usersRouter: Router;
  /**
   * The page for the people who manage users, to mount somewhere else than at `{apiPath}/admin`: `app.use('/people',
   * auth.usersPage)`. It asks for a session by itself, and needs `app.use(auth)` for its API. Answers 404 unless
   * `http.usersPage` is true.
   */
  readonly usersPage: Middleware;
  /** Sets `req.user`, or answers 401. */
  readonly authenticate: Middleware;
  /**
   * Sets `req.user` to the user, or to undefined for a request without credentials. Answers 401 to wrong credentials. A
   * handler behind it takes an {@link OptionalUser} request.
   */
  readonly optional: Middleware;
  /** Lets admins through. Answers 401 or 403 to all others. */
  readonly requireAdmin: Middleware;
  /**
   * Creates a middleware that lets users with a privilege through, and answers 401 or 403 to all others. If it is used as a
   * middleware itself, without a call, it answers each request with 500.
   *
   * @param privilege `read`, `write`, `delete` or `all`; defaults to the privilege that the request's method needs
   * @param resource such as `/api/write`; defaults to the request's path, in every way that a router could read it
   * @throws {ConfigError} the privilege is unknown, the resource does not begin with `/api`, or routers read the resource
   *   as another one, such as `/api/x/../config`
   */
  requirePrivilege(privilege?: Privilege, resource?: string): Middleware;
  /** For an app with a Passport of its own: `passport.use(auth.strategy)`. Its name is `basic`. */
  readonly strategy: PassportStrategy;
  /**
   * The toggle. While it is false, every request runs as the admin ADMIN_USER. It can be set while the app runs.
   *
   * @throws {ConfigError} it is set to a value that is not a boolean, or to true while `auth.enabled` is false and there
   *   are no users
   */
  authEnabled: boolean;
  /**
   * The hosts that requests may ask for, as in `http.allowedHosts`. Undefined allows every host. It can be set while the
   * app runs.
   *
   * @throws {ConfigError} it is set to a value that is not a list of hosts, or to an empty list
   */
  allowedHosts: readonly string[] | undefined;
  /** The users: create, get, list, update and delete them in code. */
  readonly users: UserService<Own>;
  /** The keys of the users: create, list and delete them in code. */
  readonly keys: KeyService<Own>;
  /**
   * Whether a user may make a request, as the guard decides while authentication is on:
   * `auth.can(req.user, 'DELETE', '/kapacitor/v1/tasks/1')`. `undefined` and null (nobody) may only make requests for paths of
   * `http.public`.
   *
   * @throws {ConfigError} the first argument is not a user; the method is not a token (RFC 9110, section 5.6.2), is a known
   *   method in another case, or is a privilege such as `read`; the path does not begin with a slash
   */
  can(user: User | null | undefined, method: string, path: string): boolean;
  /**
   * Decides as {@link can} does, and names the rule or the permission that decided.
   *
   * @throws {ConfigError} as {@link can} does, and for `undefined` and null
   */
  explain(user: User, method: string, path: string): Explanation;
  /**
   * The credential that a request was let in with: its kind, and the id, the name, the end and the permissions of a key.
   *
   * @returns undefined for a request without a user, and while authentication is off
   * @throws {ConfigError} the argument is not a request
   */
  credentialOf(req: IncomingMessage): Credential | undefined;
  /**
   * Verifies credentials that did not come through a middleware, such as those in a message:
   * `await auth.verify(req.headers.authorization, { from: req })`. The throttle, the queue, the cache and the audit are those of
   * requests. While authentication is off, the user is ADMIN_USER.
   *
   * @param credentials a name and a password (which may be a key), or an `Authorization` header (RFC 7617, RFC 6750); undefined
   *   is nobody. Malformed ones, and values that are not texts, are wrong credentials
   * @returns the user; undefined if nobody can log in with the credentials
   * @throws {PasswordChangeRequiredError} the user must change its password before it may do anything else
   * @throws {ThrottledError} too many attempts failed
   * @throws {OverloadedError} too many passwords wait to be verified
   * @throws {StoreError} the store is unavailable
   * @throws {ConfigError} a field is unknown, or `from` is missing or tells no address
   */
  verify(credentials: GivenCredentials, options: VerifyOptions): Promise<User<Own> | undefined>;
  /**
   * For WebSockets and other upgrades, which do not pass the middlewares of an app. Verifies the credentials of the request and
   * decides by its path: `GET` needs `read`. While authentication is off, the user is ADMIN_USER.
   *
   * ```ts
   * server.on('upgrade', async (req, socket, head) => {
   *   const user = await auth.authorizeUpgrade(req, socket);
   *   if (!user) return;
   *   sockets.handleUpgrade(req, socket, head, (webSocket) => sockets.emit('connection', webSocket, req));
   * });
   * ```
   *
   * Any other request is answered on the socket as the middleware would (401, 403, 421, 429 or 503), and the connection is
   * closed within 2 seconds. A page of another site gets 403 unless `origins` names it, because a browser sends the user's
   * credentials along. `http.public` and `http.refusals` do not count here.
   *
   * @returns the user, who is `req.user` as well; undefined if the client was refused or has hung up. No request makes it
   *   reject
   * @throws {ConfigError} an argument is wrong; the connection is closed
   */
  authorizeUpgrade(req: IncomingMessage, socket: Duplex, options?: UpgradeOptions): Promise<User<Own> | undefined>;
  /** The resolved configuration. */
  readonly config: ResolvedConfig;
  /**
   * Fulfilled when the store answers and the configured first admin exists. Rejects with a {@link StoreError} if the first
   * attempt to open the store fails; further attempts follow each second, and {@link health} shows when one succeeds.
   * Rejects with an {@link InvalidUserError} or a {@link ConfigError} if the first admin cannot be created.
   */
  readonly ready: Promise<void>;
  /** For Prometheus: `auth.metrics.registerIn(register)`, with the registry of the package `prom-client`. */
  readonly metrics: MetricsRegistration;
  /** The state of the store, for a health route. Its reason is for the operator only. */
  health(): Health;
  /**
   * Adds a listener: `auth.on('store-state', ({ state, since, reason }) => …)`. A listener that throws or rejects causes a
   * warning, and nothing else.
   *
   * @throws {ConfigError} the event is unknown, or the listener is not a function
   */
  on<Event extends keyof KapacitorAuthEvents>(
    event: Event,
    listener: (...details: KapacitorAuthEvents[Event]) => unknown,
  ): KapacitorAuth<Own>;
  /**
   * Removes a listener.
   *
   * @throws {ConfigError} as {@link on} does
   */
  off<Event extends keyof KapacitorAuthEvents>(
    event: Event,
    listener: (...details: KapacitorAuthEvents[Event]) => unknown,
  ): KapacitorAuth<Own>;
  /**
   * Closes the store and everything that keeps the process alive. From then on, requests are answered with 503. It does not
   * wait for running work: calls of {@link users} reject with a {@link StoreError}.
   */
  close(): Promise<void>;
}

/** Adds metrics to a registry. */
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

/** The parts of a strategy that Passport uses. */
export interface PassportStrategy {
  readonly name: string;
  authenticate(req: IncomingMessage): void;
}

/**
 * A request whose `user` may be undefined: behind `auth.optional`, and on a path of `http.public`. TypeScript then asks the
 * handler for both cases: `(req: OptionalUser<Request>, res: Response) => …`.
 */
export type OptionalUser<Req extends { readonly user?: unknown }> = Omit<Req, 'user'> & {
  user?: Req['user'] | undefined;
};

/** Passport's types declare `Express.User` for packages to extend. */
declare global {
  namespace Express {
    interface User extends KapacitorUser {}
  }
}

type KapacitorUser = User;

declare module 'express-serve-static-core' {
  interface Request<P, ResBody, ReqBody, ReqQuery, LocalsObj extends Record<string, any>> {
    /**
     * The user who makes this request. Always set behind `kapacitorAuth()`, `authenticate` and the other middlewares, with two
     * exceptions: on a path of `http.public` and behind `optional` it may be undefined. An {@link OptionalUser} says so.
     */
    user: Express.User;
  }
}
