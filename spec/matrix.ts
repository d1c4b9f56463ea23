import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

/**
 * Runs specs on the supported lines of Node.js, one line after the other, and prints how it went on each:
 *
 *     npm run matrix                               on this runtime and the others, all specs but those left out below
 *     npm run matrix -- --only 22,24 spec/users    on these two, the specs with this in their path
 *
 * The other runtimes come from the registry, and stay in `node_modules/.cache`. The exit code is 1 when a spec failed or
 * a runtime is missing.
 */
const MAJORS: readonly string[] = ['22', '24', '26'];

const LEFT_OUT: readonly string[] = [
  // These specs test another server, not this runtime.
  'spec/stores/postgres/**',
  // These specs try many inputs, which takes minutes.
  'spec/http/naughty-strings.spec.ts',
  'spec/day-of-traffic.spec.ts',
];

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CACHE = join(ROOT, 'node_modules/.cache/kapacitor-auth-matrix');
const execute = promisify(execFile);

const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
const [current] = process.versions.node.split('.') as [string];
const majors = values.only?.split(',') ?? [...new Set([current, ...MAJORS])];

const results: string[] = [];
for (const major of majors) {
  const node = major === current ? process.execPath : await install(major);
  const runtime = await describeRuntime(node);
  console.log(`${runtime} …`);
  results.push(`${runtime}: ${await runSpecs(node)}`);
}
console.log(`\n${results.join('\n')}`);

/** Gives the path of the newest version, which is downloaded unless npm has it. */
async function install(major: string): Promise<string> {
  const folder = join(CACHE, major);
  mkdirSync(folder, { recursive: true });
  const version = `node@npm:node-${process.platform}-${process.arch}@${major}`;
  await execute('npm', ['install', '--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund', version]);
  return join(folder, 'node_modules/node/bin/node');
}

async function describeRuntime(node: string): Promise<string> {
  const program = fileURLToPath(new URL('./support/runtime.ts', import.meta.url));
  const { stdout } = await execute(node, ['--import', 'tsx', program], { cwd: ROOT });
  return stdout.trim();
}

/** Shows what vitest prints, and gives how many passed and failed. */
async function runSpecs(node: string): Promise<string> {
  const left = positionals.length > 0 ? [] : LEFT_OUT.flatMap((pattern) => ['--exclude', pattern]);
  const args = ['run', '--config', 'spec/vitest.config.ts', '--project', '!express 4', ...left, ...positionals];
  // Programs that the specs start by `#!/usr/bin/env node` run on the same runtime.
  const env = { ...process.env, PATH: [dirname(node), process.env['PATH']].join(delimiter) };
  const child = spawn(node, ['node_modules/vitest/vitest.mjs', ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
    process.stdout.write(chunk);
  });
  const [code, signal] = await once(child, 'close');
  if (code === 0) return closingLineOf(output);
  process.exitCode = 1;
  return `${closingLineOf(output)} (${signal ?? `exit code ${code}`})`;
}

/** See `support/closing-line.ts`. */
function closingLineOf(output: string): string {
  return /\d+ passed, \d+ failed(?=\s*$)/.exec(output)?.[0] ?? 'ended early';
}
