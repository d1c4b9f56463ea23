import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { main } from '../../lib/cli/main.js';
import type { Streams } from '../../lib/cli/output.js';
import type { Environment } from '../../lib/config/setting.js';
import { BUILT, isBuilt } from './built.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Not by its name: the command may run in a folder from which tsx cannot be found. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** How a run ended, and what it wrote. */
export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** The standard input. */
  readonly input?: string | Buffer;
}

let chosen: [string, ...string[]] | undefined;

/** The program and its first arguments: what was built, if that is as new as the sources, and else those. */
export function binary(): [string, ...string[]] {
  chosen ??= isBuilt()
    ? [process.execPath, '--no-warnings', BUILT]
    : [process.execPath, '--no-warnings', '--import', TSX, join(ROOT, 'lib/cli/bin.ts')];
  return chosen;
}

/** Runs the real binary, between pipes. */
export function runBinary(args: readonly string[], { env = {}, cwd, input = '' }: CliOptions = {}): Promise<CliResult> {
  const [program, ...before] = binary();
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...before, ...args], { cwd, env: environmentOf(env) });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk) => stdout.push(chunk));
    child.stderr.on('data', (chunk) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (exitCode) => {
      resolve({ exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
    // A command that does not read its input may end before the input does.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** The same in this process: without a start, and so in no time. */
export function run(args: readonly string[], { env = {}, input = '' }: CliOptions = {}): Promise<CliResult> {
  return runWith(env, args, input);
}

/** The same with nothing else in the environment. */
export async function runWith(
  environment: Environment,
  args: readonly string[],
  input: string | Buffer = '',
): Promise<CliResult> {
  const stdin = new PassThrough();
  stdin.end(input);
  const stdout = new Collector();
  const stderr = new Collector();
  const streams = { stdin, stdout, stderr } as unknown as Streams;
  const exitCode = await main(['node', 'kapacitor-auth', ...args], streams, environment);
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

/** The text to type when a prompt shows these words. */
export type Step = readonly [words: string, typed: string];

/**
 * The same as somebody has it who sits at a terminal, as far as it can be had without one: what is typed is not shown, and
 * what is asked is on standard error.
 */
export async function runTyping(
  args: readonly string[],
  steps: readonly Step[],
  isOutputPiped = false,
): Promise<CliResult> {
  const waiting = [...steps];
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const stdout = Object.assign(new Collector(), { isTTY: !isOutputPiped });
  const stderr = Object.assign(new Collector(), { isTTY: true, columns: 100 });
  let seen = 0;
  stderr.onText = (text) => {
    const [words, typed] = waiting[0] ?? [];
    const at = words === undefined ? -1 : text.indexOf(words, seen);
    if (words === undefined || at === -1) return;
    seen = at + words.length;
    waiting.shift();
    // When the prompt listens, and has been shown as a whole.
    if (typed !== '') setImmediate(() => stdin.write(typed));
  };
  const streams = { stdin, stdout, stderr } as unknown as Streams;
  const exitCode = await main(['node', 'kapacitor-auth', ...args], streams, {});
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

/** The environment of these specs, without what would say where users are. */
export function environmentOf(env: Record<string, string>): Record<string, string> {
  const outer = Object.entries(process.env).filter(([name]) => !/^(?:KAPACITOR|NODE|VITEST)_|^FORCE_COLOR$/.test(name));
  return { ...(Object.fromEntries(outer) as Record<string, string>), ...env };
}

class Collector extends Writable {
  readonly #chunks: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  /** Told of all that has been written, whenever there is more. */
  onText: (text: string) => void = () => {};

  /** As with those of a process, what is piped into it does not end it. */
  override end(): this {
    return this;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    this.onText(this.text);
    done();
  }
}
