import { accessSync, constants, statSync } from 'node:fs';
import { ConfigError } from '../errors.js';
import { isPostgresUrl, parseStoreUrl } from '../stores/postgres/url.js';
import { passwordRefusal } from '../users/password-policy.js';
import { passwordFileProblem } from './admin.js';
import { isWithoutUsers } from './checks.js';
import type { Outcome } from './choice.js';
import { type Settlement, settle } from './config.js';
import type { Environment } from './environment.js';
import {
  ADMIN_PASSWORD_FILE,
  ADMIN_USERNAME,
  HTTPS_CERTIFICATE,
  HTTPS_ENABLED,
  HTTPS_PRIVATE_KEY,
  REFUSED_PASSWORDS,
  SETTINGS,
  type Section,
  type Setting,
  STORE,
} from './settings.js';

/** What a configuration is worth, for whoever wrote it. No password is in it. */
export interface ConfigReport {
  /** Why the app would not start, each with its place. */
  readonly problems: readonly string[];
  /** What is allowed, and should be known. */
  readonly warnings: readonly string[];
  /** Those that are known: what a problem is about is left out. */
  readonly settings: readonly ReportedSetting[];
}

interface ReportedSetting {
  readonly section: Section;
  readonly key: string;
  /** As the config file writes it, or `(secret)`, or `(none)`. */
  readonly value: string;
  /** `/etc/kapacitor/kapacitor.conf, line 12`, `KAPACITOR_AUTH_BCRYPT_COST`, or `default`. */
  readonly from: string;
}

/**
 * What an app would make of a config file, or without one of the environment alone: everything that is wrong at once,
 * and what each setting comes out as and from where. Files are read, the store is not opened, and nothing is made. It
 * does not throw for what is wrong.
 */
export function checkConfig(path: string | undefined, environment: Environment): ConfigReport {
  const settlement = settle(path ?? {}, {}, environment);
  return {
    problems: [...settlement.problems, ...problemsAtStart(settlement)],
    warnings: [...settlement.warnings, ...warningsAtStart(settlement)],
    settings: SETTINGS.flatMap((setting) => report(setting, settlement)),
  };
}

/** What else the start would stumble over. */
function problemsAtStart({ config, store, choice }: Settlement): string[] {
  const { refusedPasswords } = config.auth;
  const problems: string[] = [];
  const attempt = (subject: string, start: () => unknown): void => {
    try {
      start();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(`${subject}${error.message}`);
    }
  };
  if (isWithoutUsers(config, choice)) return problems;
  if (choice.isKnown(REFUSED_PASSWORDS) && typeof refusedPasswords === 'string') {
    const from = choice.placeOf(REFUSED_PASSWORDS)?.from;
    attempt(`${from}: `, () => passwordRefusal(refusedPasswords));
  }
  if (choice.isKnown(STORE) && typeof store === 'string' && isPostgresUrl(store)) {
    attempt(`${choice.placeOf(STORE)?.subject}: `, () => parseStoreUrl(store));
  }
  return problems;
}

/** What is the app's own to read, or is read only when there is no admin. */
function warningsAtStart({ config, choice }: Settlement): string[] {
  const warnings: string[] = [];
  const passwordFile = choice.outcomes.get(ADMIN_PASSWORD_FILE)?.value;
  if (config.auth.enabled && typeof passwordFile === 'string') {
    const name = choice.outcomes.get(ADMIN_USERNAME)?.value as string | undefined;
    const problem = passwordFileProblem(passwordFile, name, config.auth.minimumPasswordLength);
    if (problem !== undefined) warnings.push(`${choice.placeOf(ADMIN_PASSWORD_FILE)?.from}: ${problem}`);
  }
  const { https } = config.http;
  if (https === undefined || !choice.isKnown(HTTPS_ENABLED)) return warnings;
  const hasOwnKey = https.privateKey !== https.certificate;
  for (const setting of hasOwnKey ? [HTTPS_CERTIFICATE, HTTPS_PRIVATE_KEY] : [HTTPS_CERTIFICATE]) {
    const path = setting === HTTPS_CERTIFICATE ? https.certificate : https.privateKey;
    const reason = choice.isKnown(setting) ? whyUnreadable(path) : undefined;
    const place = choice.placeOf(setting)?.subject ?? `[http] ${setting.key}`;
    if (reason !== undefined) warnings.push(`${place}: cannot read ${path}: ${reason}`);
  }
  return warnings;
}

/** Without reading it: a pipe would be empty then. */
function whyUnreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isDirectory() ? 'it is a folder' : undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'there is no such file' : message;
  }
}

function report(setting: Setting, { choice }: Settlement): ReportedSetting[] {
  const outcome = choice.outcomes.get(setting);
  if (outcome === undefined || !choice.isKnown(setting)) return [];
  const { section, key } = setting;
  return [{ section, key, value: show(setting, outcome), from: outcome.from }];
}

function show(setting: Setting, { value }: Outcome): string {
  if (value === undefined) return '(none)';
  // What is left of a store's URL is no secret.
  if (setting.isSecret && setting !== (STORE as Setting) && value !== '') return '(secret)';
  return setting.kind.toToml(value);
}
