import { describe, expect, it } from 'vitest';
import { formatDuration, LONGEST, parseDuration, parsePeriod } from '../lib/duration.js';

const UNITS = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 36e5 } as const;

describe('a duration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['1h30m', 5_400_000],
    ['1h0m0s', 3_600_000],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['1.s', 1_000],
    ['.5s', 500],
    ['+5m', 300_000],
    ['1s1s', 2_000],
    ['30m1h', 5_400_000],
    ['250us', 0.25],
    ['250µs', 0.25],
    ['250μs', 0.25],
    ['1000000ns', 1],
    ['2562047h', 9_223_369_200_000],
  ])('is %s, as Go writes it: %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBeCloseTo(milliseconds, 6);
  });

  it.each([
    '',
    ' ',
    '10',
    '1.5',
    'm',
    '.s',
    '.',
    '10 m',
    ' 10m',
    '10m ',
    '10m\n',
    '10M',
    '10min',
    '10 minutes',
    '1d',
    '1w',
    '-10m',
    '-0s',
    '+',
    '1h30',
    '1h-30m',
    '1e3s',
    '1_000s',
    '1,5s',
    '1..5s',
    '1.5.5s',
    '０s',
    '10m;',
    'PT10M',
    '1:30',
    'Infinity',
    'NaN',
    '0x10s',
    '2562048h',
    `${'9'.repeat(400)}h`,
  ])('is not %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('is the sum of its parts, also for random ones', () => {
    const random = pseudoRandom(42);
    const units = Object.keys(UNITS) as (keyof typeof UNITS)[];
    for (let round = 0; round < 500; round++) {
      const parts = Array.from({ length: 1 + random(5) }, () => ({
        number: random(3) === 0 ? `${random(1000)}.${random(1000)}` : String(random(10_000)),
        unit: units[random(units.length)] as keyof typeof UNITS,
      }));
      const text = parts.map(({ number, unit }) => number + unit).join('');
      const alone = parts.map(({ number, unit }) => parseDuration(number + unit) as number);
      expect(alone, text).toEqual(parts.map(({ number, unit }) => Number(number) * UNITS[unit]));
      expect(parseDuration(text), text).toBeCloseTo(
        alone.reduce((sum, each) => sum + each, 0),
        3,
      );
    }
  });
});

/** Integers from 0 to below `limit`, the same ones at each run (Lehmer's generator). */
function pseudoRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}

describe('a period', () => {
  it.each([
    ['0', 0],
    ['90d', 7_776_000_000],
    ['1d12h', 129_600_000],
    ['12h1d', 129_600_000],
    ['0.5d', 43_200_000],
    ['1h30m', 5_400_000],
    ['+1d', 86_400_000],
    ['106751d', 9_223_286_400_000],
  ])('may have days as well: %s is %d ms', (text, milliseconds) => {
    expect(parsePeriod(text)).toBe(milliseconds);
  });

  it.each(['', 'd', '90', '-1d', '1D', '1 d', '1w', '1y', '106752d', `${'9'.repeat(400)}d`, '1e3d'])(
    'is not %j',
    (text) => {
      expect(parsePeriod(text)).toBeUndefined();
    },
  );
});

describe('a duration as text', () => {
  it.each([
    [0, '0s'],
    [600_000, '10m'],
    [5_400_000, '1h30m'],
    [5_400_500, '1h30m0.5s'],
    [36_000_000, '10h'],
    [60_000, '1m'],
    [1_500, '1.5s'],
    [1_000, '1s'],
    [999.5, '999.5ms'],
    [500, '500ms'],
    [0.25, '250µs'],
    [0.0025, '2.5µs'],
    [1e-6, '1ns'],
    [3_600_000 + 1e-3, '1h0.000001s'],
  ])('%d milliseconds is %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it.each([0, 1, 10, 90, 1_234, 61_001, 86_400_000, 123_456_789, 0.001, 0.5, LONGEST])(
    'is read back as the same value: %d milliseconds',
    (milliseconds) => {
      expect(parseDuration(formatDuration(milliseconds))).toBeCloseTo(milliseconds, 6);
    },
  );
});
