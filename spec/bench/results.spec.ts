import { describe, expect, it } from 'vitest';
import { runsOf, withRuns } from '../../bench/results.js';

const CONDITIONS = { node: '20.19.0', rounds: 2, cores: 2, date: '2026-01-02' };

function runOn(node: string, rounds = 2) {
  return { ...CONDITIONS, node, rounds, tables: {} };
}

describe('withRuns', () => {
  it('replaces the run of the same major version, and keeps other versions and other measures', () => {
    const before = { flood: [runOn('20.19.0')], users: [runOn('20.19.0'), runOn('24.1.0')] };
    expect(withRuns(before, 'users', [runOn('20.20.2', 7)])).toEqual({
      flood: [runOn('20.19.0')],
      users: [runOn('20.20.2', 7), runOn('24.1.0')],
    });
  });

  it('adds the first run of a measure', () => {
    expect(withRuns({}, 'users', [runOn('20.19.0')])).toEqual({ users: [runOn('20.19.0')] });
  });

  it('sorts versions by number', () => {
    const { users = [] } = withRuns({ users: [runOn('100.0.0'), runOn('24.1.0')] }, 'users', [runOn('20.19.0')]);
    expect(users.map(({ node }) => node)).toEqual(['20.19.0', '24.1.0', '100.0.0']);
  });
});

describe('runsOf', () => {
  it('makes one run of rows that name no version', () => {
    const tables = { apps: [{ app: 'one', 'requests/s': 1 }] };
    expect(runsOf(tables, CONDITIONS)).toEqual([{ ...CONDITIONS, tables }]);
  });

  it('makes a run for each version that rows name', () => {
    const tables = {
      programs: [
        { program: 'one', node: '20.19.0', ratio: 1 },
        { program: 'one', node: 'v24.1.0', ratio: 2 },
        { program: 'two', node: '20.19.0', ratio: 3 },
      ],
    };
    expect(runsOf(tables, CONDITIONS)).toEqual([
      {
        ...CONDITIONS,
        node: '20.19.0',
        tables: {
          programs: [
            { program: 'one', ratio: 1 },
            { program: 'two', ratio: 3 },
          ],
        },
      },
      { ...CONDITIONS, node: 'v24.1.0', tables: { programs: [{ program: 'one', ratio: 2 }] } },
    ]);
  });
});
