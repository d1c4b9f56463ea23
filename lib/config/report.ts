import { ConfigError } from '../errors.js';
import { isPostgresUrl, parseStoreUrl } from '../stores/postgres/url.js';
import { passwordRefusal } from '../users/password-policy.js';
import { passwordFileProblem } from './admin.js';
import { type Settlement, settle } from './config.js';
import { HTTP } from './http-settings.js';
import type { Outcome } from './layers.js';
import { isWithoutUsers } from './rules.js';
import { type Environment, PERMISSIONS_SECTION, type Section, type Setting } from './setting.js';
import { AUTH, SETTINGS } from './settings.js';
import { whyUnreadable } from './text-file.js';

/** The result of checking a configuration. It contains no password. */
export interface ConfigReport {
  /** The reasons why the app would not start, each with its place. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** The settings that are known. A setting that a problem is about is left out. */
  readonly settings: readonly ReportedSetting[];
}

interface ReportedSetting {
  readonly section: Section;
  readonly key: string;
  /** In the config file's notation, or `(secret)`, or `(none)`. */
  readonly value: string;
  /** `/etc/kapacitor/kapacitor.conf, line 12`, `KAPACITOR_AUTH_BCRYPT_COST`, or `default`. */
  readonly from: string;
}

/**
 * Checks a config file, or the environment alone without one: finds everything that is wrong at once, and the value and
 * the source of each setting. It reads files, opens no store, makes nothing, and does not throw for a problem.
 */
export function checkConfig(path: string | undefined, environment: Environment): ConfigReport {
  const settlement = settle(path ?? {}, {}, environment);
  return {
    problems: [...settlement.problems, ...problemsAtStart(settlement)],
    warnings: [...settlement.warnings, ...warningsAtStart(settlement)],
    settings: [...SETTINGS, ...settlement.permissionSettings].flatMap((setting) => reported(setting, settlement)),
  };
}

/** The other problems that would stop a start. */
function problemsAtStart(settlement: Settlement): string[] {
  const { config, store, readSharedSecret, choice } = settlement;
  const { refusedPasswords } = config.auth;
  const problems: string[] = [];
  const attempt = (subject: string | undefined, start: () => unknown): void => {
    try {
      start();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(`${subject}: ${error.message}`);
    }
  };
  if (isWithoutUsers(settlement)) return problems;
  if (choice.isKnown(AUTH.refusedPasswords) && typeof refusedPasswords === 'string') {
    attempt(choice.placeOf(AUTH.refusedPasswords)?.from, () => passwordRefusal(refusedPasswords));
  }
  if (choice.isKnown(AUTH.store) && typeof store === 'string' && isPostgresUrl(store)) {
    attempt(choice.placeOf(AUTH.store)?.subject, () => parseStoreUrl(store));
  }
  attempt(choice.placeOf(HTTP.sharedSecretFile)?.from, () => readSharedSecret?.());
  return problems;
}

/** Weak secrets, and problems with files that the app reads itself or that are read only when there is no admin. */
function warningsAtStart(settlement: Settlement): string[] {
  const { config, choice } = settlement;
  const warnings = isWithoutUsers(settlement) ? [] : weaknessOfSecret(settlement);
  const passwordFile = choice.outcomes.get(AUTH.adminPasswordFile)?.value;
  if (config.auth.enabled && typeof passwordFile === 'string') {
    const name = choice.outcomes.get(AUTH.adminUsername)?.value as string | undefined;
    const problem = passwordFileProblem(passwordFile, name, config.auth.minimumPasswordLength);
    if (problem !== undefined) warnings.push(`${choice.placeOf(AUTH.adminPasswordFile)?.from}: ${problem}`);
  }
  const { https } = config.http;
  if (https === undefined || !choice.isKnown(HTTP.httpsEnabled)) return warnings;
  const files = [[HTTP.httpsCertificate, https.certificate] as const];
  if (https.privateKey !== https.certificate) files.push([HTTP.httpsPrivateKey, https.privateKey]);
  for (const [setting, path] of files) {
    const reason = choice.isKnown(setting) ? whyUnreadable(path) : undefined;
    const place = choice.placeOf(setting)?.subject ?? `[http] ${setting.key}`;
    if (reason !== undefined) warnings.push(`${place}: cannot read ${path}: ${reason}`);
  }
  return warnings;
}

/** A secret that cannot be read is a problem. */
function weaknessOfSecret({ readSharedSecret }: Settlement): string[] {
  try {
    const { weakness } = readSharedSecret?.() ?? {};
    return weakness === undefined ? [] : [weakness];
  } catch {
    return [];
  }
}

function reported(setting: Setting, { choice }: Settlement): ReportedSetting[] {
  const outcome = choice.outcomes.get(setting);
  if (outcome === undefined || !choice.isKnown(setting)) return [];
  if (setting.section === PERMISSIONS_SECTION && outcome.value === undefined) return [];
  const { section, key } = setting;
  return [{ section, key, value: shown(setting, outcome), from: outcome.from }];
}

function shown(setting: Setting, { value }: Outcome): string {
  if (value === undefined) return '(none)';
  // A store comes out without its secrets.
  if (setting.isSecret && setting !== AUTH.store && value !== '') return '(secret)';
  return setting.kind.toToml(value);
}
