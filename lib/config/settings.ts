import type { RefusedPasswords } from '../users/refused-passwords.js';
import type { UserRepository } from '../users/repository.js';
import {
  type BindAddress,
  bindAddress,
  boolean,
  duration,
  folder,
  integer,
  type Kind,
  realm,
  refusedPasswords,
  store,
  text,
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
  /** In code: `bcryptCost`; absent where code has no use for it. */
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
  DATA_DIR,
];

/** Kapacitor's connection to a meta server, which is not supported: only the empty values are taken. */
const META_KEYS: readonly string[] = [
  'meta-addr',
  'meta-username',
  'meta-password',
  'meta-internal-shared-secret',
  'meta-use-tls',
  'meta-ca',
  'meta-cert',
  'meta-key',
  'meta-insecure-skip-verify',
];

/** What Kapacitor has in these sections besides: nothing to do with who may get in, and left alone. */
const OTHER_KEYS: Readonly<Record<Section, readonly string[]>> = {
  '': [],
  auth: [],
  http: ['log-enabled', 'write-tracing', 'pprof-enabled', 'shutdown-timeout'],
};

export function isMetaKey(section: Section, key: string): boolean {
  return section === 'auth' && META_KEYS.includes(key);
}

/** `KAPACITOR_AUTH_META_ADDR` for `meta-addr`. */
export function metaVariables(): string[] {
  return META_KEYS.map((key) => variableOf('auth', key));
}

/** What may stand in a section of the file; of `''`, only what is ours. */
export function keysOf(section: Section): readonly string[] {
  return [...SETTINGS.filter((setting) => setting.section === section).map(({ key }) => key), ...OTHER_KEYS[section]];
}

/** What code may say in a section. */
export function propertiesOf(section: Section): readonly string[] {
  return SETTINGS.flatMap((setting) => (setting.section === section && setting.property ? [setting.property] : []));
}

/** Every environment variable of these sections. */
export function knownVariables(): string[] {
  const others = (['auth', 'http'] as const).flatMap((section) =>
    OTHER_KEYS[section].map((key) => variableOf(section, key)),
  );
  return [...SETTINGS.flatMap(({ variables }) => variables), ...metaVariables(), ...others];
}

function variableOf(section: Section, key: string): string {
  return `KAPACITOR_${section}_${key.replaceAll('-', '_')}`.toUpperCase();
}
