import type { IncomingMessage } from 'node:http';
import express, { type NextFunction, type Request, type RequestHandler, type Response, type Router } from 'express';
import './http/express.js';
import { Authenticator } from './authentication/authenticator.js';
import { CredentialCache } from './authentication/credential-cache.js';
import { PasswordHasher } from './authentication/password-hasher.js';
import { KapacitorStrategy } from './authentication/strategy.js';
import type { Privilege } from './authorization/privileges.js';
import {
  AUTHENTICATION_IS_OFF,
  type KapacitorAuthConfig,
  type ResolvedConfig,
  requireUsers,
  resolveConfig,
} from './config/config.js';
import { ConfigError, type StoreError } from './errors.js';
import { Guard, type Proceed } from './http/guard.js';
import { createUsersRouter } from './http/users-router.js';
import { LmdbUserRepository } from './users/repositories/lmdb.js';
import { MemoryUserRepository } from './users/repositories/memory.js';
import { noUsers } from './users/repositories/none.js';
import { SupervisedRepository } from './users/repositories/supervised.js';
import type { UserRepository } from './users/repository.js';
import { UserService } from './users/user-service.js';

/** Kapacitor's addresses of the users API. */
const USERS_PATHS = ['/kapacitor/v1/users', '/kapacitor/v1preview/users'];

/** Milliseconds between two warnings about the store. */
const WARN_EVERY = 60_000;

/**
 * A middleware that says nothing of `req.params`. Beside a `RequestHandler`, Express's types forget what the path of the
 * route says of them: in `app.get('/:id', auth.requireAdmin, …)` the `id` would not be a string.
 */
export type Middleware = <P>(req: Request<P>, res: Response, next: NextFunction) => void;

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
   * @throws {ConfigError} when the resource does not begin with `/api`
   */
  requirePrivilege(privilege?: Privilege, resource?: string): Middleware;
  /** For an app that has a Passport of its own: `passport.use(auth.strategy)`. Its name is `basic`. */
  readonly strategy: PassportStrategy;
  /**
   * The toggle: while false every request runs as the admin ADMIN_USER. It can be set while the app runs.
   *
   * @throws {ConfigError} when it is set to true while `auth.enabled` is false: there are no users then
   */
  authEnabled: boolean;
  /** The users, for code: create, get, list, update, delete. */
  readonly users: UserService;
  /** What the configuration came out as. */
  readonly config: ResolvedConfig;
  /** Fulfilled when the store can be asked; rejects with a {@link StoreError} when it cannot be opened. */
  readonly ready: Promise<void>;
  /** Lets go of the store and of everything that keeps the process alive. Requests are answered with 503 from here on. */
  close(): Promise<void>;
}

/** What Passport asks of a strategy. */
export interface PassportStrategy {
  readonly name: string;
  authenticate(req: IncomingMessage): void;
}

/**
 * Kapacitor's internal authorizations as an Express middleware.
 *
 * @param source the path of a `kapacitor.conf`, or the configuration itself. Environment variables (`KAPACITOR_…`) come
 *   before a file, and after code. Without a file authentication is on unless it is switched off
 * @param overrides what code says besides a file, such as a repository of the app's own
 * @throws {ConfigError} names the file, the line and the key of everything that is wrong with the configuration
 * @throws {StoreError} the store cannot be opened; says where it is and why
 */
export function kapacitorAuth(
  source: string | KapacitorAuthConfig = {},
  overrides: KapacitorAuthConfig = {},
): KapacitorAuth {
  const { config, warnings } = resolveConfig(source, overrides, process.env);
  for (const warning of warnings) warn(warning, 'KAPACITOR_AUTH_CONFIG');

  const { store } = config.auth;
  const opened = config.auth.enabled ? openRepository(store) : noUsers;
  const repository = new SupervisedRepository(opened, createStoreWarner());
  const hasher = new PasswordHasher(config.auth.bcryptCost);
  const cache = new CredentialCache(config.auth.cacheExpiration);
  const users = new UserService(repository, hasher);
  const authenticator = new Authenticator(repository, hasher, cache);
  const strategy = new KapacitorStrategy(authenticator, config.http);
  const guard = new Guard(authenticator, strategy, config.http);
  const usersRouter = createUsersRouter(users, guard);
  const usersApi = express.Router().use(USERS_PATHS, usersRouter);

  const proceed: Proceed = (user, req, res, next) => {
    // Most requests need not be routed: those that the router takes have this in their path.
    if (config.auth.enabled && /users/i.test(req.url)) routeUsers(user, req, res, next);
    else guard.authorize(user, req, res, next);
  };
  const routeUsers: Proceed = (user, req, res, next) => {
    usersApi(req, res, (error?: unknown) => (error ? next(error) : guard.authorize(user, req, res, next)));
  };
  const middleware: RequestHandler = (req, res, next) => guard.identify(req, res, next, proceed);

  const ready = repository.open();
  // Whoever waits for it is told; whoever does not has the answers of the requests.
  ready.catch(() => {});

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    repository.close();
    cache.close();
    if (opened !== store) await opened.close?.();
  };

  return Object.defineProperties(middleware, {
    usersRouter: { value: usersRouter },
    authenticate: { value: guard.authenticate },
    requireAdmin: { value: guard.requireAdmin },
    requirePrivilege: { value: guard.requirePrivilege.bind(guard) },
    strategy: { value: strategy },
    users: { value: users },
    config: { value: config },
    ready: { value: ready },
    close: {
      value: () => {
        closing ??= close();
        return closing;
      },
    },
    authEnabled: {
      get: () => guard.authEnabled,
      set: (authEnabled: unknown) => {
        if (typeof authEnabled !== 'boolean') throw new ConfigError('authEnabled must be true or false');
        if (authEnabled) requireUsers(config);
        else warn(AUTHENTICATION_IS_OFF, 'KAPACITOR_AUTH_CONFIG');
        guard.authEnabled = authEnabled;
      },
    },
  }) as KapacitorAuth;
}

function openRepository(store: string | UserRepository): UserRepository {
  if (typeof store !== 'string') return store;
  return store === 'memory:' ? new MemoryUserRepository() : new LmdbUserRepository(store.slice('lmdb:'.length));
}

/** Tells the operator of a store that fails, and not at each request. */
function createStoreWarner(): (error: StoreError) => void {
  let warnedAt = Number.NEGATIVE_INFINITY;
  return ({ message, cause }) => {
    if (Date.now() - warnedAt < WARN_EVERY) return;
    warnedAt = Date.now();
    warn(cause instanceof Error ? `${message}: ${cause.message}` : message, 'KAPACITOR_AUTH_STORE_UNAVAILABLE');
  };
}

function warn(message: string, code: string): void {
  process.emitWarning(message, { type: 'KapacitorAuthWarning', code });
}
