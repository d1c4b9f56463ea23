import { describe, it } from 'vitest';
import { PROGRAMS, runProgram } from '../matrix/consumers.js';
import { installedRuntime, THIS_RUNTIME } from '../matrix/runtimes.js';
import { type ConsumerProject, DONE_WITHIN } from './consumer-project.js';

/** The part of the matrix that needs nothing but what `npm ci` installs: `npm run matrix` tries the rest. */
export function describeRuntimes(projects: readonly ConsumerProject[]): void {
  describe.each(projects)(
    'a program beside Express $express on this Node.js',
    (project) => {
      it.each(PROGRAMS)('%s', (program) => runProgram(program, project, THIS_RUNTIME));
    },
    DONE_WITHIN,
  );

  describe.each(['bun', 'deno'] as const)(
    'a program on %s',
    (name) => {
      it.each(PROGRAMS)('%s', async (program) => {
        await runProgram(program, projects[0] as ConsumerProject, await installedRuntime(name));
      });
    },
    DONE_WITHIN,
  );
}
