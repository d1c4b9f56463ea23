import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { addBackup } from './commands/backup.js';
import { addCan } from './commands/can.js';
import { addCheckConfig } from './commands/check-config.js';
import { addCompletion } from './commands/completion.js';
import { addExport } from './commands/export.js';
import { addHash } from './commands/hash.js';
import { addImport } from './commands/import.js';
import { addUserCommands } from './commands/users.js';
import { addWhoami } from './commands/whoami.js';
import { EXIT_CODES_HELP } from './exit-codes.js';
import type { Session } from './session.js';

const EPILOGUE = `
The users are in the first of these that is named:
  --url, --store or --config; KAPACITOR_URL, KAPACITOR_CONFIG_PATH, kapacitor.conf
  in the working folder, KAPACITOR_AUTH_STORE.

A password is asked for, or comes from --password-stdin or --password-file, and is
never an argument. A name that begins with "-" is written after "--".

${EXIT_CODES_HELP}`;

/** All commands. What they do is done in the session. */
export function createProgram(createSession: (program: Command) => Session): Command {
  const program = new Command('kapacitor-auth')
    .description('Users of kapacitor-auth, in a store (also while servers use it) or behind the users API of a server.')
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
  addWhoami(program, session);
  addCan(program, session);
  addHash(program, session);
  addCheckConfig(program, session);
  addImport(program, session);
  addExport(program, session);
  addBackup(program, session);
  addCompletion(program, session);
  return program;
}
