import type { InstructionsRow } from './instructions.js';
import { decimals, type Measure, whole } from './measure.js';

/** @param count the instructions, by valgrind */
export function instructionsMeasure(count: (rounds: number) => Promise<readonly InstructionsRow[]>): Measure {
  return {
    about: 'The processor instructions of a request with cached credentials, against another package. Needs valgrind.',
    mostRounds: 3,
    measure: async (rounds) => ({
      apps: (await count(rounds)).map(({ node, app, instructions, ratio, least, most }) => ({
        node,
        app,
        instructions,
        'relative to bare Express': { median: ratio, least, most },
      })),
    }),
    tables: { apps: { columns: { instructions: whole, 'relative to bare Express': decimals(3) } } },
    chart: {
      title: 'Instructions of a request beyond those of bare Express',
      description:
        'Bars of the instructions that each kind of credentials and each store adds to a request, in percent of those of bare Express. The table below has the figures.',
      table: 'apps',
      columns: ['relative to bare Express'],
      length: (relative) => relative - 1,
      format: (relative) => `${((relative - 1) * 100).toFixed(1)} %`,
    },
  };
}
