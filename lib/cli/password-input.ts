import { closeSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { InvalidUserError } from '../errors.js';
import type { PasswordPolicy } from '../users/password-policy.js';
import { UsageError } from './cli-error.js';
import type { Output } from './output.js';
import { askHidden } from './prompt.js';
import { questionStream, type Streams } from './streams.js';

/** Where a new password comes from: one of them, or the terminal. */
export interface PasswordOptions {
  readonly passwordStdin?: boolean;
  readonly passwordFile?: string;
}

/** Bytes. No password has as many, however it is written. */
const LONGEST_LINE = 4_096;

/** Whose password it is, and what it has to be like. */
export interface NewPassword {
  readonly prompt: string;
  readonly userName: string;
  readonly policy: PasswordPolicy;
}

/**
 * Reads a new password from standard input, from a file, or twice from a hidden prompt, which asks again until the
 * rules are kept.
 *
 * @throws {UsageError} there is nothing to read it from
 * @throws {InvalidUserError} what was read breaks a rule
 */
export async function readNewPassword(
  { streams, output, options }: { streams: Streams; output: Output; options: PasswordOptions },
  { prompt, userName, policy }: NewPassword,
): Promise<string> {
  const { passwordStdin = false, passwordFile } = options;
  if (passwordStdin && passwordFile !== undefined) {
    throw new UsageError('--password-stdin and --password-file cannot both say the password: leave one of them out');
  }
  if (!passwordStdin && passwordFile === undefined) return askTwice(streams, output, { prompt, userName, policy });
  const line = passwordFile === undefined ? await readInputLine(streams) : readFileLine(passwordFile);
  await policy.accept(line, userName);
  return line;
}

async function askTwice(streams: Streams, output: Output, { prompt, userName, policy }: NewPassword): Promise<string> {
  if (questionStream(streams) === undefined) {
    throw new UsageError(
      'there is no terminal to ask for the password on: pipe it in with --password-stdin, or name a file that holds it ' +
        'with --password-file FILE',
    );
  }
  for (;;) {
    const password = await askHidden(streams, `${prompt}:`);
    const problem = await problemOf(password, userName, policy);
    if (problem !== undefined) output.note(`${problem}: try again`);
    else if ((await askHidden(streams, 'Once more:')) === password) return password;
    else output.note('the two are not the same: try again');
  }
}

async function problemOf(password: string, userName: string, policy: PasswordPolicy): Promise<string | undefined> {
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
    throw new UsageError('--password-stdin reads what is piped in: leave it out to be asked for the password, unseen');
  }
  return toLine(await readFirstLine(stdin), 'standard input');
}

/** No more than the first line is read: what follows may be for somebody else. */
async function readFirstLine(input: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (chunk.includes('\n') || length > LONGEST_LINE) break;
  }
  return Buffer.concat(chunks);
}

function readFileLine(path: string): string {
  const buffer = Buffer.alloc(LONGEST_LINE + 1);
  let length = 0;
  try {
    const descriptor = openSync(path, 'r');
    try {
      // A pipe gives what it has.
      for (let read = -1; read !== 0 && length < buffer.length; length += read) {
        read = readSync(descriptor, buffer, length, buffer.length - length, null);
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The name of the file may be a password, by mistake.
    const reason = code === 'ENOENT' ? 'there is no such file' : code;
    throw new UsageError(`cannot read the file that --password-file names: ${reason}`);
  }
  return toLine(buffer.subarray(0, length), 'the password file');
}

/** The first line, without its end, which is no part of a password. */
function toLine(bytes: Buffer, source: string): string {
  const end = bytes.indexOf('\n');
  const line = end === -1 ? bytes : bytes.subarray(0, end);
  if (line.length > LONGEST_LINE) throw new UsageError(`the first line of ${source} is too long for a password`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(line);
  } catch {
    throw new UsageError(`the password in ${source} is not in UTF-8`);
  }
  if (text.trim() === '') throw new UsageError(`the first line of ${source} is empty: it must be the password`);
  return text.replace(/\r$/, '');
}
