import type { RefusedPasswords } from '../users/password-policy.js';
import type { UserRepository } from '../users/repository.js';
import {
  type BindAddress,
  bindAddress,
  boolean,
  duration,
  file,
  folder,
  hosts,
  integer,
  type Kind,
  password,
  realm,
  refusedPasswords,
  store,
  text,
  userName,
} from './kinds.js';

/** The sections of Kapacitor's config file that are ours; `''` is what stands before any section. */
export type Section = '' | 'auth' | 'http';

/** Those that have a name. */
export const SECTIONS: readonly ['http', 'auth'] = ['http', 'auth'];

/** One setting in each of its vocabularies. */
export interface Setting<T = unknown> {
  readonly section: Section;
  /** In the file: `bcrypt-cost`. */
  readonly key: string;
  /** In code: `bcryptCost`, or `admin.name` in an object of its own; absent where code has no use for it. */
  readonly property?: string;
  /** In the environment; the first one is the one that messages name. */
  readonly variables: readonly string[];
  readonly kind: Kind<T>;
  /** Set where a value may hold a password, and is not to be repeated. */
  readonly isSecret?: boolean;
}

export const AUTH_ENABLED: Setting<boolean> = {
  section: 'http',
  key: 'auth-enabled',
  property: 'authEnabled',
  variables: ['KAPACITOR_HTTP_AUTH_ENABLED'],
  kind: boolean,
};

export const QUERY_CREDENTIALS: Setting<boolean> = {
  section: 'http',
  key: 'query-credentials',
  property: 'queryCredentials',
  variables: ['KAPACITOR_HTTP_QUERY_CREDENTIALS'],
  kind: boolean,
};

export const REALM: Setting<string> = {
  section: 'http',
  key: 'realm',
  property: 'realm',
  variables: ['KAPACITOR_HTTP_REALM'],
  kind: realm,
};

export const BIND_ADDRESS: Setting<BindAddress> = {
  section: 'http',
  key: 'bind-address',
  variables: ['KAPACITOR_HTTP_BIND_ADDRESS'],
  kind: bindAddress,
};

export const HTTPS_ENABLED: Setting<boolean> = {
  section: 'http',
  key: 'https-enabled',
  variables: ['KAPACITOR_HTTP_HTTPS_ENABLED'],
  kind: boolean,
};

export const HTTPS_CERTIFICATE: Setting<string> = {
  section: 'http',
  key: 'https-certificate',
  variables: ['KAPACITOR_HTTP_HTTPS_CERTIFICATE'],
  kind: text,
};

export const HTTPS_PRIVATE_KEY: Setting<string> = {
  section: 'http',
  key: 'https-private-key',
  variables: ['KAPACITOR_HTTP_HTTPS_PRIVATE_KEY'],
  kind: text,
};

export const ALLOWED_HOSTS: Setting<readonly string[]> = {
  section: 'http',
  key: 'allowed-hosts',
  property: 'allowedHosts',
  variables: ['KAPACITOR_HTTP_ALLOWED_HOSTS'],
  kind: hosts,
};

export const SHARED_SECRET: Setting<string> = {
  section: 'http',
  key: 'shared-secret',
  variables: ['KAPACITOR_HTTP_SHARED_SECRET'],
  kind: text,
  isSecret: true,
};

export const ENABLED: Setting<boolean> = {
  section: 'auth',
  key: 'enabled',
  property: 'enabled',
  variables: ['KAPACITOR_AUTH_ENABLED'],
  kind: boolean,
};

export const CACHE_EXPIRATION: Setting<number> = {
  section: 'auth',
  key: 'cache-expiration',
  property: 'cacheExpiration',
  variables: ['KAPACITOR_AUTH_CACHE_EXPIRATION'],
  kind: duration,
};

export const BCRYPT_COST: Setting<number> = {
  section: 'auth',
  key: 'bcrypt-cost',
  property: 'bcryptCost',
  // The documentation of Kapacitor has the second one, its code the first.
  variables: ['KAPACITOR_AUTH_BCRYPT_COST', 'KAPACITOR_AUTH_BCRYPT'],
  kind: integer(4, 20),
};

export const MINIMUM_PASSWORD_LENGTH: Setting<number> = {
  section: 'auth',
  key: 'minimum-password-length',
  property: 'minimumPasswordLength',
  variables: ['KAPACITOR_AUTH_MINIMUM_PASSWORD_LENGTH'],
  // No password has more than 72 bytes.
  kind: integer(0, 72),
};

export const REFUSED_PASSWORDS: Setting<RefusedPasswords> = {
  section: 'auth',
  key: 'refused-passwords',
  property: 'refusedPasswords',
  variables: ['KAPACITOR_AUTH_REFUSED_PASSWORDS'],
  kind: refusedPasswords,
};

export const FAILURE_LIMIT: Setting<number> = {
  section: 'auth',
  key: 'failure-limit',
  property: 'failureLimit',
  variables: ['KAPACITOR_AUTH_FAILURE_LIMIT'],
  kind: integer(0, 1_000_000),
};

export const FAILURE_WINDOW: Setting<number> = {
  section: 'auth',
  key: 'failure-window',
  property: 'failureWindow',
  variables: ['KAPACITOR_AUTH_FAILURE_WINDOW'],
  kind: duration,
};

export const HASHING_CONCURRENCY: Setting<number> = {
  section: 'auth',
  key: 'hashing-concurrency',
  property: 'hashingConcurrency',
  variables: ['KAPACITOR_AUTH_HASHING_CONCURRENCY'],
  kind: integer(1, 1_023),
};

export const HASHING_QUEUE: Setting<number> = {
  section: 'auth',
  key: 'hashing-queue',
  property: 'hashingQueue',
  variables: ['KAPACITOR_AUTH_HASHING_QUEUE'],
  kind: integer(1, 100_000),
};

export const STORE: Setting<string | UserRepository> = {
  section: 'auth',
  key: 'store',
  property: 'store',
  variables: ['KAPACITOR_AUTH_STORE'],
  kind: store,
  isSecret: true,
};

export const STORE_GRACE: Setting<number> = {
  section: 'auth',
  key: 'store-grace',
  property: 'storeGrace',
  variables: ['KAPACITOR_AUTH_STORE_GRACE'],
  kind: duration,
};

export const ADMIN_USERNAME: Setting<string> = {
  section: 'auth',
  key: 'admin-username',
  property: 'admin.name',
  variables: ['KAPACITOR_AUTH_ADMIN_USERNAME'],
  kind: userName,
};

export const ADMIN_PASSWORD: Setting<string> = {
  section: 'auth',
  key: 'admin-password',
  property: 'admin.password',
  variables: ['KAPACITOR_AUTH_ADMIN_PASSWORD'],
  kind: password,
  isSecret: true,
};

export const ADMIN_PASSWORD_FILE: Setting<string> = {
  section: 'auth',
  key: 'admin-password-file',
  property: 'admin.passwordFile',
  variables: ['KAPACITOR_AUTH_ADMIN_PASSWORD_FILE'],
  kind: file,
};

/** Either stands for the other. */
export const ADMIN_PASSWORDS: readonly Setting[] = [ADMIN_PASSWORD, ADMIN_PASSWORD_FILE];

export const AUDIT_LOG: Setting<string> = {
  section: 'auth',
  key: 'audit-log',
  property: 'auditLog',
  variables: ['KAPACITOR_AUTH_AUDIT_LOG'],
  kind: file,
};

export const DATA_DIR: Setting<string> = {
  section: '',
  key: 'data_dir',
  variables: ['KAPACITOR_DATA_DIR'],
  kind: folder,
};

export const SETTINGS: readonly Setting[] = [
  AUTH_ENABLED,
  QUERY_CREDENTIALS,
  REALM,
  ALLOWED_HOSTS,
  BIND_ADDRESS,
  HTTPS_ENABLED,
  HTTPS_CERTIFICATE,
  HTTPS_PRIVATE_KEY,
  SHARED_SECRET,
  ENABLED,
  CACHE_EXPIRATION,
  BCRYPT_COST,
  MINIMUM_PASSWORD_LENGTH,
  REFUSED_PASSWORDS,
  FAILURE_LIMIT,
  FAILURE_WINDOW,
  HASHING_CONCURRENCY,
  HASHING_QUEUE,
  STORE,
  STORE_GRACE,
  ADMIN_USERNAME,
  ADMIN_PASSWORD,
  ADMIN_PASSWORD_FILE,
  AUDIT_LOG,
  DATA_DIR,
];
