import { localScheme } from '../stores/address.js';
import type { Choice } from './choice.js';
import { type Environment, misspeltVariables } from './environment.js';
import type { ResolvedConfig } from './resolved.js';
import {
  ADMIN_PASSWORD,
  ADMIN_PASSWORD_FILE,
  ADMIN_USERNAME,
  AUTH_ENABLED,
  ENABLED,
  SHARED_SECRET,
  STORE,
  STORE_GRACE,
} from './settings.js';
import { threadPoolSize } from './thread-pool.js';

/** What the operator is told whenever it is. */
export const AUTHENTICATION_IS_OFF = 'authentication is off: every request runs as the admin ADMIN_USER';

/** What is allowed, and should be known. */
export function warningsFor(config: ResolvedConfig, choice: Choice, environment: Environment): string[] {
  const warnings = misspeltVariables(environment);
  if (choice.isKnown(AUTH_ENABLED) && !config.http.authEnabled) {
    warnings.push(
      `${AUTHENTICATION_IS_OFF}. To switch it on: [http] auth-enabled = true, ` +
        'KAPACITOR_HTTP_AUTH_ENABLED=true, or http.authEnabled: true in code',
    );
  }
  if (config.auth.enabled && threadPoolSize(environment) === 1) {
    warnings.push(
      'UV_THREADPOOL_SIZE leaves Node.js one thread: while a password is hashed, the app can read no file and look up ' +
        'no name. Set it to 2 or more, or unset it',
    );
  }
  if (choice.outcomes.get(SHARED_SECRET)?.value !== '') {
    warnings.push('[http] shared-secret is ignored: bearer tokens are not supported');
  }
  const localStore = localScheme(config.auth.store);
  if (config.auth.enabled && choice.isSet(STORE_GRACE) && choice.isKnown(STORE) && localStore !== undefined) {
    warnings.push(
      `[auth] store-grace has no effect with the store ${localStore} it says how long users are served on while ` +
        'PostgreSQL cannot be reached',
    );
  }
  const admin = [ADMIN_USERNAME, ADMIN_PASSWORD, ADMIN_PASSWORD_FILE].find((setting) => choice.isSet(setting));
  if (admin !== undefined && choice.isKnown(ENABLED) && !config.auth.enabled) {
    warnings.push(
      `${choice.placeOf(admin)?.subject}: there are no users ([auth] enabled = false), and no first admin is made`,
    );
  }
  return warnings;
}
