import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { documentsOf, ROOT } from '../../bench/documents.js';
import { MEASURES } from '../../bench/measures.js';
import { readResults } from '../../bench/results.js';
import { anchorsOf } from '../docs/markdown.js';

const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const results = readResults();

describe('the documentation of the benchmarks', () => {
  it.each([...documentsOf(results)])(
    '%s follows from bench/results.json: run `npm run docs` after a change',
    (path, text) => {
      expect(read(path)).toBe(text);
    },
  );

  it('has a chart only where it is written', () => {
    const written = [...documentsOf(results).keys()].filter((path) => path.endsWith('.svg'));
    const images = readdirSync(new URL('docs/images', ROOT)).filter((name) => name.endsWith('.svg'));
    expect(images.map((name) => `docs/images/${name}`).toSorted()).toEqual(written.toSorted());
  });

  it.each(Object.keys(MEASURES))('has a section for the measure %s', (name) => {
    expect(anchorsOf('docs/benchmarks.md')).toContain(name);
    expect(read('docs/benchmarks.md')).toContain(`\n\`npm run bench -- --only ${name}\`.`);
  });
});

describe('bench/results.json', () => {
  it('has results of the measures only', () => {
    expect(Object.keys(MEASURES)).toEqual(expect.arrayContaining(Object.keys(results)));
  });

  const tables = Object.entries(results).flatMap(([measure, runs]) =>
    runs.flatMap((run) => Object.entries(run.tables).map(([table, rows]) => ({ measure, table, rows }))),
  );

  it.each(tables)('has no column of $measure, $table that the page does not show', ({ measure, table, rows }) => {
    const shown = Object.keys(MEASURES[measure]?.tables[table]?.columns ?? {});
    const stored = rows.flatMap((row) => Object.keys(row).slice(1));
    expect(stored.filter((title) => !shown.includes(title))).toEqual([]);
  });

  it('names neither a folder nor a host', () => {
    for (const run of Object.values(results).flat()) {
      expect(Object.keys({ note: '', ...run }).toSorted()).toEqual([
        'cores',
        'date',
        'node',
        'note',
        'rounds',
        'tables',
      ]);
      expect(`${run.node} ${run.note}`).not.toMatch(/[/\\]/);
    }
  });
});
