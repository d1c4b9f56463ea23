import { join } from 'node:path';
import { ConfigError } from '../errors.js';
import type { RefusedPasswords } from '../users/refused-passwords.js';
import type { UserRepository } from '../users/repository.js';
import { DEFAULT_STORE_SETTINGS } from '../users/store-state.js';
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
import { withoutSecrets } from './store-url.js';
import { defaultHashingThreads, mostHashingThreads, threadPoolSize } from './thread-pool.js';

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
  /**
   * The cost of new password hashes, 4 to 20: each step doubles the time that one takes. Hashes of another cost are
   * replaced when their users log in. Defaults to 10.
   */
  readonly bcryptCost?: number | undefined;
  /** How many characters (code points) a new password must have at least, 0 to 72. Defaults to 8. */
  readonly minimumPasswordLength?: number | undefined;
  /**
   * Passwords that nobody may choose: a `Set`, the path of a file with one on each line, which is read at the start, or
   * a function that gets a password (in the form that is hashed: NFC) and says whether it is refused, such as a look-up
   * in a list of breached passwords. While the function throws, rejects or takes more than 5 seconds, no password can be
   * set. Defaults to none.
   */
  readonly refusedPasswords?: RefusedPasswords | undefined;
  /**
   * How many attempts to log in as one user may fail from one address (IPv6: from one /64) in a window; then come 429
   * and `Retry-After`. Ten times as many may fail from one address at all users together, and at one user from
   * everywhere: then that user gets one attempt more each `failureWindow / failureLimit`. Those two do not hold for an
   * address from which that user has logged in before. 0 throttles nothing. Defaults to 10.
   */
  readonly failureLimit?: number | undefined;
  /** How long failures count: `10m`, `1h30m`, or a number of milliseconds; 0 throttles nothing. Defaults to `10m`. */
  readonly failureWindow?: string | number | undefined;
  /**
   * How many passwords are hashed at once, in threads that files and DNS look-ups need as well: at most one less than
   * there are (4, or `UV_THREADPOOL_SIZE`). Defaults to that, or to one less than there are cores if that is less.
   */
  readonly hashingConcurrency?: number | undefined;
  /**
   * How many passwords wait to be hashed, 1 to 100,000: so many of strangers, and so many of those who have logged in
   * from the same address before and go first. The rest gets 503 and `Retry-After`, and so does who has waited for 3
   * seconds. Defaults to 128.
   */
  readonly hashingQueue?: number | undefined;
  /**
   * Where the users are: `lmdb:FOLDER` (relative to the working folder), `memory:`,
   * `postgres://USER:PASSWORD@HOST/DATABASE`, or a repository of the app's own. Defaults to `lmdb:./.kapacitor-auth`.
   */
  readonly store?: string | UserRepository | undefined;
  /**
   * How long users that this process has in memory are served on while PostgreSQL cannot be reached: `1m`, `1h30m`, or
   * a number of milliseconds. After it comes 503; with 0 at once. It has a meaning for `postgres://` and for
   * repositories of the app's own that heed it. Defaults to `1m`.
   */
  readonly storeGrace?: string | number | undefined;
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
    /** Code points. */
    readonly minimumPasswordLength: number;
    /** A path is absolute. */
    readonly refusedPasswords: RefusedPasswords | undefined;
    readonly failureLimit: number;
    /** Milliseconds. */
    readonly failureWindow: number;
    readonly hashingConcurrency: number;
    readonly hashingQueue: number;
    /**
     * `memory:`, `lmdb:` with an absolute path, a `postgres://` URL without its password and other secrets, or the app's
     * own repository.
     */
    readonly store: string | UserRepository;
    /** Milliseconds. */
    readonly storeGrace: number;
  };
}

/** What the operator is told whenever it is. */
export const AUTHENTICATION_IS_OFF = 'authentication is off: every request runs as the admin ADMIN_USER';

/** Kapacitor's. */
const DEFAULT_CERTIFICATE = '/etc/ssl/kapacitor.pem';

interface Resolution {
  readonly config: ResolvedConfig;
  /** What is to be opened: the store with its secrets, which the configuration leaves out because apps print it. */
  readonly store: string | UserRepository;
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
  const namedStore = chosen(STORE, defaultStore);
  const store =
    typeof namedStore === 'string'
      ? namedStore.replace(/^lmdb:(.*)/s, (_, path) => `lmdb:${absolute(STORE, path)}`)
      : namedStore;
  const refused = chosen<RefusedPasswords | undefined>(REFUSED_PASSWORDS, undefined);
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
      minimumPasswordLength: chosen(MINIMUM_PASSWORD_LENGTH, isFile ? 0 : 8),
      refusedPasswords: typeof refused === 'string' ? absolute(REFUSED_PASSWORDS, refused) : refused,
      failureLimit: chosen(FAILURE_LIMIT, 10),
      failureWindow: chosen(FAILURE_WINDOW, 600_000),
      hashingConcurrency: chosen(HASHING_CONCURRENCY, defaultHashingThreads(environment)),
      hashingQueue: chosen(HASHING_QUEUE, 128),
      store: typeof store === 'string' ? withoutSecrets(store) : store,
      storeGrace: chosen(STORE_GRACE, DEFAULT_STORE_SETTINGS.grace),
    },
  };
  if (config.http.authEnabled) requireUsers(config);
  requireFreeThread(config, environment);
  const isSet = { sharedSecret: chosen(SHARED_SECRET, '') !== '', storeGrace: layerWith(STORE_GRACE) !== undefined };
  return { config, store, warnings: warningsFor(config, environment, isSet) };
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

/**
 * With bcrypt in every thread the app could read no file while passwords are guessed.
 *
 * @throws {ConfigError} when none would be left
 */
function requireFreeThread({ auth }: ResolvedConfig, environment: Environment): void {
  const most = mostHashingThreads(environment);
  if (auth.hashingConcurrency <= most) return;
  throw new ConfigError(
    `[auth] hashing-concurrency must be at most ${most}, not ${auth.hashingConcurrency}: the thread pool of Node.js has ` +
      `the size ${threadPoolSize(environment)}, and must not be taken whole. To have more, set UV_THREADPOOL_SIZE`,
  );
}

function warningsFor(
  config: ResolvedConfig,
  environment: Environment,
  isSet: { readonly sharedSecret: boolean; readonly storeGrace: boolean },
): string[] {
  const warnings = misspeltVariables(environment);
  if (!config.http.authEnabled) {
    warnings.push(
      `${AUTHENTICATION_IS_OFF}. To switch it on: [http] auth-enabled = true, ` +
        'KAPACITOR_HTTP_AUTH_ENABLED=true, or http.authEnabled: true in code',
    );
  }
  if (threadPoolSize(environment) === 1) {
    warnings.push(
      'UV_THREADPOOL_SIZE leaves Node.js one thread: while a password is hashed, the app can read no file and look up ' +
        'no name. Set it to 2 or more, or unset it',
    );
  }
  if (isSet.sharedSecret) warnings.push('[http] shared-secret is ignored: bearer tokens are not supported');
  const { store } = config.auth;
  const localStore = typeof store === 'string' ? /^(?:lmdb|memory):/.exec(store)?.[0] : undefined;
  if (isSet.storeGrace && localStore !== undefined) {
    warnings.push(
      `[auth] store-grace has no effect with the store ${localStore} it says how long users are served on while ` +
        'PostgreSQL cannot be reached',
    );
  }
  return warnings;
}
