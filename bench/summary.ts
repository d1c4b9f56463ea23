import { decimals, ratio } from './measure.js';
import { majorOf, type Results } from './results.js';
import { labelOf, textOf, toMarkdown } from './table.js';

const RELATIVE = 'relative to bare Express';

/** The measures of the README's table. */
const MEASURES = {
  instructions: { title: 'instructions', format: decimals(3) },
  throughput: { title: 'requests/s', format: ratio },
} as const;

/** The rows of the README's table, each with the label that its figures have in a measure. */
const ROWS: readonly ({ readonly label: string } & Partial<Record<keyof typeof MEASURES, string>>)[] = [
  { label: 'bare Express', instructions: 'bare Express', throughput: 'bare Express' },
  { label: 'a middleware that does nothing', instructions: 'a middleware that does nothing' },
  { label: 'kapacitor-auth, a password', instructions: 'kapacitor-auth, password, memory' },
  { label: 'kapacitor-auth, a key', instructions: 'kapacitor-auth, key, memory' },
  { label: 'kapacitor-auth, a session', instructions: 'kapacitor-auth, session, memory' },
  {
    label: 'kapacitor-auth, a password in SQLite',
    instructions: 'kapacitor-auth, password, SQLite',
    throughput: 'kapacitor-auth',
  },
  {
    label: 'kapacitor-auth, a password in PostgreSQL',
    instructions: 'kapacitor-auth, password, PostgreSQL',
    throughput: 'kapacitor-auth, PostgreSQL',
  },
  {
    label: 'express-basic-auth',
    instructions: 'express-basic-auth, plaintext',
    throughput: 'express-basic-auth',
  },
  { label: 'passport-http', throughput: 'passport-http, plaintext' },
];

/**
 * The table of the README: what a cached request costs, relative to bare Express, for each version of Node.js.
 *
 * @throws Error if a run has no figures of a row
 */
export function summaryOf(results: Results): string {
  const names = Object.keys(MEASURES) as (keyof typeof MEASURES)[];
  const columns = names.flatMap((name) => (results[name] ?? []).map((run) => ({ name, run })));
  const head = columns.map(({ name, run }) => `${MEASURES[name].title}, Node.js ${majorOf(run.node)}`);
  const rows = ROWS.map((row) => [
    row.label,
    ...columns.map(({ name, run }) => {
      const label = row[name];
      if (label === undefined) return '';
      const figures = run.tables['apps']?.find((each) => labelOf(each) === label);
      if (figures === undefined) throw new Error(`the results of ${name} have no row "${label}" on ${run.node}`);
      return textOf(figures[RELATIVE], MEASURES[name].format);
    }),
  ]);
  return toMarkdown(
    [RELATIVE, ...head],
    rows.filter(([, ...cells]) => cells.some((cell) => cell !== '')),
  );
}
