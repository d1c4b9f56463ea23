import { type Row, ratio } from './measure.js';
import { majorOf, type Results } from './results.js';
import { labelOf, textOf, toMarkdown } from './table.js';

/** The rows of the README's table. */
const APPS = [
  'bare Express',
  'kapacitor-auth',
  'kapacitor-auth, PostgreSQL',
  'express-basic-auth',
  'passport-http, plaintext',
] as const;

/** The table of the README: requests a second relative to bare Express, for each version of Node.js. */
export function summaryOf(results: Results): string {
  const runs = results['throughput'] ?? [];
  const head = ['requests a second', ...runs.map(({ node }) => `Node.js ${majorOf(node)}`)];
  const cellOf = (rows: readonly Row[] | undefined, app: string) =>
    textOf(rows?.find((row) => labelOf(row) === app)?.['relative to bare Express'], ratio);
  return toMarkdown(
    head,
    APPS.map((app) => [app, ...runs.map(({ tables }) => cellOf(tables['apps'], app))]),
  );
}
