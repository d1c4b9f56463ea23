import type { Command } from 'commander';
import { type ConfigReport, checkConfig } from '../../config/report.js';
import { printable, printableLines, withoutSecrets } from '../../safe-text.js';
import { opaqueString } from '../../users/password.js';
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
    const report = withoutAnySecret(checkConfig(file, session.environment));
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
