import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { configFile, fromCode, fromEnvironment, fromFile, fromFileWithUsers, problemsOf } from './resolve.js';

/** There is no machine whose thread pool is too small for what these tests set. */
const THREADS = { UV_THREADPOOL_SIZE: '1024' };

interface Limit {
  readonly key: string;
  readonly property: 'minimumPasswordLength' | 'failureLimit' | 'hashingConcurrency' | 'hashingQueue';
  readonly variable: string;
  readonly min: number;
  readonly max: number;
}

const LIMITS: readonly Limit[] = [
  {
    key: 'minimum-password-length',
    property: 'minimumPasswordLength',
    variable: 'KAPACITOR_AUTH_MINIMUM_PASSWORD_LENGTH',
    min: 0,
    max: 72,
  },
  {
    key: 'failure-limit',
    property: 'failureLimit',
    variable: 'KAPACITOR_AUTH_FAILURE_LIMIT',
    min: 0,
    max: 1_000_000,
  },
  {
    key: 'hashing-concurrency',
    property: 'hashingConcurrency',
    variable: 'KAPACITOR_AUTH_HASHING_CONCURRENCY',
    min: 1,
    max: 1_023,
  },
  {
    key: 'hashing-queue',
    property: 'hashingQueue',
    variable: 'KAPACITOR_AUTH_HASHING_QUEUE',
    min: 1,
    max: 100_000,
  },
];

describe.each(LIMITS)('$key', ({ key, property, variable, min, max }) => {
  const expected = `must be an integer from ${min} to ${max}, not`;

  it.each([min, max])('may be %d in a file, the environment and code', (value) => {
    const resolutions = [
      fromFile(`[auth]\n${key} = ${value}\n`, THREADS),
      fromEnvironment({ ...THREADS, [variable]: String(value) }),
      fromCode({ auth: { [property]: value } }, THREADS),
    ];
    for (const { config } of resolutions) expect(config.auth[property]).toBe(value);
  });

  it.each([min - 1, max + 1, 1.5])('is not %d', (value) => {
    expect(problemsOf(() => fromFileWithUsers(`[auth]\n${key} = ${value}\n`, THREADS))).toEqual([
      `kapacitor.conf, line 2: [auth] ${key}: ${expected} ${value}`,
    ]);
    expect(problemsOf(() => fromEnvironment({ ...THREADS, [variable]: String(value) }))).toEqual([
      `${variable}: ${expected} "${value}"`,
    ]);
    expect(problemsOf(() => fromCode({ auth: { [property]: value } }, THREADS))).toEqual([
      `auth.${property}: ${expected} ${value}`,
    ]);
  });

  it.each(['ten', '1e1', '+5', ' 5', '5 ', '0x5', '５', '5m'])('is not %j in the environment', (value) => {
    expect(problemsOf(() => fromEnvironment({ ...THREADS, [variable]: value }))).toEqual([
      `${variable}: ${expected} "${value}"`,
    ]);
  });

  it.each([
    ['"5"', `"5": write  ${key} = 5`],
    ['"five"', '"five"'],
    ['true', 'true'],
    ['[5]', 'an array'],
    ['{ a = 5 }', 'an object'],
    ['nan', 'NaN'],
  ])('is not %s in a file', (value, shown) => {
    expect(problemsOf(() => fromFileWithUsers(`[auth]\n${key} = ${value}\n`, THREADS))).toEqual([
      `kapacitor.conf, line 2: [auth] ${key}: ${expected} ${shown}`,
    ]);
  });

  it.each([
    ['a text', '5', '"5"'],
    ['null', null, 'null'],
    ['a bigint', 5n, '5'],
    ['infinite', Number.POSITIVE_INFINITY, 'Infinity'],
    ['an array', [5], 'an array'],
  ])('is not %s in code', (_what, value, shown) => {
    expect(problemsOf(() => fromCode({ auth: { [property]: value } }, THREADS))).toEqual([
      `auth.${property}: ${expected} ${shown}`,
    ]);
  });

  it('is what code says, else what the environment does, else what the file does', () => {
    const path = configFile(`[auth]\n${key} = 3\n`);
    const environment = { ...THREADS, [variable]: '4' };
    expect(resolveConfig(path, { auth: { [property]: 5 } }, environment).config.auth[property]).toBe(5);
    expect(resolveConfig(path, { auth: { [property]: undefined } }, environment).config.auth[property]).toBe(4);
    expect(resolveConfig(path, {}, { ...THREADS, [variable]: '' }).config.auth[property]).toBe(3);
  });
});

describe('the minimum length of passwords', () => {
  it('is 8 by default, with a file and without', () => {
    expect(fromFile('').config.auth.minimumPasswordLength).toBe(8);
    expect(fromCode({}).config.auth.minimumPasswordLength).toBe(8);
    const { config } = resolveConfig(configFile(''), { auth: { enabled: true } }, {});
    expect(config.auth.minimumPasswordLength).toBe(8);
  });

  it("is Kapacitor's where a file, the environment or code says 0", () => {
    expect(fromFile('[auth]\nminimum-password-length = 0\n').config.auth.minimumPasswordLength).toBe(0);
    expect(fromFile('', { KAPACITOR_AUTH_MINIMUM_PASSWORD_LENGTH: '0' }).config.auth.minimumPasswordLength).toBe(0);
    expect(fromCode({ auth: { minimumPasswordLength: 0 } }).config.auth.minimumPasswordLength).toBe(0);
  });
});

describe('failure-window', () => {
  const EXPECTED = 'must be a duration such as "10m", "1h30m", "500ms" or "0", not';

  it.each([
    ['"1h30m"', 5_400_000],
    ['"0"', 0],
    ['0', 0],
  ])('is a duration in a file: %s', (value, milliseconds) => {
    expect(fromFile(`[auth]\nfailure-window = ${value}\n`).config.auth.failureWindow).toBe(milliseconds);
  });

  it.each([
    ['1h30m', 5_400_000],
    [1500, 1500],
    [0, 0],
  ])('is a duration or milliseconds in code: %j', (value, milliseconds) => {
    expect(fromCode({ auth: { failureWindow: value } }).config.auth.failureWindow).toBe(milliseconds);
  });

  it.each([
    ['600', '600'],
    ['"10"', '"10"'],
    ['"-1m"', '"-1m"'],
    ['true', 'true'],
    ['["10m"]', 'an array'],
  ])('is not %s in a file', (value, shown) => {
    expect(problemsOf(() => fromFileWithUsers(`[auth]\nfailure-window = ${value}\n`))).toEqual([
      `kapacitor.conf, line 2: [auth] failure-window: ${EXPECTED} ${shown}`,
    ]);
  });

  it.each([
    [-1, '-1'],
    [Number.NaN, 'NaN'],
    ['600', '"600"'],
    [null, 'null'],
    [[], 'an array'],
  ])('is not %s in code', (value, shown) => {
    expect(problemsOf(() => fromCode({ auth: { failureWindow: value } }))).toEqual([
      `auth.failureWindow: ${EXPECTED} ${shown}`,
    ]);
  });

  it.each(['600', '-1m', 'never'])('is not %s in the environment', (value) => {
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_AUTH_FAILURE_WINDOW: value }))).toEqual([
      `KAPACITOR_AUTH_FAILURE_WINDOW: ${EXPECTED} "${value}"`,
    ]);
  });

  it('is what code says, else what the environment does, else what the file does', () => {
    const path = configFile('[auth]\nfailure-window = "3m"\n');
    const environment = { KAPACITOR_AUTH_FAILURE_WINDOW: '4m' };
    expect(resolveConfig(path, { auth: { failureWindow: 0 } }, environment).config.auth.failureWindow).toBe(0);
    expect(resolveConfig(path, {}, environment).config.auth.failureWindow).toBe(240_000);
    expect(resolveConfig(path, {}, {}).config.auth.failureWindow).toBe(180_000);
  });
});
