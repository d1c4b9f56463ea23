import {
  ADMIN_PASSWORD,
  ADMIN_PASSWORD_FILE,
  ADMIN_USERNAME,
  ALLOWED_HOSTS,
  AUDIT_LOG,
  AUTH_ENABLED,
  BCRYPT_COST,
  BIND_ADDRESS,
  CACHE_EXPIRATION,
  FAILURE_LIMIT,
  HTTPS_CERTIFICATE,
  HTTPS_ENABLED,
  HTTPS_PRIVATE_KEY,
  MINIMUM_PASSWORD_LENGTH,
  REALM,
  REFUSED_PASSWORDS,
  type Setting,
  SHARED_SECRET,
  STORE,
} from './settings.js';

/**
 * What people write for a setting whose own name looks different: words of other programs, and of Kapacitor's
 * documentation, which has `username` and `password` in `[http]`, and `bcrypt` in `[auth]`.
 */
const SYNONYMS: readonly (readonly [Setting, string])[] = [
  [ADMIN_USERNAME, 'username user user-name login admin admin-user admin-name admin-login basic-auth-username'],
  [ADMIN_PASSWORD, 'password pass passwd pwd admin-pass admin-passwd basic-auth-password'],
  [ADMIN_PASSWORD_FILE, 'password-file passwd-file admin-pass-file'],
  [AUTH_ENABLED, 'auth authentication authentication-enabled basic-auth basic-auth-enabled require-auth auth-required'],
  [BCRYPT_COST, 'bcrypt cost hash-cost bcrypt-rounds salt-rounds rounds'],
  [CACHE_EXPIRATION, 'cache cache-expiry cache-expires cache-ttl cache-time expiration'],
  [MINIMUM_PASSWORD_LENGTH, 'password-length password-min-length password-minimum-length min-length minimum-length'],
  [REFUSED_PASSWORDS, 'password-blacklist password-denylist forbidden-passwords banned-passwords common-passwords'],
  [FAILURE_LIMIT, 'max-failures max-attempts login-attempts max-login-attempts rate-limit'],
  [STORE, 'backend database db boltdb storage store-url user-store'],
  [AUDIT_LOG, 'audit audit-file'],
  [REALM, 'auth-realm basic-realm basic-auth-realm'],
  [ALLOWED_HOSTS, 'hosts allowed-hostnames allowed-host-names trusted-hosts'],
  [BIND_ADDRESS, 'bind port host address listen listen-address'],
  [HTTPS_ENABLED, 'https tls ssl tls-enabled ssl-enabled'],
  [HTTPS_CERTIFICATE, 'https-cert certificate cert tls-certificate tls-cert ssl-certificate ssl-cert'],
  [HTTPS_PRIVATE_KEY, 'https-key private-key key tls-private-key tls-key ssl-key'],
  [SHARED_SECRET, 'secret http-shared-secret jwt-secret jwt-shared-secret'],
];

const SETTING_OF: ReadonlyMap<string, Setting> = new Map(
  SYNONYMS.flatMap(([setting, words]) => words.split(' ').map((word) => [word, setting] as const)),
);

/** The setting that has another name and is meant by a word, however it is written: `user_name`, `userName`. */
export function settingCalled(word: string): Setting | undefined {
  const inFile = word.trim().replace(/(?<=[a-z\d])(?=[A-Z])/g, '-');
  return SETTING_OF.get(inFile.toLowerCase().replace(/[_\s]/g, '-'));
}
