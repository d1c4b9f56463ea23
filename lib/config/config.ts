import { join } from 'node:path';
import { ConfigError } from '../errors.js';
import type { UserRepository } from '../users/repository.js';
import { readCode } from './code.js';
import { type Environment, misspeltVariables, readEnvironment } from './environment.js';
import { readConfigFile } from './file.js';
import type { BindAddress } from './kinds.js';
import { Layer } from './layer.js';
import { absolutePath } from './path.js';
import {
  AUTH_ENABLED,
  BCRYPT_COST,
  BIND_ADDRESS,
  CACHE_EXPIRATION,
  DATA_DIR,
  ENABLED,
  HTTPS_CERTIFICATE,
  HTTPS_ENABLED,
  HTTPS_PRIVATE_KEY,
  QUERY_CREDENTIALS,
  REALM,
  type Setting,
  SHARED_SECRET,
  STORE,
} from './settings.js';

/** The configuration in code. What is left out, or undefined, is the environment's to say, and has a default. */
export interface KapacitorAuthConfig {
  readonly http?: HttpConfig | undefined;
  readonly auth?: AuthConfig | undefined;
}

export interface HttpConfig {
  /** Whether a request needs credentials. While false each one runs as the admin ADMIN_USER. Defaults to true. */
  readonly authEnabled?: boolean | undefined;
  /** Whether `?u=NAME&p=PASSWORD` is taken as well; credentials in a URL end up in logs. Defaults to false. */
  readonly queryCredentials?: boolean | undefined;
  /** What the browser's dialog names. Defaults to `Kapacitor`. */
  readonly realm?: string | undefined;
}

export interface AuthConfig {
  /** Whether there are users and a users API. Defaults to true. */
  readonly enabled?: boolean | undefined;
  /**
   * How long a password that was verified is not verified again: `10m`, `1h30m`, or a number of milliseconds; 0
   * verifies it each time. A change of a user is in force at once all the same. Defaults to `10m`.
   */
  readonly cacheExpiration?: string | number | undefined;
  /** The cost of new password hashes, 4 to 20: each step doubles the time that one takes. Defaults to 10. */
  readonly bcryptCost?: number | undefined;
  /**
   * Where the users are: `lmdb:FOLDER` (relative to the working folder), `memory:`, or a repository of the app's own.
   * Defaults to `lmdb:./.kapacitor-auth`.
   */
  readonly store?: string | UserRepository | undefined;
}

/** The configuration as it came out of file, environment, code and defaults. */
export interface ResolvedConfig {
  readonly http: {
    readonly authEnabled: boolean;
    readonly queryCredentials: boolean;
    readonly realm: string;
    /** Where a server of the app's may listen; this package does not listen itself. */
    readonly bindAddress: BindAddress;
    /** The PEM files for a server of the app's that speaks TLS; undefined for one that does not. */
    readonly https: { readonly certificate: string; readonly privateKey: string } | undefined;
  };
  readonly auth: {
    readonly enabled: boolean;
    /** Milliseconds. */
    readonly cacheExpiration: number;
    readonly bcryptCost: number;
    /** `memory:`, `lmdb:` with an absolute path, or the app's own repository. */
    readonly store: string | UserRepository;
  };
}

/** What the operator is told whenever it is. */
export const AUTHENTICATION_IS_OFF = 'authentication is off: every request runs as the admin ADMIN_USER';

/** Kapacitor's. */
const DEFAULT_CERTIFICATE = '/etc/ssl/kapacitor.pem';

interface Resolution {
  readonly config: ResolvedConfig;
  /** What is allowed, and should be known. */
  readonly warnings: readonly string[];
}

/**
 * Puts the configuration together. Code comes before the environment, that before the file, and that before the
 * defaults, which are Kapacitor's where there is a file, and closed where there is none.
 *
 * @param source the path of a config file, or the configuration itself
 * @param code what code says besides: it comes before `source`
 * @throws {ConfigError} with everything that is wrong, each with its place
 */
export function resolveConfig(
  source: string | KapacitorAuthConfig,
  code: KapacitorAuthConfig,
  environment: Environment,
): Resolution {
  const isFile = typeof source === 'string';
  const workingFolder = process.cwd();
  const layers = [
    readCode(code, workingFolder),
    readCode(isFile ? {} : source, workingFolder),
    readEnvironment(environment, workingFolder),
    isFile ? readConfigFile(source) : new Layer(workingFolder),
  ];
  const problems = layers.flatMap((layer) => layer.problems);
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));

  const layerWith = (setting: Setting) => layers.find((layer) => layer.get(setting) !== undefined);
  const chosen = <T>(setting: Setting<T>, byDefault: T): T => layerWith(setting)?.get(setting) ?? byDefault;
  /** A path starts at the folder of the file that has it. */
  const absolute = (setting: Setting, path: string) => absolutePath(path, layerWith(setting)?.folder ?? workingFolder);

  const dataDir = chosen(DATA_DIR, isFile ? '~/.kapacitor' : '');
  const defaultStore = dataDir === '' ? 'lmdb:.kapacitor-auth' : `lmdb:${join(absolute(DATA_DIR, dataDir), 'auth')}`;
  const store = chosen(STORE, defaultStore);
  const certificate = chosen(HTTPS_CERTIFICATE, DEFAULT_CERTIFICATE);
  const config: ResolvedConfig = {
    http: {
      authEnabled: chosen(AUTH_ENABLED, !isFile),
      queryCredentials: chosen(QUERY_CREDENTIALS, false),
      realm: chosen(REALM, 'Kapacitor'),
      bindAddress: chosen(BIND_ADDRESS, { host: undefined, port: 9092 }),
      https: chosen(HTTPS_ENABLED, false)
        ? { certificate, privateKey: chosen(HTTPS_PRIVATE_KEY, '') || certificate }
        : undefined,
    },
    auth: {
      enabled: chosen(ENABLED, !isFile),
      cacheExpiration: chosen(CACHE_EXPIRATION, 600_000),
      bcryptCost: chosen(BCRYPT_COST, 10),
      store:
        typeof store === 'string' ? store.replace(/^lmdb:(.*)/s, (_, path) => `lmdb:${absolute(STORE, path)}`) : store,
    },
  };
  if (config.http.authEnabled) requireUsers(config);
  return { config, warnings: warningsFor(config, environment, chosen(SHARED_SECRET, '') !== '') };
}

/**
 * Authentication without users would let nobody in, or, in Kapacitor, everybody.
 *
 * @throws {ConfigError} when there are none
 */
export function requireUsers(config: ResolvedConfig): void {
  if (config.auth.enabled) return;
  throw new ConfigError(
    'authentication is on ([http] auth-enabled) while there are no users ([auth] enabled = false): ' +
      'write  enabled = true  below [auth], or set KAPACITOR_AUTH_ENABLED=true, or auth.enabled to true in code',
  );
}

function warningsFor(config: ResolvedConfig, environment: Environment, hasSharedSecret: boolean): string[] {
  const warnings = misspeltVariables(environment);
  if (!config.http.authEnabled) {
    warnings.push(
      `${AUTHENTICATION_IS_OFF}. To switch it on: [http] auth-enabled = true, ` +
        'KAPACITOR_HTTP_AUTH_ENABLED=true, or http.authEnabled: true in code',
    );
  }
  if (hasSharedSecret) warnings.push('[http] shared-secret is ignored: bearer tokens are not supported');
  return warnings;
}
