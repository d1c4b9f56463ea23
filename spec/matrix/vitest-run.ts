import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Runtime } from './runtimes.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How many tests passed and failed. `failed` counts a run that ended early as well. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** The output of vitest. */
  readonly output: string;
}

/** Runs vitest on a runtime. */
export async function runVitest(
  { binary }: Runtime,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Counts> {
  const child = spawn(binary, ['node_modules/vitest/vitest.mjs', 'run', ...args], {
    cwd: ROOT,
    // Programs that the specs start by `#!/usr/bin/env node` run on the same runtime.
    env: { ...process.env, PATH: [dirname(binary), process.env['PATH']].join(delimiter), NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const [code] = await once(child, 'close');
  // See `support/closing-line.ts`.
  const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/.exec(output) ?? [];
  const failures = Number(failed ?? 1);
  return { passed: Number(passed ?? 0), failed: code === 0 ? failures : Math.max(failures, 1), output };
}
