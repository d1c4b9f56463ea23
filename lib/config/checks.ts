import { ConfigError } from '../errors.js';
import type { Choice } from './choice.js';
import type { Environment } from './environment.js';
import type { Problem } from './layer.js';
import type { ResolvedConfig } from './resolved.js';
import { AUTH_ENABLED, ENABLED, HASHING_CONCURRENCY } from './settings.js';
import { mostHashingThreads, threadPoolSize } from './thread-pool.js';

const NO_USERS =
  'authentication is on ([http] auth-enabled) while there are no users ([auth] enabled = false): ' +
  'write  enabled = true  below [auth], or set KAPACITOR_AUTH_ENABLED=true, or auth.enabled to true in code';

/**
 * Authentication without users would let nobody in, or, in Kapacitor, everybody.
 *
 * @throws {ConfigError} when there are none
 */
export function requireUsers(config: ResolvedConfig): void {
  if (!config.auth.enabled) throw new ConfigError(NO_USERS);
}

/** Whether there are no users, and that is what is wanted: nothing that has to do with them matters. */
export function isWithoutUsers({ http, auth }: ResolvedConfig, choice: Choice): boolean {
  return choice.isKnown(ENABLED) && choice.isKnown(AUTH_ENABLED) && !auth.enabled && !http.authEnabled;
}

/** What is wrong with settings that are right each for itself. It is not told of any that cannot be made out. */
export function problemsBetween({ http, auth }: ResolvedConfig, choice: Choice, environment: Environment): Problem[] {
  const problems: Problem[] = [];
  if (choice.isKnown(AUTH_ENABLED) && choice.isKnown(ENABLED) && http.authEnabled && !auth.enabled) {
    problems.push({ text: NO_USERS });
  }
  // With bcrypt in every thread the app could read no file while passwords are guessed.
  const most = mostHashingThreads(environment);
  if (choice.isKnown(HASHING_CONCURRENCY) && auth.hashingConcurrency > most) {
    problems.push({
      text:
        `[auth] hashing-concurrency must be at most ${most}, not ${auth.hashingConcurrency}: the thread pool of Node.js ` +
        `has the size ${threadPoolSize(environment)}, and must not be taken whole. To have more, set UV_THREADPOOL_SIZE`,
      setting: HASHING_CONCURRENCY,
    });
  }
  return problems;
}
