import express, { type Request, type Response } from 'express';
import './api.js';
import type { Health, KapacitorAuth, KapacitorAuthEvents, Middleware } from './api.js';
import { AppEvents, checkListening, type ListenerArguments } from './app-events.js';
import { refuseExtra } from './argument-checks.js';
import { Authenticator } from './authentication/authenticator.js';
import { CredentialCache } from './authentication/credential-cache.js';
import { LoginThrottle } from './authentication/login-throttle.js';
import { PasswordHasher } from './authentication/password-hasher.js';
import { OwnChanges } from './authentication/rate-limiter.js';
import { KapacitorStrategy } from './authentication/strategy.js';
import { type Explanation, explain } from './authorization/decide.js';
import { ME_PATHS, USERS_PATHS } from './authorization/own-endpoints.js';
import { checkQuestion, readRequirement } from './authorization/questions.js';
import { readAllowedHosts } from './config/code.js';
import { AUTHENTICATION_IS_OFF, type KapacitorAuthConfig, requireUsers, resolveConfig } from './config/config.js';
import { absolutePath } from './config/path.js';
import { ConfigError } from './errors.js';
import { Guard, type Proceed } from './http/guard.js';
import { createMeRouter } from './http/me-router.js';
import { asMiddleware, isResponse, refuseRequest } from './http/middleware-call.js';
import { createProxyWarner } from './http/proxy.js';
import { createUsersRouter } from './http/users-router.js';
import { AuditLog } from './observe/audit-log.js';
import { onEveryEvent } from './observe/audit-sinks.js';
import { Metrics } from './observe/metrics.js';
import { mountOf } from './request/host.js';
import { completeRepository } from './stores/complete.js';
import { createRepository, noUsers } from './stores/create-repository.js';
import { SupervisedRepository } from './stores/supervised.js';
import type { Audit } from './users/audit-events.js';
import { adminCommand, FirstAdminSetup } from './users/first-admin.js';
import { PasswordPolicy, passwordRefusal } from './users/password-policy.js';
import type { UserRepository } from './users/repository.js';
import { ADMIN_USER, publicUser } from './users/user.js';
import { UserService } from './users/user-service.js';
import { createAdminWarner, createErrorWarner, createHashWarner, createStateWarner, warn } from './warnings.js';

/** What is in each path of this package's own endpoints. */
const OWN_PATH = /users|\/me(?:[/?#]|$)/i;

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
  ...extra: readonly never[]
): KapacitorAuth {
  if (isResponse(overrides)) {
    refuseRequest(overrides, 'kapacitorAuth makes the middleware: write app.use(kapacitorAuth())');
    return undefined as never;
  }
  refuseExtra('kapacitorAuth', 'a file or an object, and an object with what code says besides', extra);
  const file = typeof source === 'string' ? absolutePath(source, process.cwd()) : undefined;
  const { config, store, admin, warnings } = resolveConfig(source, overrides, process.env);
  for (const warning of warnings) warn('KAPACITOR_AUTH_CONFIG', warning);

  const { bcryptCost, hashingConcurrency, hashingQueue, refusedPasswords, minimumPasswordLength } = config.auth;
  // Without users nobody logs in or sets a password: neither the list nor the log is opened.
  const isRefused = config.auth.enabled && refusedPasswords ? passwordRefusal(refusedPasswords) : undefined;
  const policy = new PasswordPolicy({
    minimumLength: minimumPasswordLength,
    ...(isRefused && { isRefused }),
    onFailure: createErrorWarner('KAPACITOR_AUTH_PASSWORD_CHECK_FAILED'),
  });
  const auditLog =
    config.auth.enabled && config.auth.auditLog !== undefined ? new AuditLog(config.auth.auditLog) : undefined;
  const opened = !config.auth.enabled ? noUsers : typeof store === 'string' ? createRepository(store) : store;
  const events = new AppEvents<KapacitorAuthEvents>();
  const audit: Audit = (event, details) => {
    if (events.isHeard(event)) events.emit(event, ...([{ time: new Date(), ...details() }] as never));
  };
  const metrics = new Metrics({
    on: (event, listener) => events.on(event, listener as never),
    cacheCounts: () => authenticator.counts,
    queueLength: (isKnown) => hasher.queueLength(isKnown),
    health: () => supervised.health,
  });
  const warnOfState = createStateWarner();
  const supervised = new SupervisedRepository(opened, {
    grace: config.auth.storeGrace,
    onFailure: createErrorWarner('KAPACITOR_AUTH_STORE_UNAVAILABLE'),
    onWork: (work) => metrics.asked(work),
    onState: (health) => {
      warnOfState(health);
      events.emit('store-state', health);
      if (health.state === 'down') audit('store-unavailable', () => ({ reason: health.reason }));
    },
  });
  const repository = completeRepository(supervised);
  const hasher = new PasswordHasher(
    { cost: bcryptCost, concurrency: hashingConcurrency, maxQueue: hashingQueue },
    (work) => metrics.hashed(work),
  );
  const throttle = new LoginThrottle(config.auth);
  const cache = new CredentialCache(config.auth.cacheExpiration, throttle.isOn ? config.auth.failureWindow : 0);
  const ownChanges = new OwnChanges();
  const users = new UserService({ repository, hasher, policy, audit, ownChanges });
  const authenticator = new Authenticator({
    repository,
    hasher,
    cache,
    throttle,
    beforeLogin: () => adminSetup.beforeLogin(),
    onUnusableHash: createHashWarner(hasher.maxCost),
    audit,
  });
  const strategy = new KapacitorStrategy(authenticator, { ...config.http, audit });
  const onFailure = throttle.isOn ? createProxyWarner() : () => {};
  const guard = new Guard(authenticator, strategy, { ...config.http, onFailure, audit });
  const usersRouter = createUsersRouter(users, guard, audit);
  const ownApi = express.Router().use(USERS_PATHS, usersRouter).use(ME_PATHS, createMeRouter(guard));

  const proceed: Proceed = (user, req, res, next) =>
    // Most requests need not be routed: those that the routers take have this in their path.
    config.auth.enabled && OWN_PATH.test(req.url ?? '')
      ? routeOwn(user, req, res, next)
      : guard.authorize(user, req, res);
  const routeOwn: Proceed = (user, req, res, next) => {
    const { baseUrl } = req;
    // Without Express the links of the users would lack the path of the mount.
    req.baseUrl = mountOf(req);
    ownApi(req as Request, res as Response, (error?: unknown) =>
      guard.later(res, next, () => {
        if (baseUrl === undefined) delete req.baseUrl;
        else req.baseUrl = baseUrl;
        // To a host's `next` an error need not mean anything.
        if (error) throw error;
        return guard.authorize(user, req, res);
      }),
    );
    return false;
  };
  const middleware: Middleware = (req, res, next) => guard.identify(req, res, next, proceed);

  const adminSetup = new FirstAdminSetup({
    repository,
    hasher,
    policy,
    admin,
    onCreated: (name) => audit('user-created', () => ({ user: publicUser({ ...ADMIN_USER, name }) })),
    onMissing: () => {
      if (guard.authEnabled)
        warn(
          'KAPACITOR_AUTH_NO_ADMIN',
          `there is no admin, so nobody can manage users. To make one: ${adminCommand(file, storeOfFile(file), config.auth.store)}`,
        );
    },
    onFailure: createAdminWarner(),
  });
  const setUp = async () => {
    if (config.auth.enabled) await adminSetup.run();
  };
  const opening = supervised.open();
  const ready = opening.then(setUp);
  // A store may be opened later than at the start.
  opening.catch(setUp).catch(() => {});
  // Whoever waits for it is told; whoever does not has the answers of the requests.
  ready.catch(() => {});

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    adminSetup.close();
    supervised.close();
    authenticator.close();
    ownChanges.close();
    if (opened !== store) await opened.close?.();
    await auditLog?.close();
  };

  const auth: KapacitorAuth = Object.defineProperties(asMiddleware('auth', middleware), {
    usersRouter: { value: usersRouter },
    authenticate: { value: asMiddleware('auth.authenticate', guard.authenticate) },
    requireAdmin: { value: asMiddleware('auth.requireAdmin', guard.requireAdmin) },
    requirePrivilege: {
      value: (...given: readonly unknown[]) => {
        if (isResponse(given[1])) {
          refuseRequest(given[1], 'auth.requirePrivilege makes the middleware: write auth.requirePrivilege()');
          return undefined;
        }
        const { privilege, resource } = readRequirement(given);
        return asMiddleware('auth.requirePrivilege(…)', guard.requirePrivilege(privilege, resource));
      },
    },
    strategy: { value: strategy },
    users: { value: users },
    can: {
      value: (...asked: Parameters<KapacitorAuth['can']>): boolean => {
        checkQuestion('can', asked);
        const [user, method, path] = asked;
        return user !== null && user !== undefined && explain(user, method, path).allowed;
      },
    },
    explain: {
      value: (...asked: Parameters<KapacitorAuth['explain']>): Explanation => {
        checkQuestion('explain', asked);
        return explain(...asked);
      },
    },
    config: { value: config },
    ready: { value: ready },
    metrics: { value: metrics },
    health: { value: (): Health => ({ store: supervised.health }) },
    on: {
      value: (...given: ListenerArguments) => {
        checkListening('on', given);
        events.on(given[0], given[1]);
        return auth;
      },
    },
    off: {
      value: (...given: ListenerArguments) => {
        checkListening('off', given);
        events.off(given[0], given[1]);
        return auth;
      },
    },
    close: {
      value: (callback?: unknown) => {
        // Any other argument is that of an event: `process.on('SIGTERM', auth.close)`.
        if (typeof callback === 'function') throw new ConfigError('auth.close takes no callback: it returns a promise');
        closing ??= close();
        return closing;
      },
    },
    allowedHosts: {
      get: () => guard.allowedHosts,
      set: (hosts: unknown) => {
        guard.allowedHosts = readAllowedHosts(hosts);
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
        if (authEnabled) adminSetup.lookSoon();
      },
    },
  }) as KapacitorAuth;
  // `auth.authenabled = true` must not be silent.
  Object.preventExtensions(auth);
  if (auditLog !== undefined) onEveryEvent(auth, (event, details) => auditLog.write(event, details));
  return auth;
}

/** The store that the config file leads to without code and environment. Undefined if the file alone has a problem. */
function storeOfFile(file: string | undefined): string | UserRepository | undefined {
  if (file === undefined) return undefined;
  try {
    return resolveConfig(file, {}, {}).config.auth.store;
  } catch {
    return undefined;
  }
}
