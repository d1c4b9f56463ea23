import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

const STARTS = ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'] as const;

for (const start of STARTS) {
  Object.assign(childProcess, {
    [start]: () => {
      throw new Error(
        `${start}(): this spec starts a process. Name it on another line of the table in spec/vitest.config.ts: "processes"`,
      );
    },
  });
}
syncBuiltinESMExports();
