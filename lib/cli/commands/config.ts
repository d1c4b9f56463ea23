import type { Command } from 'commander';
import { resolveConfig } from '../../config/config.js';
import { type ConfigReport, checkConfig } from '../../config/report.js';
import { printable, printableLines, withoutSecrets } from '../../safe-text.js';
import { readPermissionsOfStore } from '../../stores/permissions-in-use.js';
import { opaqueString } from '../../users/password.js';
import { PermissionNames } from '../../users/permissions.js';
import { undefinedAmong, undefinedWarning } from '../../users/undefined-permissions.js';
import { EXIT } from '../cli-error.js';
import type { PasswordSource } from '../prompt.js';
import type { Session } from '../session.js';
import { formatTable } from '../table.js';
import { chooseConfig } from '../target.js';
import { jsonOption, passwordOptions } from './shared-options.js';

/** `check-config`: all problems at once, and the resulting settings. */
export function addCheckConfig(program: Command, session: Session): void {
  const command = program
    .command('check-config')
    .description('find all problems of a config file and of the environment, and show the resulting settings')
    .argument('[FILE]', 'defaults to --config, KAPACITOR_CONFIG_PATH, or kapacitor.conf in the working directory');
  jsonOption(command).action(async (path: string | undefined, { json = false }: { json?: boolean }) => {
    const file = path ?? chooseConfig(session.options, session.environment, process.cwd()).file;
    if (file === undefined) {
      session.output.note('no config file is named: these are the defaults in code, and the environment');
    }
    const found = checkConfig(file, session.environment);
    const warnings = found.problems.length > 0 ? [] : await warningsOfUsers(session, file);
    const report = withoutAnySecret({ ...found, warnings: [...found.warnings, ...warnings] });
    if (json) await session.output.json(report);
    else await session.output.write(reportText(report));
    if (report.problems.length > 0) session.exitCode = EXIT.refused;
  });
}

/** `hash`: the hash that would be stored for a password. It needs the configuration, but no store. */
export function addHash(program: Command, session: Session): void {
  passwordOptions(program.command('hash'))
    .description('check a password against the rules, and print its bcrypt hash with the configured cost')
    .action(async (options: PasswordSource) => {
      const { policy, hasher } = session.userStore(chooseConfig(session.options, session.environment, process.cwd()));
      const password = await session.readPassword(options, { prompt: 'Password', userName: '', policy });
      await session.output.write(`${await hasher.hash(opaqueString(password))}\n`);
    });
}

/** A store that cannot be read is no problem of the configuration: the database may run elsewhere. */
async function warningsOfUsers({ environment, output }: Session, file: string | undefined): Promise<string[]> {
  // Without a file, the app may define its permissions in code.
  if (file === undefined) return [];
  const { config, store } = resolveConfig(file, {}, environment);
  if (!config.auth.enabled) return [];
  const names = new PermissionNames(Object.keys(config.permissions));
  try {
    // Only code can name a repository.
    const undefinedOnes = undefinedAmong(await readPermissionsOfStore(store as string), names);
    return undefinedOnes.length === 0 ? [] : [undefinedWarning(undefinedOnes, names)];
  } catch (error) {
    output.note(`the permissions of the users in ${config.auth.store} are not checked: ${reasonOf(error)}`);
    return [];
  }
}

/** The error of an address with several IPs has no message of its own. */
function reasonOf(error: unknown): string {
  const { message, code, cause } = error as NodeJS.ErrnoException;
  const reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
  return reason || String(code);
}

/** By mistake, a hash or a URL with a password may be in any place of a file. */
function withoutAnySecret({ problems, warnings, settings }: ConfigReport): ConfigReport {
  return {
    problems: problems.map(withoutSecrets),
    warnings: warnings.map(withoutSecrets),
    settings: settings.map((setting) => ({ ...setting, value: withoutSecrets(setting.value) })),
  };
}

function reportText({ problems, warnings, settings }: ConfigReport): string {
  const rows = settings.map(({ section, key, value, from }) => [
    section === '' ? key : `[${section}] ${key}`,
    printable(value),
    printable(from),
  ]);
  const found = [
    ...problems.map((problem) => `problem: ${printableLines(problem)}\n`),
    ...warnings.map((warning) => `warning: ${printableLines(warning)}\n`),
    problems.length === 0 ? 'No problems.\n' : '',
  ];
  // There are no settings of a file that cannot be read.
  const table = rows.length === 0 ? '' : `\n${formatTable([['SETTING', 'VALUE', 'FROM'], ...rows])}`;
  return found.join('') + table;
}
