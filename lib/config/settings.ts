import { join } from 'node:path';
import { sqliteAddress } from '../stores/address.js';
import { DEFAULT_STORE_SETTINGS } from '../users/repository.js';
import { HTTP } from './http-settings.js';
import {
  booleanKind,
  durationKind,
  fileKind,
  folderKind,
  integerKind,
  passwordKind,
  refusedPasswordsKind,
  storeKind,
  userNameKind,
} from './kinds.js';
import type { ResolvedConfig } from './options.js';
import { defaultHashingThreads, defineSetting, defineSettings, type Setting, type Settings } from './setting.js';

interface AuthValues extends Omit<ResolvedConfig['auth'], 'admin'> {
  readonly adminUsername: string | undefined;
  readonly adminPassword: string | undefined;
  readonly adminPasswordFile: string | undefined;
}

/** The file of the default store where there is neither a config file nor a `data_dir`. Relative to the working directory. */
export const DEFAULT_STORE_FILE: string = join('.kapacitor-auth', 'users.db');

export const DATA_DIR: Setting<string | undefined> = defineSetting<string | undefined>('', 'data_dir', {
  kind: folderKind,
  default: ({ hasFile }) => (hasFile ? '~/.kapacitor' : undefined),
  property: false,
  uselessWhen: 'store-is-set',
  meaning: 'The folder that contains `auth/users.db` unless `store` is set.',
});

export const AUTH: Settings<AuthValues> = defineSettings<AuthValues>('auth', {
  enabled: {
    kind: booleanKind,
    default: ({ hasFile }) => !hasFile,
    mattersWithoutUsers: true,
    meaning: 'Whether there are users and a users API. `auth-enabled = true` without users is an error at start.',
  },
  cacheExpiration: {
    kind: durationKind,
    default: 600_000,
    synonyms: 'cache cache-expiry cache-expires cache-ttl cache-time expiration',
    meaning:
      'How long a verified password is not verified again. `0` verifies it each time. Changes of users are in force at once all the same.',
  },
  bcryptCost: {
    kind: integerKind(4, 20),
    default: 10,
    // Kapacitor's documentation has this one, and its code the other.
    alias: 'KAPACITOR_AUTH_BCRYPT',
    synonyms: 'bcrypt cost hash-cost bcrypt-rounds salt-rounds rounds',
    meaning:
      "The cost of password hashes. Each step doubles the time. A hash of another cost is replaced at the user's next login.",
  },
  minimumPasswordLength: {
    // No password has more than 72 bytes.
    kind: integerKind(0, 72),
    default: 8,
    synonyms: 'password-length password-min-length password-minimum-length min-length minimum-length',
    meaning: "The minimum number of characters in a new password. `0` is Kapacitor's rule.",
  },
  refusedPasswords: {
    kind: refusedPasswordsKind,
    default: undefined,
    synonyms: 'password-blacklist password-denylist forbidden-passwords banned-passwords common-passwords',
    meaning:
      'Passwords that nobody may choose: a file with one on each line or, in code, a `Set` or a function. See [Refused passwords](security.md#refused-passwords).',
  },
  failureLimit: {
    kind: integerKind(0, 1_000_000),
    default: 10,
    uselessWhen: 'failure-window-is-0',
    synonyms: 'max-failures max-attempts login-attempts max-login-attempts rate-limit',
    meaning:
      'How many logins as one user may fail from one address in a window. More get 429: see [Failed logins](security.md#failed-logins). Processes that share a store count together. `0` turns throttling off.',
  },
  failureWindow: {
    kind: durationKind,
    default: 600_000,
    uselessWhen: 'failure-limit-is-0',
    meaning: 'How long failures count. `0` turns throttling off.',
  },
  hashingConcurrency: {
    kind: integerKind(1, 1_023),
    default: ({ environment }) => defaultHashingThreads(environment),
    defaultText: 'cores or threads, whichever is fewer, less one',
    meaning:
      'How many passwords are hashed at once: at most one less than Node.js has threads (4, or `UV_THREADPOOL_SIZE`). See [Password hashing](operations.md#password-hashing).',
  },
  hashingQueue: {
    kind: integerKind(1, 100_000),
    default: 128,
    meaning: 'How many passwords wait to be hashed. More get 503.',
  },
  store: {
    kind: storeKind,
    default: ({ chosen }) => {
      const dataDir = chosen(DATA_DIR);
      return sqliteAddress(dataDir === undefined ? DEFAULT_STORE_FILE : join(dataDir, 'auth', 'users.db'));
    },
    defaultText: '`sqlite:DATA_DIR/auth/users.db` with a `data_dir`, else `sqlite:./.kapacitor-auth/users.db`',
    isSecret: true,
    synonyms: 'backend database db boltdb storage store-url user-store',
    meaning:
      'Where the users are: `sqlite:FILE`, `memory:`, `postgres://USER:PASSWORD@HOST/DATABASE` or, in code, a repository. See [Stores](stores.md).',
  },
  storeGrace: {
    kind: durationKind,
    default: DEFAULT_STORE_SETTINGS.grace,
    uselessWhen: 'store-is-local',
    meaning:
      'How long users in memory are served while [PostgreSQL](stores.md#when-the-database-fails) cannot be reached. Then requests get 503; with `0` at once.',
  },
  adminUsername: {
    kind: userNameKind,
    default: undefined,
    property: 'admin.name',
    synonyms: 'username user user-name login admin admin-user admin-name admin-login basic-auth-username',
    meaning: 'The name of [the first admin](#the-first-admin), who is made when the store has no admin.',
  },
  adminPassword: {
    kind: passwordKind,
    default: undefined,
    property: 'admin.password',
    isSecret: true,
    synonyms: 'password pass passwd pwd admin-pass admin-passwd basic-auth-password',
    meaning: "The first admin's password.",
  },
  adminPasswordFile: {
    kind: fileKind,
    default: undefined,
    property: 'admin.passwordFile',
    synonyms: 'password-file passwd-file admin-pass-file',
    meaning: "Instead of a password: a file that contains the first admin's password and nothing else.",
  },
  recordLogins: {
    kind: booleanKind,
    default: true,
    synonyms: 'last-login record-last-login logins track-logins record-login',
    meaning: 'Whether the store keeps when each user logged in last: see [The last login](accounts.md#the-last-login).',
  },
  auditLog: {
    kind: fileKind,
    default: undefined,
    synonyms: 'audit audit-file',
    meaning: 'The file that audit events are appended to, as JSON lines. See [Audit log](operations.md#audit-log).',
  },
});

/** A secret, and the setting that names a file with it instead. */
type SecretOrFile = readonly [secret: Setting, file: Setting];

export const ADMIN_PASSWORDS: SecretOrFile = [AUTH.adminPassword, AUTH.adminPasswordFile];
export const SHARED_SECRETS: SecretOrFile = [HTTP.sharedSecret, HTTP.sharedSecretFile];
/** Alternatives: the first layer that sets either one wins. */
export const SECRETS: readonly SecretOrFile[] = [ADMIN_PASSWORDS, SHARED_SECRETS];

/** All settings, in the order of the documentation and of reports. */
export const SETTINGS: readonly Setting[] = [
  ...Object.values<Setting>(HTTP),
  ...Object.values<Setting>(AUTH),
  DATA_DIR,
];
