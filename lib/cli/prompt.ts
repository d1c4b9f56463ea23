import { closeSync, openSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { InvalidUserError } from '../errors.js';
import type { PasswordPolicy } from '../users/password-policy.js';
import { InterruptedError, UsageError } from './cli-error.js';
import { beforeInterruption } from './interruption.js';
import type { Output, Streams } from './output.js';

/** ECMA-48. A prompt hides the cursor. */
const SHOW_CURSOR = '\u001b[?25h';

/** Prompts look like all other lines: no colours, no marks. */
const PLAIN = {
  prefix: { idle: 'kapacitor-auth:', loading: 'kapacitor-auth:', done: 'kapacitor-auth:' },
  style: { message: (text: string) => text, help: () => '', answer: () => '' },
};

/**
 * The terminal for a question: standard error if possible, so that the output can be piped.
 *
 * @param otherwise the message if there is none
 * @throws {UsageError} there is no terminal
 */
export function requireTerminal({ stdin, stdout, stderr }: Streams, otherwise: string): WriteStream {
  const terminal = [stderr, stdout].find(({ isTTY }) => isTTY);
  if (stdin.isTTY && terminal !== undefined) return terminal;
  throw new UsageError(otherwise);
}

/**
 * Asks for a password, and does not show it.
 *
 * @throws {UsageError} there is no terminal
 * @throws {InterruptedError} Ctrl-C or Ctrl-D
 */
export async function askHidden(streams: Streams, message: string, otherwise: string): Promise<string> {
  const terminal = requireTerminal(streams, otherwise);
  const { default: password } = await import('@inquirer/password');
  const end = new AbortController();
  // Ctrl-D closes the input. The prompt does not notice that, and would wait for ever.
  const onEnd = () => end.abort();
  streams.stdin.once('pause', onEnd);
  const forget = restoreTerminalOnInterruption(streams, terminal);
  try {
    return await password({ message, theme: PLAIN }, { input: streams.stdin, output: terminal, signal: end.signal });
  } catch (error) {
    if (/^(?:Exit|Abort)PromptError$/.test((error as Error).name)) throw new InterruptedError();
    throw error;
  } finally {
    forget();
    streams.stdin.off('pause', onEnd);
  }
}

/**
 * Asks a question. Every answer but `y` and `yes` means no.
 *
 * @throws {UsageError} there is no terminal
 * @throws {InterruptedError} Ctrl-C or Ctrl-D
 */
export async function askYesOrNo(streams: Streams, question: string, otherwise: string): Promise<boolean> {
  const terminal = requireTerminal(streams, otherwise);
  const readline = createInterface({ input: streams.stdin, output: terminal, terminal: true });
  const end = new AbortController();
  const forget = restoreTerminalOnInterruption(streams, terminal);
  readline.once('SIGINT', () => end.abort()).once('close', () => end.abort());
  try {
    const answer = await readline.question(`kapacitor-auth: ${question} [y/N] `, { signal: end.signal });
    return /^y(?:es)?$/i.test(answer.trim());
  } catch {
    terminal.write('\n');
    throw new InterruptedError();
  } finally {
    forget();
    readline.close();
  }
}

/** Without this, the shell would not echo typed characters after a signal. */
function restoreTerminalOnInterruption({ stdin }: Streams, terminal: WriteStream): () => void {
  return beforeInterruption(() => {
    stdin.setRawMode(false);
    terminal.write(`${SHOW_CURSOR}\n`);
  });
}

/** The source of a new password. Defaults to a prompt. */
export interface PasswordSource {
  readonly passwordStdin?: boolean;
  readonly passwordFile?: string;
}

export interface NewPassword {
  readonly prompt: string;
  readonly userName: string;
  readonly policy: PasswordPolicy;
}

/** Bytes. A password is far shorter. */
const MAX_LINE = 4_096;

const NO_TERMINAL =
  'there is no terminal to ask for the password. Pipe it in with --password-stdin, or name a file that holds it with ' +
  '--password-file FILE';

/**
 * Reads a new password from standard input, from a file, or twice from a prompt. The prompt repeats until the password keeps
 * the rules.
 *
 * @throws {UsageError} there is no password to read
 * @throws {InvalidUserError} the password on standard input or in the file breaks a rule
 */
export async function readNewPassword(
  { streams, output, options }: { streams: Streams; output: Output; options: PasswordSource },
  password: NewPassword,
): Promise<string> {
  const { passwordStdin = false, passwordFile } = options;
  if (passwordStdin && passwordFile !== undefined) {
    throw new UsageError('--password-stdin and --password-file exclude each other: leave one of them out');
  }
  if (!passwordStdin && passwordFile === undefined) return askTwice(streams, output, password);
  const line = passwordFile === undefined ? await readInputLine(streams) : readFileLine(passwordFile);
  await password.policy.accept(line, password.userName);
  return line;
}

async function askTwice(streams: Streams, output: Output, { prompt, userName, policy }: NewPassword): Promise<string> {
  for (;;) {
    const password = await askHidden(streams, `${prompt}:`, NO_TERMINAL);
    const problem = await policyProblem(password, userName, policy);
    if (problem !== undefined) output.note(`${problem}: try again`);
    else if ((await askHidden(streams, 'Once more:', NO_TERMINAL)) === password) return password;
    else output.note('the passwords differ: try again');
  }
}

async function policyProblem(password: string, userName: string, policy: PasswordPolicy): Promise<string | undefined> {
  try {
    await policy.accept(password, userName);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidUserError) return error.message;
    throw error;
  }
}

async function readInputLine({ stdin }: Streams): Promise<string> {
  if (stdin.isTTY) {
    throw new UsageError('--password-stdin reads piped input, and nothing is piped in: leave it out to be asked');
  }
  return toLine(await readFirstLine(stdin), 'standard input');
}

/** Stops after the first line: the rest may be for another program. */
async function readFirstLine(input: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (chunk.includes('\n') || length > MAX_LINE) break;
  }
  return Buffer.concat(chunks);
}

function readFileLine(path: string): string {
  const buffer = Buffer.alloc(MAX_LINE + 1);
  let length = 0;
  try {
    const descriptor = openSync(path, 'r');
    try {
      // One read of a pipe returns only what is in it.
      for (let read = -1; read !== 0 && length < buffer.length; length += read) {
        read = readSync(descriptor, buffer, length, buffer.length - length, null);
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The path is not repeated: it may be a password, by mistake.
    throw new UsageError(`cannot read the password file: ${code === 'ENOENT' ? 'there is no such file' : code}`);
  }
  return toLine(buffer.subarray(0, length), 'the password file');
}

/** The first line, without its line end. */
function toLine(bytes: Buffer, source: string): string {
  const end = bytes.indexOf('\n');
  const line = end === -1 ? bytes : bytes.subarray(0, end);
  if (line.length > MAX_LINE) throw new UsageError(`the first line of ${source} is too long for a password`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(line);
  } catch {
    throw new UsageError(`the password in ${source} is not UTF-8`);
  }
  if (text.trim() === '') throw new UsageError(`the first line of ${source} is empty: it must be the password`);
  return text.replace(/\r$/, '');
}
