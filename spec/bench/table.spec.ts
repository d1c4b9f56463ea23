import { describe, expect, it } from 'vitest';
import { decimals, ratio, spreadOf, whole } from '../../bench/measure.js';
import { tableOf } from '../../bench/table.js';

const run = (node: string, apps: readonly Record<string, any>[]) => ({
  ...{ node, rounds: 2, cores: 2, date: '2026-01-02' },
  tables: { apps },
});

describe('a table of a measure', () => {
  const form = { columns: { 'requests/s': whole, share: ratio } };

  it('has the label of each row and the formatted columns', () => {
    const runs = [run('20.19.0', [{ app: 'one', 'requests/s': 12_345.6, share: 0.5 }])];
    expect(tableOf(form, 'apps', runs)).toBe(
      ['| app | requests/s | share |', '| --- | ---------- | ----- |', '| one | 12,346     | 0.50  |', ''].join('\n'),
    );
  });

  it('shows the median of the rounds with the least and the most of them', () => {
    const runs = [run('20.19.0', [{ app: 'one', share: spreadOf([0.9, 0.75, 0.8]) }])];
    expect(tableOf(form, 'apps', runs)).toContain('| one | 0.80 (0.75 to 0.90) |\n');
  });

  it('shows one figure where all rounds gave the same', () => {
    const runs = [run('20.19.0', [{ app: 'one', share: spreadOf([1, 1]) }])];
    expect(tableOf(form, 'apps', runs)).toContain('| one | 1.00  |\n');
  });

  it('has the columns of several versions of Node.js beside one another, and empty cells where one has no figure', () => {
    const runs = [
      run('20.19.0', [
        { app: 'one', share: 1 },
        { app: 'two', share: 0.5 },
      ]),
      run('24.1.0', [{ app: 'one', share: 0.25 }]),
    ];
    expect(
      tableOf(form, 'apps', runs)
        ?.split('\n')
        .map((line) => line.replace(/ +/g, ' ')),
    ).toEqual([
      '| app | share, Node.js 20 | share, Node.js 24 |',
      '| --- | ----------------- | ----------------- |',
      '| one | 1.00 | 0.25 |',
      '| two | 0.50 | |',
      '',
    ]);
  });

  it('leaves out columns without figures', () => {
    expect(tableOf(form, 'apps', [run('20.19.0', [{ app: 'one', share: 1 }])])).not.toContain('requests/s');
  });

  it('is left out if no run has it', () => {
    expect(tableOf(form, 'other', [run('20.19.0', [])])).toBeUndefined();
  });
});

describe('the formats of figures', () => {
  it.each([
    [whole, 1_234_567.8, '1,234,568'],
    [ratio, 0.123, '0.12'],
    [ratio, 0.0061, '0.006'],
    [ratio, 0.00023, '0.0002'],
    [decimals(1), -0.04, '0.0'],
    [decimals(1), -0.4, '-0.4'],
    [decimals(2, 10), 9.876, '9.88'],
    [decimals(2, 10), 1_234.5, '1,235'],
  ])('%#', (format, value, text) => {
    expect(format(value)).toBe(text);
  });
});
