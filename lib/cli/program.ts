import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { EXIT_CODES_HELP, UsageError } from './cli-error.js';
import { addCan, addWhoami } from './commands/access.js';
import { addAudit } from './commands/audit.js';
import { addBackup } from './commands/backup.js';
import { addCompletion } from './commands/completion.js';
import { addCheckConfig, addHash } from './commands/config.js';
import { addExport } from './commands/export.js';
import { addImport } from './commands/import.js';
import { addKeyCommands } from './commands/key.js';
import { addPermissionCommands } from './commands/permission.js';
import { addServe } from './commands/serve.js';
import { addToken } from './commands/token.js';
import { addUserCommands } from './commands/user.js';
import type { Session } from './session.js';

const EPILOGUE = `
A command works on the users of the first of these that is set:
  --url, --store or --config; KAPACITOR_URL; KAPACITOR_CONFIG_PATH;
  kapacitor.conf in the working directory; KAPACITOR_AUTH_STORE.

Commands ask for a password, or read it with --password-stdin or --password-file.
A password is never an argument. Write a name that begins with "-" after "--".

${EXIT_CODES_HELP}`;

/** The commands. They run in the session. */
export function createProgram(createSession: (program: Command) => Session): Command {
  const program = new Command('kapacitor-auth')
    .description(
      'Manage the users of kapacitor-auth: in a store, also while servers use it, or through the users API of a server.',
    )
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [COMMAND]', 'print help')
    .option('--url <URL>', 'the users of a server: http://USER@HOST:9092 (also -url)')
    .option('--skip-verify', "do not verify the server's certificate (also -skipVerify)")
    .option('--store <STORE>', 'the users in sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE')
    .option('--config <FILE>', 'the users and the rules of a config file (also -config)')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EPILOGUE)
    .exitOverride();
  const session = createSession(program);
  addUserCommands(program, session);
  addKeyCommands(program, session);
  addPermissionCommands(program, session);
  addWhoami(program, session);
  addCan(program, session);
  addAudit(program, session);
  addToken(program, session);
  addHash(program, session);
  addCheckConfig(program, session);
  addImport(program, session);
  addExport(program, session);
  addBackup(program, session);
  addServe(program, session);
  addCompletion(program, session);
  return program;
}

/** Options of this program that begin like one for a password. */
const HARMLESS = /^--?(?:permission|password-stdin|password-file)(?:=|$)/;
/** `--password x`, `--pass=x`, `-p x`, and MySQL's `-px`. */
const PASSWORD_OPTION = /^--?p(?:w|wd|ass(?:wd|word|phrase)?)?(?:[=:].*)?$|^-p/is;

export const NO_PASSWORD_ARGUMENTS: string =
  'a password is never an argument: other users of this machine can see arguments, and the shell remembers them. ' +
  'Leave it out to be asked for it, or use --password-stdin or --password-file FILE';

/**
 * Rewrites the options of Kapacitor's own command line, which follow Go's conventions: `-url`, `-config` and
 * `-skipVerify=true` become `--url`, `--config` and `--skip-verify`.
 *
 * @throws {UsageError} an option is for a password
 */
export function normalizeArguments(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const options = end === -1 ? args : args.slice(0, end);
  if (options.some((arg) => PASSWORD_OPTION.test(arg) && !HARMLESS.test(arg))) {
    throw new UsageError(NO_PASSWORD_ARGUMENTS);
  }
  const normalized = options.flatMap((arg) => {
    const long = arg.replace(/^-(?=[a-z]{2})/i, '--');
    const skipVerify = /^--skip-?verify(?:=(.*))?$/i.exec(long);
    if (skipVerify === null) return [long];
    const [, value = 'true'] = skipVerify;
    return /^(?:1|t|true)$/i.test(value) ? ['--skip-verify'] : [];
  });
  return [...normalized, ...args.slice(options.length)];
}
