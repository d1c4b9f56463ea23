import type { Command } from 'commander';
import { type ConfigReport, checkConfig } from '../../config/report.js';
import { printable, printableLines, withoutSecrets } from '../../safe-text.js';
import { EXIT } from '../exit-codes.js';
import type { Session } from '../session.js';
import { formatTable } from '../table.js';
import { chooseConfig } from '../target.js';
import { jsonOption } from './user-options.js';

/** `check-config`: everything that is wrong at once, and what each setting comes out as. */
export function addCheckConfig(program: Command, session: Session): void {
  const command = program
    .command('check-config')
    .description('find every problem of a config file and of the environment, and show what the settings come out as')
    .argument('[FILE]', 'defaults to --config, KAPACITOR_CONFIG_PATH, or kapacitor.conf here');
  jsonOption(command).action(async (path: string | undefined, { json = false }: { json?: boolean }) => {
    const file = path ?? chooseConfig(session.options, session.environment, process.cwd()).file;
    if (file === undefined)
      session.output.note('no config file is named: these are the defaults in code, and the environment');
    const report = withoutAnySecret(checkConfig(file, session.environment));
    if (json) await session.output.json(report);
    else await session.output.write(toText(report));
    if (report.problems.length > 0) session.exitCode = EXIT.refused;
  });
}

/** What is wrong may be that a hash or a URL with a password stands where it should not. */
function withoutAnySecret({ problems, warnings, settings }: ConfigReport): ConfigReport {
  return {
    problems: problems.map(withoutSecrets),
    warnings: warnings.map(withoutSecrets),
    settings: settings.map((setting) => ({ ...setting, value: withoutSecrets(setting.value) })),
  };
}

function toText({ problems, warnings, settings }: ConfigReport): string {
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
  return `${found.join('')}\n${formatTable([['SETTING', 'VALUE', 'FROM'], ...rows])}`;
}
