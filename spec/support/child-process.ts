import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { once } from 'node:events';
import { inject, onTestFinished } from 'vitest';

/** The arguments of Node.js for one of these programs. */
export const NODE_OPTIONS: readonly string[] = ['--no-warnings'];

/** Starts a program, as it is built, which runs until the test is over. Waits for the first thing that it tells. */
export async function startProcess(
  program: string,
  args: readonly string[],
  options: ForkOptions = {},
): Promise<ChildProcess> {
  const child = fork(programNamed(program), args, { ...options, execArgv: [...NODE_OPTIONS] });
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

/** The file of a program of programs-setup.ts, as it is built. */
export function programNamed(name: string): string {
  return inject('programs')[name] as string;
}
