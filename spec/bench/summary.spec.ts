import { expect, it } from 'vitest';
import { summaryOf } from '../../bench/summary.js';

const run = (node: string, table: string, rows: readonly Record<string, any>[]) => ({
  ...{ node, rounds: 2, cores: 2, date: '2026-01-02' },
  tables: { [table]: rows },
});
const RELATIVE = 'relative to bare Express';

it('the table of the README has the instructions beside the throughput, for each version of Node.js', () => {
  const summary = summaryOf({
    throughput: [
      run('20.19.0', 'apps', [{ app: 'kapacitor-auth', [RELATIVE]: { median: 0.9, least: 0.8, most: 0.95 } }]),
      run('24.1.0', 'apps', [{ app: 'express-basic-auth', [RELATIVE]: 0.5 }]),
    ],
    instructions: [run('24.1.0', 'programs', [{ program: 'kapacitor-auth, password', [RELATIVE]: 1.05 }])],
  });
  expect(summary.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
    '| relative to bare Express | instructions, Node.js 24 | requests/s, Node.js 20 | requests/s, Node.js 24 |',
    expect.stringMatching(/^\|[- |]+\|$/),
    '| kapacitor-auth, a password | 1.050 | 0.90 (0.80 to 0.95) | |',
    '| express-basic-auth | | | 0.50 |',
    '',
  ]);
});
