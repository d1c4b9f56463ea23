import { readFileSync, writeFileSync } from 'node:fs';
import type { Row, Tables } from './measure.js';

/** The figures of a measure on one version of Node.js. */
export interface Run {
  /** The version of Node.js. */
  readonly node: string;
  readonly rounds: number;
  /** The cores of the machine. */
  readonly cores: number;
  /** The day. */
  readonly date: string;
  /** A remark about the figures, such as other work of the machine. */
  readonly note?: string;
  readonly tables: Tables;
}

/** The runs of each measure, in the order of their versions of Node.js. */
export type Results = Readonly<Record<string, readonly Run[]>>;

const FILE = new URL('results.json', import.meta.url);
/** Significant digits of a stored figure. */
const DIGITS = 5;

export function readResults(): Results {
  return JSON.parse(readFileSync(FILE, 'utf8'));
}

export function storeResults(results: Results): void {
  const rounded = (_key: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
  writeFileSync(FILE, `${JSON.stringify(results, rounded, 2)}\n`);
}

/** The results with new runs of a measure. Its other runs stay if they are of other major versions of Node.js. */
export function withRuns(results: Results, measure: string, runs: readonly Run[]): Results {
  const isAnew = ({ node }: Run) => runs.some((run) => majorOf(run.node) === majorOf(node));
  const kept = (results[measure] ?? []).filter((run) => !isAnew(run));
  return { ...results, [measure]: [...kept, ...runs].toSorted((a, b) => majorOf(a.node) - majorOf(b.node)) };
}

/** A run for each version of Node.js that the rows are of. */
export function runsOf(tables: Tables, conditions: Omit<Run, 'tables'>): Run[] {
  const versionOf = (row: Row) => String(row['node'] ?? conditions.node);
  const versions = new Set(Object.values(tables).flatMap((rows) => rows.map(versionOf)));
  return [...versions].map((node) => {
    const rowsOf = (rows: readonly Row[]) =>
      rows.filter((row) => versionOf(row) === node).map(({ node: _version, ...row }) => row);
    return {
      ...conditions,
      node,
      tables: Object.fromEntries(Object.entries(tables).map(([name, rows]) => [name, rowsOf(rows)])),
    };
  });
}

/** The major version, of a version with or without a `v`. */
export function majorOf(version: string): number {
  return Number.parseInt(version.replace(/^v/, ''), 10);
}
