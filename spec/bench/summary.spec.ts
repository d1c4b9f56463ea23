import { describe, expect, it } from 'vitest';
import type { Run } from '../../bench/results.js';
import { summaryOf } from '../../bench/summary.js';

const RELATIVE = 'relative to bare Express';

/** A run of a measure whose figures are 1, but for those that are given. */
function run(node: string, labels: readonly string[], given: Readonly<Record<string, any>> = {}): Run {
  const rows = labels.map((label) => ({ app: label, [RELATIVE]: given[label] ?? 1 }));
  return { node, rounds: 2, cores: 2, date: '2026-01-02', tables: { apps: rows } };
}

const APPS = [
  'bare Express',
  'kapacitor-auth',
  'kapacitor-auth, PostgreSQL',
  'express-basic-auth',
  'passport-http, plaintext',
];
const COUNTED = [
  'bare Express',
  'a middleware that does nothing',
  'kapacitor-auth, password, memory',
  'kapacitor-auth, key, memory',
  'kapacitor-auth, session, memory',
  'kapacitor-auth, password, SQLite',
  'kapacitor-auth, password, PostgreSQL',
  'express-basic-auth, plaintext',
];

describe('the table of the README', () => {
  it('has the instructions beside the throughput, for each version of Node.js', () => {
    const summary = summaryOf({
      throughput: [
        run('20.19.0', APPS, { 'kapacitor-auth': { median: 0.9, least: 0.8, most: 0.95 } }),
        run('24.1.0', APPS, { 'express-basic-auth': 0.5 }),
      ],
      instructions: [run('24.1.0', COUNTED, { 'kapacitor-auth, password, SQLite': 1.05 })],
    });
    expect(summary.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
      '| relative to bare Express | instructions, Node.js 24 | requests/s, Node.js 20 | requests/s, Node.js 24 |',
      expect.stringMatching(/^\|[- |]+\|$/),
      '| bare Express | 1.000 | 1.00 | 1.00 |',
      '| a middleware that does nothing | 1.000 | | |',
      '| kapacitor-auth, a password | 1.000 | | |',
      '| kapacitor-auth, a key | 1.000 | | |',
      '| kapacitor-auth, a session | 1.000 | | |',
      '| kapacitor-auth, a password in SQLite | 1.050 | 0.90 (0.80 to 0.95) | 1.00 |',
      '| kapacitor-auth, a password in PostgreSQL | 1.000 | 1.00 | 1.00 |',
      '| express-basic-auth | 1.000 | 1.00 | 0.50 |',
      '| passport-http | | 1.00 | 1.00 |',
      '',
    ]);
  });

  it('has no rows without figures', () => {
    const summary = summaryOf({ throughput: [run('24.1.0', APPS)] });
    expect(summary).not.toContain('a key');
  });

  it('is not made from results that lack one of its rows', () => {
    expect(() => summaryOf({ throughput: [run('24.1.0', APPS.slice(1))] })).toThrow(
      'the results of throughput have no row "bare Express" on 24.1.0',
    );
  });
});
