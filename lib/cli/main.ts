import { type Command, CommanderError } from 'commander';
import type { Environment } from '../config/setting.js';
import { requireRuntime } from '../runtime.js';
import { CliError, EXIT, type ExitCode, exitCodeOf, isKnown, messageOf, OutputClosedError } from './cli-error.js';
import { Output, type Streams, writeTo } from './output.js';
import { createProgram, NO_PASSWORD_ARGUMENTS, normalizeArguments } from './program.js';
import { Session } from './session.js';

/**
 * Runs the command line. It never throws.
 *
 * @param argv such as `process.argv`: the arguments come after the program and the script
 * @returns the exit code of the process
 */
export async function main(argv: readonly string[], streams: Streams, environment: Environment): Promise<ExitCode> {
  const output = new Output(streams);
  // A reader may close the pipe at any time. Each write reports that; an error event without a listener ends the process.
  for (const stream of [streams.stdout, streams.stderr]) stream.on('error', () => {});
  try {
    requireRuntime();
    return await runCommand(argv.slice(2), streams, environment);
  } catch (error) {
    reportFailure(error, output);
    return exitCodeOf(error);
  }
}

async function runCommand(args: readonly string[], streams: Streams, environment: Environment): Promise<ExitCode> {
  let session: Session | undefined;
  let help = '';
  let failing: Command | undefined;
  const program = createProgram((created) => {
    session = new Session(streams, environment, () => created.opts());
    return session;
  });
  const fail = (command: Command) => () => {
    failing = command;
  };
  forEachCommand(program, (command) =>
    command.configureOutput({
      writeOut: (text) => {
        help += text;
      },
      // Commander prints the whole help if a command is missing, which is too long for an error.
      writeErr: fail(command),
      outputError: fail(command),
    }),
  );
  try {
    await program.parseAsync(normalizeArguments(args), { from: 'user' });
    return session?.exitCode ?? EXIT.done;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usageError(error, failing ?? program);
    await writeTo(streams.stdout, help);
    return EXIT.done;
  }
}

function reportFailure(error: unknown, output: Output): void {
  if (error instanceof OutputClosedError) return;
  if (isKnown(error)) output.note(messageOf(error));
  else {
    output.note('this is a bug in kapacitor-auth. Please report it with these lines:');
    output.say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

/** Commander's message, without a value that may be a secret. */
function usageError({ code, message }: CommanderError, command: Command): CliError {
  const problem = message.replace(/^error: /, '').replace(/(unknown option '[^'=]*)=[^']*'/, "$1'");
  const usage = `Usage: ${fullName(command)} ${command.usage()}\nFor more, run "${fullName(command)} --help".`;
  if (code === 'commander.help') {
    const names = command.commands.map((each) => each.name()).join(', ');
    return new CliError(EXIT.usage, `a command is missing. The commands are ${names}\n${usage}`);
  }
  const isForPassword = command.options.some(({ long }) => long === '--password-stdin');
  const password = code === 'commander.excessArguments' && isForPassword ? `. And ${NO_PASSWORD_ARGUMENTS}` : '';
  return new CliError(EXIT.usage, `${problem.replace(/\.$/, '')}${password}\n${usage}`);
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const each of command.commands) forEachCommand(each, visit);
}
