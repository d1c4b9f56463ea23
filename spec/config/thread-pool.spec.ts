import { availableParallelism } from 'node:os';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { configFile, fromCode, fromEnvironment, fromFileWithUsers, problemsOf } from './resolve.js';

vi.mock('node:os', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:os')>()),
  availableParallelism: vi.fn(),
}));

beforeEach(() => {
  vi.mocked(availableParallelism).mockReturnValue(2_048);
});

const pool = (size: string | undefined) => ({ UV_THREADPOOL_SIZE: size });
const hashing = (hashingConcurrency: number) => ({ auth: { hashingConcurrency } });

describe('the number of passwords that are hashed at once', () => {
  const SIZES: readonly (readonly [string, string | undefined, number])[] = [
    ['is not set', undefined, 4],
    ['is 2', '2', 2],
    ['is 4', '4', 4],
    ['is 16', '16', 16],
    ['is 1', '1', 1],
    ['is 0, which libuv takes for 1', '0', 1],
    ['is no number, which libuv takes for 1', 'x', 1],
    ['is empty, which libuv takes for 1', '', 1],
    ['begins with a number, which is what libuv reads', '8 threads', 8],
  ];

  it.each([...SIZES, ['is more than libuv has', '2000', 1_024] as const])(
    'is one less than the number of threads by default, if UV_THREADPOOL_SIZE %s',
    (_what, size, threads) => {
      const most = Math.max(1, threads - 1);
      expect(fromCode({}, pool(size)).config.auth.hashingConcurrency).toBe(most);
    },
  );

  it.each(SIZES)('cannot be higher, if UV_THREADPOOL_SIZE %s', (_what, size, threads) => {
    const most = Math.max(1, threads - 1);
    expect(fromCode(hashing(most), pool(size)).config.auth.hashingConcurrency).toBe(most);
    const [problem] = problemsOf(() => fromCode(hashing(most + 1), pool(size)));
    expect(problem).toContain(`must be at most ${most}, not ${most + 1}: the thread pool of Node.js has ${threads}, `);
  });

  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 3],
    [5, 3],
  ])('leaves a core free by default: with %d cores it is %d', (cores, threads) => {
    vi.mocked(availableParallelism).mockReturnValue(cores);
    expect(fromCode({}).config.auth.hashingConcurrency).toBe(threads);
  });

  it('may be more than the number of cores if it is set', () => {
    vi.mocked(availableParallelism).mockReturnValue(1);
    expect(fromCode(hashing(3)).config.auth.hashingConcurrency).toBe(3);
  });

  it('is an error with advice if no thread stays free', () => {
    const problem =
      '[auth] hashing-concurrency must be at most 3, not 4: the thread pool of Node.js has 4, and one must ' +
      'stay free. To have more, set UV_THREADPOOL_SIZE';
    expect(problemsOf(() => fromCode(hashing(4)))).toEqual([problem]);
    expect(problemsOf(() => fromFileWithUsers('[auth]\nhashing-concurrency = 4\n'))).toEqual([problem]);
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_AUTH_HASHING_CONCURRENCY: '4' }))).toEqual([problem]);
  });

  it('is checked in the source that wins', () => {
    const path = configFile('[auth]\nhashing-concurrency = 100\n');
    expect(resolveConfig(path, hashing(2), {}).config.auth.hashingConcurrency).toBe(2);
  });
});

describe('a warning about the thread pool', () => {
  const WARNING =
    'UV_THREADPOOL_SIZE leaves Node.js one thread: while a password is hashed, the app can read no file and look up no ' +
    'name. Set it to 2 or more, or unset it';

  it.each(['1', '0', 'x', ''])('comes with a single thread: UV_THREADPOOL_SIZE is %j', (size) => {
    expect(fromCode({}, pool(size)).warnings).toEqual([WARNING]);
  });

  it.each([undefined, '2', '2000'])('does not come with more threads: UV_THREADPOOL_SIZE is %j', (size) => {
    expect(fromCode({}, pool(size)).warnings).toEqual([]);
  });
});
