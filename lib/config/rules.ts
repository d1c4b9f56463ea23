import { inWords } from '../argument-checks.js';
import { ConfigError } from '../errors.js';
import { localScheme } from '../stores/address.js';
import { missingSecretMethods } from '../users/secret.js';
import { HTTP } from './http-settings.js';
import type { Choice, Layer, Problem } from './layers.js';
import type { ResolvedConfig } from './options.js';
import { type Environment, mostHashingThreads, type Setting, threadPoolSize, type UselessWhen } from './setting.js';
import { ADMIN_PASSWORDS, AUTH, SECRETS } from './settings.js';
import { misspeltVariables } from './sources.js';
import { subjectOfSessions, usersPageProblems } from './users-page.js';

export const AUTHENTICATION_IS_OFF = 'authentication is off: every request runs as the admin ADMIN_USER';

const NO_USERS =
  'authentication is on ([http] auth-enabled) while there are no users ([auth] enabled = false): ' +
  'write  enabled = true  below [auth], or set KAPACITOR_AUTH_ENABLED=true, or auth.enabled to true in code';

/**
 * Authentication without users lets nobody in or, in Kapacitor, everybody.
 *
 * @throws {ConfigError} there are no users
 */
export function requireUsers(config: ResolvedConfig): void {
  if (!config.auth.enabled) throw new ConfigError(NO_USERS);
}

/** A configuration, and the places of its values. */
export interface Chosen {
  readonly config: ResolvedConfig;
  readonly choice: Choice;
}

/** Whether users are switched off on purpose. Settings about users do not matter then. */
export function isWithoutUsers({ config: { http, auth }, choice }: Chosen): boolean {
  return choice.isKnown(AUTH.enabled) && choice.isKnown(HTTP.authEnabled) && !auth.enabled && !http.authEnabled;
}

/** The problems between settings that are valid one by one. None follows from a setting whose value is not known. */
export function problemsBetween({ config: { http, auth }, choice }: Chosen, environment: Environment): Problem[] {
  const problems: Problem[] = [];
  if (choice.isKnown(HTTP.authEnabled) && choice.isKnown(AUTH.enabled) && http.authEnabled && !auth.enabled) {
    problems.push({ text: NO_USERS });
  }
  // With bcrypt in every thread the app could read no file while somebody guesses passwords.
  const most = mostHashingThreads(environment);
  if (choice.isKnown(AUTH.hashingConcurrency) && auth.hashingConcurrency > most) {
    problems.push({
      text:
        `[auth] hashing-concurrency must be at most ${most}, not ${auth.hashingConcurrency}: the thread pool of Node.js ` +
        `has ${threadPoolSize(environment)}, and one must stay free. To have more, set UV_THREADPOOL_SIZE`,
      setting: AUTH.hashingConcurrency,
    });
  }
  const missing = http.sessions === false || typeof auth.store === 'string' ? [] : missingSecretMethods(auth.store);
  if (missing.length > 0 && choice.isKnown(HTTP.sessions) && choice.isKnown(AUTH.store)) {
    problems.push({
      text: `${subjectOfSessions(choice, http)}: the repository in auth.store keeps no sessions: it lacks ${inWords(missing)}`,
      setting: HTTP.sessions,
    });
  }
  problems.push(...usersPageProblems(choice, http));
  return problems;
}

interface UselessRule {
  readonly reason: string;
  /** False where a setting that the rule depends on is not known. */
  readonly holds: (chosen: Chosen) => boolean;
}

/** The rules by which settings make another one useless. The table of settings says which rule each one has. */
const USELESS: Readonly<Record<UselessWhen, UselessRule>> = {
  'https-is-off': {
    reason: '[http] https-enabled is false',
    holds: ({ config, choice }) => choice.isKnown(HTTP.httpsEnabled) && config.http.https === undefined,
  },
  'failure-limit-is-0': {
    reason: '[auth] failure-limit is 0',
    holds: ({ config, choice }) => choice.isKnown(AUTH.failureLimit) && config.auth.failureLimit === 0,
  },
  'failure-window-is-0': {
    reason: '[auth] failure-window is 0',
    holds: ({ config, choice }) => choice.isKnown(AUTH.failureWindow) && config.auth.failureWindow === 0,
  },
  'store-is-set': {
    reason: '[auth] store says where the users are',
    holds: ({ choice }) => choice.isSet(AUTH.store),
  },
  'store-is-local': {
    reason: 'the users are not in PostgreSQL',
    holds: ({ config, choice }) => choice.isKnown(AUTH.store) && localScheme(config.auth.store) !== undefined,
  },
};

/** The problems of a configuration, sorted. */
interface Judgement {
  /** Problems that stop a start. */
  readonly problems: string[];
  /** Problems that cannot matter, each with the reason. */
  readonly warnings: string[];
}

/**
 * Sorts the problems of a configuration. A value that cannot matter, because its feature is off or something overrides
 * it, never stops a start: its layer forgives it.
 *
 * @param together the problems between settings
 * @param heeded settings that matter to the caller without users as well
 */
export function judge(
  layers: readonly Layer[],
  together: readonly Problem[],
  chosen: Chosen,
  heeded: readonly Setting[],
): Judgement {
  const judgement: Judgement = { problems: [], warnings: [] };
  const consider = ({ text, setting }: Problem, layer?: Layer): void => {
    const reason = setting && (whyOverridden(setting, layer, chosen.choice) ?? whyUseless(setting, chosen, heeded));
    if (setting === undefined || reason === undefined) {
      judgement.problems.push(text);
    } else {
      judgement.warnings.push(`${text} (ignored: ${reason})`);
      layer?.forgive(setting);
    }
  };
  for (const layer of layers) {
    for (const problem of layer.problems) consider(problem, layer);
  }
  for (const problem of together) consider(problem);
  return judgement;
}

function whyOverridden(setting: Setting, layer: Layer | undefined, choice: Choice): string | undefined {
  const alternatives = SECRETS.find((pair) => pair.includes(setting)) ?? [setting];
  const override = layer && choice.overrideOf(alternatives, layer);
  return override && `${override.subject} overrides it`;
}

function whyUseless(setting: Setting, chosen: Chosen, heeded: readonly Setting[]): string | undefined {
  const needsUsers = setting.mattersWithoutUsers !== true && !heeded.includes(setting);
  if (needsUsers && isWithoutUsers(chosen)) return '[auth] enabled is false';
  const rule = setting.uselessWhen && USELESS[setting.uselessWhen];
  return rule?.holds(chosen) ? rule.reason : undefined;
}

/** Warnings about a configuration that is allowed. */
export function warningsAbout({ config, choice }: Chosen, environment: Environment): string[] {
  const warnings = misspeltVariables(environment);
  if (choice.isKnown(HTTP.authEnabled) && !config.http.authEnabled) {
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
  const scheme = localScheme(config.auth.store);
  const isGraceSet = choice.isSet(AUTH.storeGrace);
  if (config.auth.enabled && isGraceSet && choice.isKnown(AUTH.store) && scheme !== undefined) {
    warnings.push(
      `[auth] store-grace has no effect with the store ${scheme} it is the time for which users are served while ` +
        'PostgreSQL cannot be reached',
    );
  }
  const admin = [AUTH.adminUsername, ...ADMIN_PASSWORDS].find((setting) => choice.isSet(setting));
  if (admin !== undefined && choice.isKnown(AUTH.enabled) && !config.auth.enabled) {
    warnings.push(
      `${choice.placeOf(admin)?.subject}: there are no users ([auth] enabled = false), and no first admin is made`,
    );
  }
  return warnings;
}
