import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';
import PQueue from 'p-queue';

/*
 * Runs scripts of package.json, as many at a time as there are cores: `tsx lib/build/run-together.ts lint unused`. Prints
 * the output of a script when it ends. The exit code is 1 if one of them fails.
 */
const queue = new PQueue({ concurrency: availableParallelism() });
// attw packs the package. Its `prepack` would replace `dist` while others read it.
const env = { ...process.env, npm_config_ignore_scripts: 'true' };

await Promise.all(process.argv.slice(2).map((script) => queue.add(() => run(script))));

async function run(script: string): Promise<void> {
  const child = spawn('npm', ['run', script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  if (code === 0) return;
  console.error(`npm run ${script} has failed`);
  process.exitCode = 1;
}
