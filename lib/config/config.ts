import { join } from 'node:path';
import { ConfigError } from '../errors.js';
import { storeForDisplay } from '../safe-text.js';
import { sqliteAddress, sqliteFile } from '../stores/address.js';
import type { RefusedPasswords } from '../users/password-policy.js';
import type { UserRepository } from '../users/repository.js';
import { DEFAULT_STORE_SETTINGS } from '../users/repository.js';
import { adminProblems, chooseAdmin, firstAdmin } from './admin.js';
import { isWithoutUsers, problemsBetween } from './checks.js';
import { Choice } from './choice.js';
import { readCode } from './code.js';
import { type Environment, readEnvironment } from './environment.js';
import { readConfigFile } from './file.js';
import { Layer } from './layer.js';
import type { KapacitorAuthConfig } from './options.js';
import { judge } from './relevance.js';
import type { FirstAdmin, ResolvedConfig } from './resolved.js';
import {
  ALLOWED_HOSTS,
  AUDIT_LOG,
  AUTH_ENABLED,
  BCRYPT_COST,
  BIND_ADDRESS,
  CACHE_EXPIRATION,
  DATA_DIR,
  ENABLED,
  FAILURE_LIMIT,
  FAILURE_WINDOW,
  HASHING_CONCURRENCY,
  HASHING_QUEUE,
  HTTPS_CERTIFICATE,
  HTTPS_ENABLED,
  HTTPS_PRIVATE_KEY,
  MINIMUM_PASSWORD_LENGTH,
  QUERY_CREDENTIALS,
  REALM,
  REFUSED_PASSWORDS,
  type Setting,
  SHARED_SECRET,
  STORE,
  STORE_GRACE,
} from './settings.js';
import { defaultHashingThreads } from './thread-pool.js';
import { warningsFor } from './warnings.js';

export { requireUsers } from './checks.js';
export type { AdminConfig, AuthConfig, HttpConfig, KapacitorAuthConfig } from './options.js';
export type { FirstAdmin, ResolvedConfig } from './resolved.js';
export { AUTHENTICATION_IS_OFF } from './warnings.js';

/** Kapacitor's. */
const DEFAULT_CERTIFICATE = '/etc/ssl/kapacitor.pem';

interface Resolution {
  readonly config: ResolvedConfig;
  /** What is to be opened: the store with its secrets, which the configuration leaves out because apps print it. */
  readonly store: string | UserRepository;
  /** Who is to be made when the store has no admin, with a password, which the configuration leaves out as well. */
  readonly admin: FirstAdmin | undefined;
  /** What is allowed, and should be known. */
  readonly warnings: readonly string[];
}

/**
 * Puts the configuration together. Code comes before the environment, that before the file, and that before the
 * defaults. With a file these are Kapacitor's, except that new passwords have a minimum length; without one,
 * authentication is on.
 *
 * @param source the path of a config file, or the configuration itself
 * @param code what code says besides: it comes before `source`
 * @param heeded settings that matter to the caller while there are no users as well
 * @throws {ConfigError} with everything that is wrong, each with its place
 */
export function resolveConfig(
  source: string | KapacitorAuthConfig,
  code: KapacitorAuthConfig,
  environment: Environment,
  heeded: readonly Setting[] = [],
): Resolution {
  const { config, store, admin, warnings, problems, cause } = settle(source, code, environment, heeded);
  if (problems.length > 0) throw new ConfigError(problems.join('\n'), cause === undefined ? {} : { cause });
  return { config, store, admin, warnings };
}

/** What the configuration comes out as, whatever is wrong with it. */
export interface Settlement extends Resolution {
  /** Everything that is wrong, each with its place. */
  readonly problems: readonly string[];
  /** Why the file could not be read, if it could not. */
  readonly cause: unknown;
  /** Where each setting comes from. */
  readonly choice: Choice;
}

/** Does what {@link resolveConfig} does, and does not throw for what is wrong. A setting that is has its default. */
export function settle(
  source: string | KapacitorAuthConfig,
  code: KapacitorAuthConfig,
  environment: Environment,
  heeded: readonly Setting[] = [],
): Settlement {
  const isFile = typeof source === 'string';
  const { layers, file } = readLayers(source, code, environment);
  const choice = new Choice(layers, process.cwd());
  const chosenStore = chooseStore(choice, isFile);
  const chosenAdmin = chooseAdmin(choice);
  const https = chooseHttps(choice);
  const enabled = choice.choose(ENABLED, !isFile);
  const minimumPasswordLength = choice.choose(MINIMUM_PASSWORD_LENGTH, 8);
  const admin = enabled ? firstAdmin(chosenAdmin, minimumPasswordLength) : undefined;
  // It is not heeded: a warning and a report tell of it.
  choice.choose(SHARED_SECRET, '');
  const config: ResolvedConfig = {
    http: {
      authEnabled: choice.choose(AUTH_ENABLED, !isFile),
      queryCredentials: choice.choose(QUERY_CREDENTIALS, false),
      realm: choice.choose(REALM, 'Kapacitor'),
      allowedHosts: choice.choose(ALLOWED_HOSTS, undefined),
      bindAddress: choice.choose(BIND_ADDRESS, { host: undefined, port: 9092 }),
      https,
    },
    auth: {
      enabled,
      cacheExpiration: choice.choose(CACHE_EXPIRATION, 600_000),
      bcryptCost: choice.choose(BCRYPT_COST, 10),
      minimumPasswordLength,
      refusedPasswords: chooseRefusedPasswords(choice),
      failureLimit: choice.choose(FAILURE_LIMIT, 10),
      failureWindow: choice.choose(FAILURE_WINDOW, 600_000),
      hashingConcurrency: choice.choose(HASHING_CONCURRENCY, defaultHashingThreads(environment)),
      hashingQueue: choice.choose(HASHING_QUEUE, 128),
      store: chosenStore.shown,
      storeGrace: choice.choose(STORE_GRACE, DEFAULT_STORE_SETTINGS.grace),
      admin: admin && { name: admin.name },
      auditLog: choice.choosePath(AUDIT_LOG),
    },
  };
  const together = problemsBetween(config, choice, environment);
  const { problems, warnings } = judge(layers, together, { config, choice, heeded });
  if (!isWithoutUsers(config, choice)) problems.push(...adminProblems(chosenAdmin, choice, minimumPasswordLength));
  return {
    config,
    store: chosenStore.opened,
    admin,
    warnings: [...warnings, ...layers.flatMap((layer) => layer.warnings), ...warningsFor(config, choice, environment)],
    problems,
    cause: file.cause,
    choice,
  };
}

/** The strongest one comes first. */
function readLayers(
  source: string | KapacitorAuthConfig,
  code: KapacitorAuthConfig,
  environment: Environment,
): { layers: readonly Layer[]; file: Layer } {
  const folder = process.cwd();
  const isFile = typeof source === 'string';
  const file = isFile ? readConfigFile(source) : new Layer(folder);
  const inCode = [code, isFile ? {} : source].map((each) => readCode(each, folder));
  return { layers: [...inCode, readEnvironment(environment, folder), file], file };
}

function chooseStore(
  choice: Choice,
  isFile: boolean,
): { opened: string | UserRepository; shown: string | UserRepository } {
  const dataDir = choice.choosePath(DATA_DIR, isFile ? '~/.kapacitor' : undefined);
  const folder = dataDir === undefined ? '.kapacitor-auth' : join(dataDir, 'auth');
  const named = choice.choose(STORE, sqliteAddress(join(folder, 'users.db')));
  if (typeof named !== 'string') return { opened: named, shown: named };
  const file = sqliteFile(named);
  const opened = file === undefined ? named : sqliteAddress(choice.absolute(STORE, file));
  return { opened, shown: choice.settle(STORE, storeForDisplay(opened)) };
}

function chooseHttps(choice: Choice): ResolvedConfig['http']['https'] {
  const isEnabled = choice.choose(HTTPS_ENABLED, false);
  const certificate = choice.choose(HTTPS_CERTIFICATE, DEFAULT_CERTIFICATE);
  const privateKey = choice.settle(HTTPS_PRIVATE_KEY, choice.choose(HTTPS_PRIVATE_KEY, '') || certificate);
  return isEnabled ? { certificate, privateKey } : undefined;
}

function chooseRefusedPasswords(choice: Choice): RefusedPasswords | undefined {
  const refused = choice.choose(REFUSED_PASSWORDS, undefined);
  if (typeof refused !== 'string') return refused;
  return choice.settle(REFUSED_PASSWORDS, choice.absolute(REFUSED_PASSWORDS, refused));
}
