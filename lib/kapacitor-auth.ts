import type { KapacitorAuth } from './api.js';
import { AppEvents } from './app-events.js';
import { refuseExtra } from './argument-checks.js';
import { Authenticator } from './authentication/authenticator.js';
import { CredentialCache } from './authentication/credential-cache.js';
import { JsonWebTokens } from './authentication/json-web-tokens.js';
import { LoginRecorder } from './authentication/login-recorder.js';
import { LoginService } from './authentication/login-service.js';
import { LoginThrottle } from './authentication/login-throttle.js';
import { OwnChanges } from './authentication/own-changes.js';
import { PasswordDuty } from './authentication/password-duty.js';
import { SharedCounts } from './authentication/shared-counts.js';
import { KapacitorStrategy } from './authentication/strategy.js';
import { TokenAuthenticator } from './authentication/token-authenticator.js';
import { UsedCredentials } from './authentication/used-credentials.js';
import { AccessPolicy } from './authorization/access-policy.js';
import { resolveConfig, storeOfFile } from './config/config.js';
import type { KapacitorAuthConfig, ResolvedConfig } from './config/options.js';
import { absolutePath } from './config/text-file.js';
import { createEndpoints } from './endpoints.js';
import { exposeApi, type Parts } from './expose-api.js';
import { Guard } from './http/guard.js';
import type { GuardOptions } from './http/guard-options.js';
import { isResponse, refuseRequest } from './http/middleware-call.js';
import { createProxyWarner } from './http/proxy.js';
import { SignInChallenge } from './http/sign-in-challenge.js';
import { AuditLog } from './observe/audit-log.js';
import { onEveryEvent } from './observe/audit-sinks.js';
import { Metrics } from './observe/metrics.js';
import { requireRuntime } from './runtime.js';
import { createSecretManagement } from './secret-management.js';
import { SESSION_READER } from './sign-in.js';
import { createRepository, noUsers } from './stores/create-repository.js';
import type { SupervisedRepository } from './stores/supervised.js';
import { createPasswords, createUserManagement, type Passwords, type UserManagement } from './user-management.js';
import type { Audit, KapacitorAuthEvents } from './users/audit-events.js';
import { adminCommand, type FirstAdmin, FirstAdminSetup } from './users/first-admin.js';
import { PermissionNames } from './users/permissions.js';
import type { UserRepository } from './users/repository.js';
import { UndefinedPermissionsSearch } from './users/undefined-permissions.js';
import { ADMIN_USER, publicUser } from './users/user.js';
import {
  createAdminWarner,
  createErrorWarner,
  createHashWarner,
  createLimitsWarner,
  createStateWarner,
  warn,
} from './warnings.js';

/**
 * Creates a middleware for Express with Kapacitor's users, permissions and users API.
 *
 * @typeParam Own the names of the app's own permissions. They follow from the configuration in code. With a file alone, every
 *   name is accepted, and an unknown one is an error at run time
 * @param source the path of a `kapacitor.conf`, or the configuration itself. Environment variables (`KAPACITOR_…`) override
 *   a file, and code overrides both. Without a file, authentication is on unless it is switched off
 * @param overrides configuration in code that overrides `source`, such as a repository of the app's own
 * @throws {ConfigError} names the file, the line and the key of everything that is wrong with the configuration. Or the
 *   version of Node.js is not one of `engines` in package.json
 * @throws {StoreError} the store cannot be opened; names its place and the reason
 */
export function kapacitorAuth<const Own extends string = string>(
  source: string,
  overrides?: KapacitorAuthConfig,
): KapacitorAuth<Own>;
export function kapacitorAuth<const Own extends string = never, const Overriding extends string = never>(
  source?: KapacitorAuthConfig<Own>,
  overrides?: KapacitorAuthConfig<Overriding>,
): KapacitorAuth<Own | Overriding>;
export function kapacitorAuth(
  source: string | KapacitorAuthConfig = {},
  overrides: KapacitorAuthConfig = {},
  ...extra: readonly never[]
): KapacitorAuth<string> {
  if (isResponse(overrides)) {
    refuseRequest(overrides, 'kapacitorAuth makes the middleware: write app.use(kapacitorAuth())');
    return undefined as never;
  }
  requireRuntime();
  refuseExtra('kapacitorAuth', 'a file or an object, and an object that overrides it', extra);
  const file = typeof source === 'string' ? absolutePath(source, process.cwd()) : undefined;
  const { config, store, admin, readSharedSecret, warnings } = resolveConfig(source, overrides, process.env);
  const { secret, weakness } = (config.auth.enabled && readSharedSecret?.()) || {};
  for (const warning of [...warnings, weakness]) if (warning !== undefined) warn('KAPACITOR_AUTH_CONFIG', warning);
  const parts = assemble(config, { store, admin, sharedSecret: secret, file });
  const auth = exposeApi(parts);
  const { log } = parts;
  if (log !== undefined) onEveryEvent(auth, (event, details) => log.write(event, details));
  return auth;
}

interface Settings {
  readonly store: string | UserRepository;
  readonly admin: FirstAdmin | undefined;
  /** The secret of JSON Web Tokens. Undefined: none is accepted. */
  readonly sharedSecret: string | undefined;
  /** The path of the config file. */
  readonly file: string | undefined;
}

function assemble(
  config: ResolvedConfig,
  { store, sharedSecret, ...ofAdmin }: Settings,
): Parts & { readonly log: AuditLog | undefined } {
  const { http, auth, permissions } = config;
  const permissionNames = new PermissionNames(Object.keys(permissions));
  const hasSessions = auth.enabled && http.sessions !== false;
  const policy = policyFor(config, hasSessions);
  const events = new AppEvents<KapacitorAuthEvents>();
  const audit = auditTo(events);
  const metrics = new Metrics({
    on: (event, listener) => events.on(event, listener as never),
    cacheCounts: () => authenticator.counts,
    queueLength: (isKnown) => passwords.hasher.queueLength(isKnown),
    health: () => management.supervised.health,
  });
  const passwords = passwordsFor(auth, metrics);
  const log = auth.enabled && auth.auditLog !== undefined ? new AuditLog(auth.auditLog) : undefined;
  const opened = repositoryFor(auth, store);
  const ownChanges = new OwnChanges();
  const management = manage(opened, passwords, config, { events, audit, metrics, ownChanges, permissionNames });
  const { supervised, repository, users } = management;
  const throttle = new LoginThrottle(auth, opened.limits && new SharedCounts(opened.limits, createLimitsWarner()));
  const cache = new CredentialCache(auth.cacheExpiration, throttle.isOn ? auth.failureWindow : 0);
  const shared = { repository, cache, throttle, used: new UsedCredentials(), audit };
  const beforeLogin = () => adminSetup.beforeLogin();
  const secrets = createSecretManagement({ ...shared, permissionNames, sessions: http.sessions, beforeLogin });
  const tokens = sharedSecret === undefined ? undefined : new JsonWebTokens(sharedSecret);
  const authenticator = new Authenticator({
    ...shared,
    hasher: passwords.hasher,
    secrets: secrets.authenticator,
    tokens: tokens && new TokenAuthenticator({ ...shared, tokens, beforeLogin }),
    beforeLogin,
    onUnusableHash: createHashWarner(passwords.hasher.maxCost),
  });
  const recorder = auth.recordLogins && repository.logins ? new LoginRecorder(repository.logins) : undefined;
  const duty = new PasswordDuty(`${http.apiPath}/users`, hasSessions);
  const logins = new LoginService(authenticator, {
    ...http,
    sessions: hasSessions ? SESSION_READER : undefined,
    duty,
    recorder,
    audit,
  });
  const guard = new Guard(authenticator, logins, policy, guardOptions(http, { hasSessions, duty, throttle, audit }));
  const { keys, sessions } = secrets;
  const endpoints = createEndpoints(config, {
    ...{ users, keys, sessions, guard, logins, authenticator, audit, auditLog: log },
  });
  const adminSetup = setUpAdmin(config, ofAdmin, { repository, passwords, guard, audit });
  const ready = open(supervised, auth.enabled, adminSetup);
  const search = createSearch(management, permissionNames);
  if (auth.enabled) search.startAfter(ready);
  const close = async (): Promise<void> => {
    for (const each of [search, adminSetup, supervised, authenticator, logins, recorder, ownChanges, secrets])
      each?.close();
    // A repository of the app's own is the app's to close.
    if (opened !== store) await opened.close?.();
    await log?.close();
  };
  return {
    ...{ config, events, audit, metrics, supervised, users, keys, guard, logins, adminSetup, close, log },
    ...endpoints,
    strategy: new KapacitorStrategy(logins),
    ready,
  };
}

function auditTo(events: AppEvents<KapacitorAuthEvents>): Audit {
  return (event, details) => {
    if (events.isHeard(event)) events.emit(event, ...([{ time: new Date(), ...details() }] as never));
  };
}

interface GuardCircumstances {
  readonly hasSessions: boolean;
  readonly duty: PasswordDuty;
  readonly throttle: LoginThrottle;
  readonly audit: Audit;
}

function guardOptions(
  http: ResolvedConfig['http'],
  { hasSessions, duty, throttle, audit }: GuardCircumstances,
): GuardOptions {
  return {
    ...http,
    duty,
    signIn: hasSessions ? new SignInChallenge(http.apiPath) : undefined,
    onFailure: throttle.isOn ? createProxyWarner() : () => {},
    audit,
  };
}

function policyFor({ http, permissions }: ResolvedConfig, hasSessions: boolean) {
  const { apiPath, public: publicPaths, usersPage: hasUsersPage } = http;
  return new AccessPolicy({ permissions, apiPath, publicPaths, hasSessions, hasUsersPage });
}

/** Without users there is nothing to open. */
function repositoryFor({ enabled }: ResolvedConfig['auth'], store: string | UserRepository): UserRepository {
  if (!enabled) return noUsers;
  return typeof store === 'string' ? createRepository(store) : store;
}

function passwordsFor(auth: ResolvedConfig['auth'], metrics: Metrics): Passwords {
  const { enabled, refusedPasswords, hashingConcurrency, hashingQueue } = auth;
  return createPasswords(
    // Without users there are no new passwords, so the file is not read.
    { ...auth, refusedPasswords: enabled ? refusedPasswords : undefined },
    {
      budget: { concurrency: hashingConcurrency, maxQueue: hashingQueue },
      onCheckFailure: createErrorWarner('KAPACITOR_AUTH_PASSWORD_CHECK_FAILED'),
      onWork: (work) => metrics.hashed(work),
    },
  );
}

function manage(
  opened: UserRepository,
  passwords: Passwords,
  { auth: { storeGrace } }: ResolvedConfig,
  {
    events,
    audit,
    metrics,
    ownChanges,
    permissionNames,
  }: Pick<Parts, 'events' | 'audit' | 'metrics'> & { ownChanges: OwnChanges; permissionNames: PermissionNames },
): UserManagement {
  const warnOfState = createStateWarner();
  const supervision = {
    grace: storeGrace,
    onFailure: createErrorWarner('KAPACITOR_AUTH_STORE_UNAVAILABLE'),
    onWork: metrics.asked.bind(metrics),
    onState: (health: SupervisedRepository['health']) => {
      warnOfState(health);
      events.emit('store-state', health);
      if (health.state === 'down') audit('store-unavailable', () => ({ reason: health.reason }));
    },
  };
  return createUserManagement(opened, passwords, supervision, {
    audit,
    ownChanges,
    permissionNames,
  });
}

function setUpAdmin(
  { auth }: ResolvedConfig,
  { admin, file }: Pick<Settings, 'admin' | 'file'>,
  {
    repository,
    passwords,
    guard,
    audit,
  }: Pick<UserManagement, 'repository'> & Pick<Parts, 'guard' | 'audit'> & { passwords: Passwords },
): FirstAdminSetup {
  return new FirstAdminSetup({
    repository,
    ...passwords,
    admin,
    onCreated: (name) => audit('user-created', () => ({ user: publicUser({ ...ADMIN_USER, name }) })),
    onMissing: () => {
      if (!guard.authEnabled) return;
      const command = adminCommand(file, storeOfFile(file), auth.store);
      warn('KAPACITOR_AUTH_NO_ADMIN', `there is no admin, so nobody can manage users. To make one: ${command}`);
    },
    onFailure: createAdminWarner(),
  });
}

function createSearch({ repository, supervised }: UserManagement, names: PermissionNames): UndefinedPermissionsSearch {
  return new UndefinedPermissionsSearch({
    repository,
    names,
    isAnswering: () => ['up', 'degraded'].includes(supervised.health.state),
    onFound: (warning) => warn('KAPACITOR_AUTH_UNDEFINED_PERMISSION', warning),
  });
}

function open(supervised: SupervisedRepository, hasUsers: boolean, adminSetup: FirstAdminSetup): Promise<void> {
  const setUp = async () => {
    if (hasUsers) await adminSetup.run();
  };
  const opening = supervised.open();
  const ready = opening.then(setUp);
  // A store that cannot be opened at the start may open later.
  opening.catch(setUp).catch(() => {});
  // An app need not wait for `ready`: requests get 503 meanwhile.
  ready.catch(() => {});
  return ready;
}
