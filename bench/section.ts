import type { Measure } from './measure.js';
import type { Run } from './results.js';
import { tableOf } from './table.js';

/** The part of the page that has the chart and the tables of a measure. */
export function sectionOf(name: string, measure: Measure, runs: readonly Run[]): string {
  if (runs.length === 0) return 'No run is recorded yet.\n';
  const tables = tablesOf(measure, runs);
  if (measure.chart === undefined) return tables;
  return `![${measure.chart.description}](${chartPath(name).replace('docs/', '')})\n\n${tables}`;
}

/** The conditions of each run, and the tables. */
export function tablesOf({ tables }: Measure, runs: readonly Run[]): string {
  const shown = Object.entries(tables).flatMap(([table, form]) => tableOf(form, table, runs) ?? []);
  return [runs.map(conditionsOf).join(''), ...shown].join('\n');
}

/** Where the chart of a measure is, from the root of the repository. */
export function chartPath(measure: string): string {
  return `docs/images/bench-${measure}.svg`;
}

function conditionsOf({ node, rounds, cores, date, note }: Run): string {
  const conditions = [
    `Node.js ${node.replace(/^v/, '')}`,
    `${cores} ${cores === 1 ? 'core' : 'cores'}`,
    `${rounds} ${rounds === 1 ? 'round' : 'rounds'}`,
    date,
    ...(note === undefined ? [] : [note]),
  ];
  return `- ${conditions.join(', ')}\n`;
}
