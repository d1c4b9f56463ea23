import type { IncomingMessage } from 'node:http';
import express, { type NextFunction, type Request, type RequestHandler, type Response, type Router } from 'express';
import './http/express.js';
import type { Audit, AuditEvents } from './audit/events.js';
import { Authenticator } from './authentication/authenticator.js';
import { CredentialCache } from './authentication/credential-cache.js';
import { LoginThrottle } from './authentication/login-throttle.js';
import { PasswordHasher } from './authentication/password-hasher.js';
import { KapacitorStrategy } from './authentication/strategy.js';
import { ME_PATHS, USERS_PATHS } from './authorization/endpoints.js';
import { type Explanation, explain } from './authorization/explanation.js';
import type { Privilege } from './authorization/privileges.js';
import {
  AUTHENTICATION_IS_OFF,
  type KapacitorAuthConfig,
  type ResolvedConfig,
  requireUsers,
  resolveConfig,
} from './config/config.js';
import { ConfigError, type KapacitorAuthError } from './errors.js';
import { Events } from './events.js';
import { Guard, type Proceed } from './http/guard.js';
import { createMeRouter } from './http/me-router.js';
import { proxyProblem } from './http/proxy.js';
import { createUsersRouter } from './http/users-router.js';
import { PasswordPolicy } from './users/password-policy.js';
import { refusalOf } from './users/refused-passwords.js';
import { createRepository } from './users/repositories/create.js';
import { noUsers } from './users/repositories/none.js';
import { SupervisedRepository } from './users/repositories/supervised.js';
import type { StoreHealth } from './users/store-state.js';
import type { User } from './users/user.js';
import { UserService } from './users/user-service.js';
import { createWarner, type WarningCode, warn } from './warnings.js';

/** What is in each path of this package's own endpoints. */
const OWN_PATH = /users|\/me(?:[/?#]|$)/i;

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
  /**
   * Whether a user may make a request, as the guard decides it while authentication is on:
   * `auth.can(req.user, 'DELETE', '/kapacitor/v1/tasks/1')`. Undefined, as of a user who is not there, may nothing.
   */
  can(user: User | undefined, method: string, path: string): boolean;
  /** The same, with the rule or the permission that decided. */
  explain(user: User, method: string, path: string): Explanation;
  /** What the configuration came out as. */
  readonly config: ResolvedConfig;
  /**
   * Fulfilled when the store can be asked; rejects with a {@link StoreError} when the first attempt to open it fails. It
   * is tried again each second, and {@link health} tells when it has succeeded.
   */
  readonly ready: Promise<void>;
  /** How the parts are that can fail. For a health route; what it says of the reason is for the operator. */
  health(): Health;
  /**
   * Calls a listener at each such event: `auth.on('store-state', ({ state, since, reason }) => …)`. What it throws, or
   * rejects with, is a warning, and disturbs nothing.
   */
  on<Event extends keyof KapacitorAuthEvents>(
    event: Event,
    listener: (...details: KapacitorAuthEvents[Event]) => unknown,
  ): KapacitorAuth;
  /** Calls the listener no more. */
  off<Event extends keyof KapacitorAuthEvents>(
    event: Event,
    listener: (...details: KapacitorAuthEvents[Event]) => unknown,
  ): KapacitorAuth;
  /** Lets go of the store and of everything that keeps the process alive. Requests are answered with 503 from here on. */
  close(): Promise<void>;
}

/** How the parts are that can fail. */
export interface Health {
  readonly store: StoreHealth;
}

/** What listeners of an audit event are given. */
type AuditListened = { readonly [Event in keyof AuditEvents]: readonly [event: AuditEvents[Event]] };

/** What the app can listen to, and what the listeners are given. */
export interface KapacitorAuthEvents extends AuditListened {
  /** The store has come into another state: it cannot be reached, changes are not heard of, or all is well again. */
  readonly 'store-state': readonly [health: StoreHealth];
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
  const { config, store, warnings } = resolveConfig(source, overrides, process.env);
  for (const warning of warnings) warn('KAPACITOR_AUTH_CONFIG', warning);

  const { bcryptCost, hashingConcurrency, hashingQueue, refusedPasswords, minimumPasswordLength } = config.auth;
  const isRefused = refusedPasswords && refusalOf(refusedPasswords);
  const policy = new PasswordPolicy({
    minimumLength: minimumPasswordLength,
    ...(isRefused && { isRefused }),
    onFailure: createErrorWarner('KAPACITOR_AUTH_PASSWORD_CHECK_FAILED'),
  });
  const opened = !config.auth.enabled ? noUsers : typeof store === 'string' ? createRepository(store) : store;
  const events = new Events<KapacitorAuthEvents>();
  const audit: Audit = (event, details) => {
    if (events.isHeard(event)) events.emit(event, ...([{ time: new Date(), ...details() }] as never));
  };
  const warnOfState = createStateWarner();
  const repository = new SupervisedRepository(opened, {
    grace: config.auth.storeGrace,
    onFailure: createErrorWarner('KAPACITOR_AUTH_STORE_UNAVAILABLE'),
    onState: (health) => {
      warnOfState(health);
      events.emit('store-state', health);
      if (health.state === 'down') audit('store-unavailable', () => ({ reason: health.reason }));
    },
  });
  const hasher = new PasswordHasher({ cost: bcryptCost, concurrency: hashingConcurrency, maxQueue: hashingQueue });
  const cache = new CredentialCache(config.auth.cacheExpiration);
  const throttle = new LoginThrottle(config.auth);
  const users = new UserService(repository, hasher, policy, audit);
  const authenticator = new Authenticator({
    repository,
    hasher,
    cache,
    throttle,
    onUnusableHash: createHashWarner(),
    audit,
  });
  const strategy = new KapacitorStrategy(authenticator, { ...config.http, audit });
  const onFailure = throttle.isOn ? createProxyWarner() : () => {};
  const guard = new Guard(authenticator, strategy, { ...config.http, onFailure, audit });
  const usersRouter = createUsersRouter(users, guard, audit);
  const ownApi = express.Router().use(USERS_PATHS, usersRouter).use(ME_PATHS, createMeRouter(guard));

  const proceed: Proceed = (user, req, res, next) => {
    // Most requests need not be routed: those that the routers take have this in their path.
    if (config.auth.enabled && OWN_PATH.test(req.url)) routeOwn(user, req, res, next);
    else guard.authorize(user, req, res, next);
  };
  const routeOwn: Proceed = (user, req, res, next) => {
    ownApi(req, res, (error?: unknown) => (error ? next(error) : guard.authorize(user, req, res, next)));
  };
  const middleware: RequestHandler = (req, res, next) => guard.identify(req, res, next, proceed);

  const ready = repository.open();
  // Whoever waits for it is told; whoever does not has the answers of the requests.
  ready.catch(() => {});

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    repository.close();
    authenticator.close();
    if (opened !== store) await opened.close?.();
  };

  return Object.defineProperties(middleware, {
    usersRouter: { value: usersRouter },
    authenticate: { value: guard.authenticate },
    requireAdmin: { value: guard.requireAdmin },
    requirePrivilege: { value: guard.requirePrivilege.bind(guard) },
    strategy: { value: strategy },
    users: { value: users },
    can: {
      value: (user: User | undefined, method: string, path: string) =>
        user !== undefined && explain(user, method, path).allowed,
    },
    explain: { value: explain },
    config: { value: config },
    ready: { value: ready },
    health: { value: (): Health => ({ store: repository.health }) },
    on: {
      value: (...listening: Parameters<typeof events.on>) => {
        events.on(...listening);
        return middleware;
      },
    },
    off: {
      value: (...listening: Parameters<typeof events.off>) => {
        events.off(...listening);
        return middleware;
      },
    },
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
        else warn('KAPACITOR_AUTH_CONFIG', AUTHENTICATION_IS_OFF);
        if (authEnabled !== guard.authEnabled) audit('authentication-switched', () => ({ authEnabled }));
        guard.authEnabled = authEnabled;
      },
    },
  }) as KapacitorAuth;
}

/** Tells of errors that answers are silent about: the reason is not for everybody. */
function createErrorWarner(code: WarningCode): (error: KapacitorAuthError) => void {
  const warnOfError = createWarner(code);
  return ({ message, cause }) => warnOfError(cause instanceof Error ? `${message}: ${cause.message}` : message);
}

/** Of a store that is down its failures are told: this is for one that goes on, and for how long. */
function createStateWarner(): (health: StoreHealth) => void {
  const warnOfDegraded = createWarner('KAPACITOR_AUTH_STORE_DEGRADED');
  const warnOfGrace = createWarner('KAPACITOR_AUTH_STORE_DEGRADED');
  return ({ state, reason }) => {
    if (state === 'grace') {
      warnOfGrace(
        `the user store does not answer, and users in memory are served on for [auth] store-grace: ${reason}`,
      );
    } else if (state === 'degraded') {
      warnOfDegraded(`the user store answers, but not as it should: ${reason}`);
    }
  };
}

function createHashWarner(): (user: User) => void {
  const warnOfHash = createWarner('KAPACITOR_AUTH_HASH_REFUSED');
  return ({ name }) => {
    warnOfHash(
      `user ${JSON.stringify(name)} cannot log in: the stored hash is no bcrypt hash with a cost from 4 to 20. ` +
        'Give the user a new password. There may be others',
    );
  };
}

/** Once: it is about how the app is set up. */
function createProxyWarner(): (req: Request) => void {
  let hasWarned = false;
  return (req) => {
    const problem = hasWarned ? undefined : proxyProblem(req);
    if (problem === undefined) return;
    hasWarned = true;
    warn('KAPACITOR_AUTH_PROXY', problem);
  };
}
