import { readFileSync, writeFileSync } from 'node:fs';
import { withMarkedPart } from '../lib/build/marked-part.js';
import { chartOf } from './chart.js';
import { MEASURES } from './measures.js';
import { type Results, readResults } from './results.js';
import { chartPath, sectionOf } from './section.js';
import { summaryOf } from './summary.js';
import { toMarkdown } from './table.js';

/** The root of the repository. */
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

/** Writes the documents anew from the stored results. */
export function writeDocuments(): void {
  for (const [path, text] of documentsOf(readResults())) writeFileSync(new URL(path, ROOT), text);
}

function listOfMeasures(): string {
  const rows = Object.entries(MEASURES).map(([name, { about }]) => [`[\`${name}\`](#${name})`, about]);
  return toMarkdown(['Measure', 'What it measures'], rows);
}
