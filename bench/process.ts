import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Starts a program of the bench in a process of its own, and waits for its first message. */
export async function start<Told>(
  program: string,
  args: string[],
  nodeOptions: string[] = [],
  environment: Record<string, string> = {},
): Promise<{ child: ChildProcess; told: Told }> {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), args, {
    execArgv: ['--import', 'tsx', '--no-warnings', ...nodeOptions],
    env: { ...process.env, ...environment },
  });
  const [told] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${program} ${args.join(' ')} ended with code ${code}`);
    }),
  ]);
  return { child, told };
}

export async function stop(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
