import { readFileSync } from 'node:fs';
import { withMarkedPart } from '../lib/build/marked-part.js';
import { chartOf } from './chart.js';
import { MEASURES } from './measures.js';
import type { Results } from './results.js';
import { chartPath, sectionOf } from './section.js';
import { summaryOf } from './summary.js';
import { toMarkdown } from './table.js';

export const ROOT: URL = new URL('../', import.meta.url);
const PAGE = 'docs/benchmarks.md';
const README = 'README.md';

/** The documents that follow from the results, by their paths: the parts of the pages that have markers, and the charts. */
export function documentsOf(results: Results): Map<string, string> {
  const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
  let page = withMarkedPart(read(PAGE), 'measures', listOfMeasures());
  const documents = new Map([[README, withMarkedPart(read(README), 'benchmarks', summaryOf(results))]]);
  for (const [name, measure] of Object.entries(MEASURES)) {
    const runs = results[name] ?? [];
    page = withMarkedPart(page, name, sectionOf(name, measure, runs));
    if (measure.chart !== undefined && runs.length > 0) documents.set(chartPath(name), chartOf(measure.chart, runs));
  }
  return documents.set(PAGE, page);
}

function listOfMeasures(): string {
  const rows = Object.entries(MEASURES).map(([name, { about }]) => [`[\`${name}\`](#${name})`, about]);
  return toMarkdown(['Measure', 'What it measures'], rows);
}
