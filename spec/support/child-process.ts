import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The arguments of Node.js for one of these programs. */
export const NODE_OPTIONS: readonly string[] = ['--import', 'tsx', '--no-warnings'];

/**
 * Starts one of the programs in this folder, which runs until the test is over, and waits for the first thing that it
 * tells.
 */
export async function startProcess(
  program: string,
  args: readonly string[],
  options: ForkOptions = {},
): Promise<ChildProcess> {
  const child = fork(pathOf(program), args, { ...options, execArgv: [...NODE_OPTIONS] });
  onTestFinished(() => kill(child));
  await once(child, 'message');
  return child;
}

/** As if its machine had gone, unless it has ended by itself. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** Sends a message, and returns the next one of the process. */
export async function ask(child: ChildProcess, question: object): Promise<unknown> {
  const answer = once(child, 'message');
  child.send(question);
  return (await answer)[0];
}

export function pathOf(program: string): string {
  return fileURLToPath(new URL(program, import.meta.url));
}
