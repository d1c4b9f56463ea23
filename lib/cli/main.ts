import { type Command, CommanderError } from 'commander';
import type { Environment } from '../config/setting.js';
import { KapacitorAuthError, StoreError } from '../errors.js';
import { NO_PASSWORD_ARGUMENTS, normalizeArguments } from './arguments.js';
import { CliError, exitCodeOf, OutputClosedError } from './cli-error.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { Output, writeTo } from './output.js';
import { createProgram } from './program.js';
import { Session } from './session.js';
import type { Streams } from './streams.js';

/**
 * Runs the command line. It never throws.
 *
 * @param argv with the program and the script before the arguments, as in `process.argv`
 * @returns how the process should end
 */
export async function main(argv: readonly string[], streams: Streams, environment: Environment): Promise<ExitCode> {
  const output = new Output(streams);
  // Whoever reads may have gone at any time; each write is told, and an event that nobody hears ends the process.
  for (const stream of [streams.stdout, streams.stderr]) stream.on('error', () => {});
  let session: Session | undefined;
  let help = '';
  let failing: Command | undefined;
  try {
    const program = createProgram((created) => {
      session = new Session(streams, environment, () => created.opts());
      return session;
    });
    forEachCommand(program, (command) =>
      command.configureOutput({
        writeOut: (text) => {
          help += text;
        },
        // Its help, where a command is missing, is too long to be an error.
        writeErr: () => {
          failing = command;
        },
        outputError: () => {
          failing = command;
        },
      }),
    );
    try {
      await program.parseAsync(normalizeArguments(argv.slice(2)), { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (error.exitCode === 0) {
        await writeTo(streams.stdout, help);
        return EXIT.done;
      }
      throw usageError(error, failing ?? program);
    }
    return session?.exitCode ?? EXIT.done;
  } catch (error) {
    report(error, output);
    return exitCodeOf(error);
  }
}

function report(error: unknown, output: Output): void {
  if (error instanceof OutputClosedError) return;
  if (error instanceof CliError) output.note(error.message);
  else if (error instanceof KapacitorAuthError) output.note(withCause(error));
  else {
    output.note(
      'this is a mistake in kapacitor-auth. Please report it, with what follows ("npm bugs kapacitor-auth"):',
    );
    output.say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

/** Node.js cannot load a package. `bindings`, which loads native parts, gives the places that it tried as `tries`. */
const UNLOADED = ['MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED'];

/** The store's own words, where they say more. The places where a missing or unbuilt package was looked for do not. */
function withCause(error: KapacitorAuthError): string {
  const { message, cause } = error;
  if (!(error instanceof StoreError && cause instanceof Error)) return message;
  const isUnloaded = 'tries' in cause || ('code' in cause && UNLOADED.includes(cause.code as string));
  return isUnloaded || message.includes(cause.message) ? message : `${message}: ${cause.message}`;
}

/** Commander's words, without what was typed where that may be a secret. */
function usageError({ code, message }: CommanderError, command: Command): CliError {
  const words = message.replace(/^error: /, '').replace(/(unknown option '[^'=]*)=[^']*'/, "$1'");
  const usage = `Usage: ${fullName(command)} ${command.usage()}\n"${fullName(command)} --help" says more.`;
  if (code === 'commander.help') {
    const names = command.commands.map((each) => each.name()).join(', ');
    return new CliError(EXIT.usage, `which command? There are ${names}\n${usage}`);
  }
  const isForPassword = command.options.some(({ long }) => long === '--password-stdin');
  const password = code === 'commander.excessArguments' && isForPassword ? `. And ${NO_PASSWORD_ARGUMENTS}` : '';
  return new CliError(EXIT.usage, `${words.replace(/\.$/, '')}${password}\n${usage}`);
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const each of command.commands) forEachCommand(each, visit);
}
