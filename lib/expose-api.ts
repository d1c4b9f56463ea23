import type { Router } from 'express';
import type { Health, KapacitorAuth } from './api.js';
import { type AppEvents, checkListening, type ListenerArguments } from './app-events.js';
import { refuseExtra } from './argument-checks.js';
import type { LoginService } from './authentication/login-service.js';
import { Principal } from './authentication/principal.js';
import type { KapacitorStrategy } from './authentication/strategy.js';
import type { Credential } from './authentication/used-credentials.js';
import { readVerification } from './authentication/verify-call.js';
import { type Explanation, explain } from './authorization/explain.js';
import { checkQuestion, readRequirement } from './authorization/questions.js';
import type { ResolvedConfig } from './config/options.js';
import { AUTHENTICATION_IS_OFF, requireUsers } from './config/rules.js';
import { readAllowedHosts } from './config/sources.js';
import { ConfigError } from './errors.js';
import type { Guard } from './http/guard.js';
import { asMiddleware, isResponse, refuseRequest } from './http/middleware-call.js';
import { authorizeUpgrade } from './http/upgrade.js';
import { isSocket, readUpgrade } from './http/upgrade-call.js';
import type { Metrics } from './observe/metrics.js';
import { isRequest } from './request/client-address.js';
import type { Middleware } from './request/host.js';
import type { SupervisedRepository } from './stores/supervised.js';
import type { Audit, KapacitorAuthEvents } from './users/audit-events.js';
import type { FirstAdminSetup } from './users/first-admin.js';
import type { KeyService } from './users/key-service.js';
import { ADMIN_USER, type User } from './users/user.js';
import type { UserService } from './users/user-service.js';
import { warn } from './warnings.js';

/** The parts that the public object consists of. */
export interface Parts {
  readonly config: ResolvedConfig;
  readonly events: AppEvents<KapacitorAuthEvents>;
  readonly audit: Audit;
  readonly metrics: Metrics;
  readonly supervised: SupervisedRepository;
  readonly users: UserService;
  readonly keys: KeyService;
  readonly guard: Guard;
  readonly logins: LoginService;
  readonly strategy: KapacitorStrategy;
  readonly usersRouter: Router;
  readonly usersPage: Middleware;
  readonly middleware: Middleware;
  readonly adminSetup: FirstAdminSetup;
  readonly ready: Promise<void>;
  readonly close: () => Promise<void>;
}

/** Makes the object that `kapacitorAuth()` returns: the middleware with its parts as properties. */
export function exposeApi(parts: Parts): KapacitorAuth {
  const { config, guard, keys, metrics, ready, strategy, supervised, users, usersRouter } = parts;
  const auth: KapacitorAuth = Object.defineProperties(asMiddleware('auth', parts.middleware), {
    ...values({ config, keys, metrics, ready, strategy, users, usersRouter }),
    ...values({
      authenticate: asMiddleware('auth.authenticate', guard.authenticate),
      usersPage: asMiddleware('auth.usersPage', parts.usersPage),
      optional: asMiddleware('auth.optional', guard.optional),
      requireAdmin: asMiddleware('auth.requireAdmin', guard.requireAdmin),
      requirePrivilege: (...given: readonly unknown[]) => requirePrivilege(parts, given),
      can: (...asked: Parameters<KapacitorAuth['can']>) => can(parts, asked),
      explain: (...asked: Parameters<KapacitorAuth['explain']>) => explainChecked(parts, asked),
      credentialOf: (...given: Parameters<KapacitorAuth['credentialOf']>) => credentialOf(parts, given),
      verify: (...given: Parameters<KapacitorAuth['verify']>) => verifyChecked(parts, given),
      authorizeUpgrade: (...given: Parameters<KapacitorAuth['authorizeUpgrade']>) => authorizeChecked(parts, given),
      health: (): Health => ({ store: supervised.health }),
      on: listening('on', parts, () => auth),
      off: listening('off', parts, () => auth),
      close: closeOnce(parts),
    }),
    allowedHosts: {
      get: () => guard.hosts.hosts,
      set: (hosts: unknown) => {
        guard.hosts.hosts = readAllowedHosts(hosts);
      },
    },
    authEnabled: { get: () => guard.authEnabled, set: (value: unknown) => switchAuthentication(parts, value) },
  }) as KapacitorAuth;
  // A misspelt `auth.authenabled = true` must not be silent.
  return Object.preventExtensions(auth);
}

function values(properties: Readonly<Record<string, unknown>>): PropertyDescriptorMap {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, { value }]));
}

function requirePrivilege({ guard }: Parts, given: readonly unknown[]): Middleware | undefined {
  if (isResponse(given[1])) {
    refuseRequest(given[1], 'auth.requirePrivilege makes the middleware: write auth.requirePrivilege()');
    return undefined;
  }
  const { privilege, resource } = readRequirement(given, guard.policy);
  return asMiddleware('auth.requirePrivilege(…)', guard.requirePrivilege(privilege, resource));
}

function can({ guard }: Parts, asked: Parameters<KapacitorAuth['can']>): boolean {
  checkQuestion('can', asked);
  const [user, method, path] = asked;
  if (user === null || user === undefined) return guard.policy.isPublic(method, path);
  return guard.policy.decide(user, method, path).allowed;
}

function explainChecked({ guard }: Parts, asked: Parameters<KapacitorAuth['explain']>): Explanation {
  checkQuestion('explain', asked);
  return explain(guard.policy, ...asked);
}

function credentialOf(
  { guard }: Parts,
  [req, ...extra]: Parameters<KapacitorAuth['credentialOf']>,
): Credential | undefined {
  refuseExtra('auth.credentialOf', 'a request', extra);
  if (!isRequest(req)) throw new ConfigError('auth.credentialOf takes a request: write auth.credentialOf(req)');
  const user = Principal.userOf(req);
  return user && guard.credentialOf(user);
}

async function verifyChecked(
  { guard, logins }: Parts,
  given: Parameters<KapacitorAuth['verify']>,
): Promise<User | undefined> {
  const verification = readVerification(given);
  return guard.authEnabled ? logins.verify(verification) : ADMIN_USER;
}

async function authorizeChecked(
  { guard }: Parts,
  given: Parameters<KapacitorAuth['authorizeUpgrade']>,
): Promise<User | undefined> {
  const [req, socket] = given;
  if (isResponse(socket)) {
    refuseRequest(
      socket,
      "auth.authorizeUpgrade is no middleware: write server.on('upgrade', async (req, socket) => …)",
    );
    return undefined;
  }
  try {
    return await authorizeUpgrade(guard, req, socket, readUpgrade(given));
  } catch (mistake) {
    // Nobody else would close the connection.
    if (isSocket(socket)) socket.destroy();
    throw mistake;
  }
}

function listening(call: 'on' | 'off', { events }: Parts, self: () => KapacitorAuth) {
  return (...given: ListenerArguments): KapacitorAuth => {
    checkListening(call, given);
    events[call](given[0], given[1]);
    return self();
  };
}

function closeOnce({ close }: Parts): (callback?: unknown) => Promise<void> {
  let closing: Promise<void> | undefined;
  return (callback) => {
    // Any other argument is that of an event: `process.on('SIGTERM', auth.close)`.
    if (typeof callback === 'function') throw new ConfigError('auth.close takes no callback: it returns a promise');
    closing ??= close();
    return closing;
  };
}

function switchAuthentication({ config, guard, audit, adminSetup }: Parts, authEnabled: unknown): void {
  if (typeof authEnabled !== 'boolean') throw new ConfigError('authEnabled must be true or false');
  if (authEnabled) requireUsers(config);
  else warn('KAPACITOR_AUTH_CONFIG', AUTHENTICATION_IS_OFF);
  if (authEnabled !== guard.authEnabled) audit('authentication-switched', () => ({ authEnabled }));
  guard.authEnabled = authEnabled;
  if (authEnabled) adminSetup.lookSoon();
}
