import childProcess from 'node:child_process';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { expect, inject } from 'vitest';

const STARTS = ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'] as const;
const ELSEWHERE = 'Name it on another line of the table in spec/vitest.config.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The specs of a worker share their modules. */
    modulesAreShared: boolean;
  }
}

const { testPath = '' } = expect.getState();
const source = readFileSync(testPath, 'utf8');
if (inject('modulesAreShared') && /\bvi\.(?:mock|doMock|resetModules)\(/.test(source)) {
  throw new Error(`this spec replaces modules, which the next spec would keep. ${ELSEWHERE}: "isolated"`);
}
if (inject('modulesAreShared') && /\bvi\.getTimerCount\(/.test(source)) {
  throw new Error(`this spec counts timers, and an earlier spec may have left one. ${ELSEWHERE}: "isolated"`);
}

for (const start of STARTS) {
  Object.assign(childProcess, {
    [start]: () => {
      throw new Error(`${start}(): this spec starts a process. ${ELSEWHERE}: "processes"`);
    },
  });
}
syncBuiltinESMExports();
