import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { linkPackages } from '../package/consumer-project.js';
import { type Consumer, PROGRAMS, runProgram } from './consumers.js';
import type { Runtime } from './runtimes.js';
import { type Counts, runVitest } from './vitest-run.js';

/** A runtime beside a version of Express, or with the sources. */
export interface Cell {
  /** Such as `Node.js 24.22.3`. */
  readonly runtime: string;
  /** Such as `Express 5.3.0`. */
  readonly beside: string;
  /** The number of programs that succeeded. */
  readonly programs: number;
  /** The number of tests that passed. */
  readonly tests: number;
  readonly failures: readonly Failure[];
  readonly seconds: number;
}

/** A program, or a run of specs. */
interface Failure {
  readonly name: string;
  readonly output: string;
}

/** Runs the fast specs, which try the sources, beside the Express of the repository. */
export async function runFastSpecs(runtime: Runtime): Promise<Cell> {
  const since = performance.now();
  const args = ['--config', 'spec/vitest.config.ts', '--project', 'unit', '--project', 'isolated'];
  const counts = await runVitest(runtime, args);
  return cellOf(
    { runtime, beside: 'the sources', since, programs: 0, tests: counts.passed },
    failuresOf('fast specs', counts),
  );
}

/** Runs each program with the installed package, and the specs as well on Node.js. */
export async function runCell(runtime: Runtime, consumer: Consumer): Promise<Cell> {
  const since = performance.now();
  const failures: Failure[] = [];
  if (runtime.needsBetterSqlite3) linkPackages(['better-sqlite3'], consumer.folder);
  for (const program of PROGRAMS) failures.push(...(await failureOf(program, consumer, runtime)));
  const programs = PROGRAMS.length - failures.length;
  let tests = 0;
  if (runtime.name === 'node') {
    const env = { MATRIX_FOLDER: consumer.folder, EXPRESS: consumer.express.split('.')[0] as string };
    const counts = await runVitest(runtime, ['--config', 'spec/matrix/vitest.config.ts'], env);
    tests = counts.passed;
    failures.push(...failuresOf('specs', counts));
  }
  rmSync(join(consumer.folder, 'node_modules/better-sqlite3'), { force: true });
  return cellOf({ runtime, beside: `Express ${consumer.express}`, since, programs, tests }, failures);
}

async function failureOf(program: string, consumer: Consumer, runtime: Runtime): Promise<Failure[]> {
  try {
    await runProgram(program, consumer, runtime);
    return [];
  } catch (error) {
    return [{ name: program, output: (error as Error).message }];
  }
}

function failuresOf(name: string, { failed, output }: Counts): Failure[] {
  return failed === 0 ? [] : [{ name: `${failed} of the ${name}`, output }];
}

function cellOf(
  { runtime, since, ...rest }: Omit<Cell, 'runtime' | 'failures' | 'seconds'> & { runtime: Runtime; since: number },
  failures: readonly Failure[],
): Cell {
  const seconds = Math.round((performance.now() - since) / 1_000);
  return { ...rest, runtime: runtime.title, failures, seconds };
}
