import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { resolveConfig } from '../../lib/config/config.js';
import type { KapacitorAuthConfig } from '../../lib/config/options.js';
import { type ConfigReport, checkConfig } from '../../lib/config/report.js';
import { ConfigError } from '../../lib/errors.js';
import type { FirstAdmin } from '../../lib/users/first-admin.js';
import { temporaryFolder } from '../support/temporary-folder.js';

type Resolution = ReturnType<typeof resolveConfig>;
type Environment = Parameters<typeof resolveConfig>[2];

/** A config file with users and authentication. Its last section is `[auth]`. */
export const ON = '[http]\nauth-enabled = true\n[auth]\nenabled = true\n';

/** A `kapacitor.conf` that is gone when the test is over. */
export function configFile(content: string | Uint8Array): string {
  const path = join(temporaryFolder(), 'kapacitor.conf');
  writeFileSync(path, content);
  return path;
}

export function fromFile(content: string | Uint8Array, environment: Environment = {}): Resolution {
  return resolveConfig(configFile(content), {}, environment);
}

/** The same where there are users, whose settings matter then. */
export function fromFileWithUsers(content: string | Uint8Array, environment: Environment = {}): Resolution {
  return fromFile(content, { KAPACITOR_AUTH_ENABLED: 'true', ...environment });
}

/** The argument may have any type, as in JavaScript. */
export function fromCode(config: unknown, environment: Environment = {}): Resolution {
  return resolveConfig(config as KapacitorAuthConfig, {}, environment);
}

export function fromEnvironment(environment: Environment, config: KapacitorAuthConfig = {}): Resolution {
  return resolveConfig(config, {}, environment);
}

/** The problems that the configuration is refused for, one a line; the folder of the file is left out. */
export function problemsOf(resolve: () => Resolution): string[] {
  const error = refusalOf(resolve);
  return error.message.replaceAll(/\/\S*\/(?=kapacitor\.conf)/g, '').split('\n');
}

export function refusalOf(resolve: () => Resolution): ConfigError {
  let resolution: Resolution;
  try {
    resolution = resolve();
  } catch (error) {
    if (error instanceof ConfigError && error.code === 'CONFIG_INVALID') return error;
    throw error;
  }
  throw new Error(`it was not refused: ${JSON.stringify(resolution)}`);
}

/** The report of `check-config` for a file, without the folder of the file. */
export function reportOf(content: string | Uint8Array, environment: Environment = {}): ConfigReport {
  const path = configFile(content);
  const report = checkConfig(path, environment);
  return JSON.parse(JSON.stringify(report).replaceAll(`${dirname(path)}/`, ''));
}

/** `[auth] bcrypt-cost = 10` as the report has it, or undefined where it has none. */
export function settingOf(report: ConfigReport, key: string): { value: string; from: string } | undefined {
  const [found, second] = report.settings.filter((setting) => setting.key === key);
  if (second !== undefined) throw new Error(`${key} is there twice`);
  return found && { value: found.value, from: found.from };
}

/** The password of an admin whose password is in a file. */
export async function passwordReadBy(admin: FirstAdmin | undefined): Promise<string> {
  if (typeof admin?.password !== 'function') throw new Error('the password is in no file');
  return admin.password();
}
