import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { BoundedRateLimiter } from '../../lib/authentication/rate-limiter.js';
import packageJson from '../../package.json' with { type: 'json' };

function createLimiter(points: number, window: number, maxKeys?: number): BoundedRateLimiter {
  const limiter = new BoundedRateLimiter(points, window, maxKeys);
  onTestFinished(() => limiter.close());
  return limiter;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a bounded rate limiter', () => {
  it('gives each key a number of points in a window, which begins with the first one used', async () => {
    const limiter = createLimiter(2, 1_000);
    expect(await limiter.take('a')).toBe(0);
    vi.advanceTimersByTime(400);
    expect(await limiter.take('a')).toBe(0);
    expect(await limiter.take('a')).toBe(600);
    expect(await limiter.take('b')).toBe(0);
    vi.advanceTimersByTime(600);
    expect(await limiter.take('a')).toBe(0);
  });

  it('tells how many points of a key are taken', async () => {
    const limiter = createLimiter(2, 1_000);
    expect(await limiter.pointsOf('a')).toBe(0);
    await limiter.take('a');
    await limiter.count('a');
    await limiter.count('a');
    expect(await limiter.pointsOf('a')).toBe(3);
  });

  it('takes points back, up to the number used', async () => {
    const limiter = createLimiter(1, 1_000);
    await limiter.take('a');
    await limiter.giveBack('a');
    expect(await limiter.take('a')).toBe(0);
    expect(await limiter.take('a')).toBe(1_000);
    vi.advanceTimersByTime(1_000);
    await limiter.giveBack('a');
    expect(await limiter.take('a')).toBe(0);
    expect(await limiter.take('a')).toBe(1_000);
  });

  it('counts beyond the limit, and tells how long the limit is exceeded', async () => {
    const limiter = createLimiter(2, 1_000);
    expect(await limiter.waitOf('a')).toBe(0);
    await limiter.count('a');
    vi.advanceTimersByTime(100);
    expect(await limiter.waitOf('a')).toBe(0);
    await limiter.count('a');
    await limiter.count('a');
    expect(await limiter.waitOf('a')).toBe(900);
    vi.advanceTimersByTime(900);
    expect(await limiter.waitOf('a')).toBe(0);
  });

  it('stores no key without used points, so refused clients displace no others', async () => {
    const limiter = createLimiter(1, 1_000, 10);
    await limiter.take('a');
    for (let index = 0; index < 1_000; index += 1) {
      await limiter.take(`key ${index}`);
      await limiter.giveBack(`key ${index}`);
    }
    expect(await limiter.waitOf('a')).toBe(1_000);
  });

  it('takes a window of any length', async () => {
    const limiter = createLimiter(1, 9_223_372_036_854);
    expect(await limiter.take('a')).toBe(0);
    vi.advanceTimersByTime(3_000_000_000);
    expect(await limiter.take('a')).toBe(9_220_372_036_854);
    const short = createLimiter(1, 0.5);
    expect(await short.take('a')).toBe(0);
    expect(await short.take('a')).toBe(1);
  });

  it('stores a bounded number of keys', async () => {
    const limiter = createLimiter(1, 1_000, 100);
    for (let index = 0; index < 10_000; index += 1) await limiter.take(`key ${index}`);
    let kept = 0;
    for (let index = 9_999; index >= 0 && (await limiter.take(`key ${index}`)) > 0; index -= 1) kept += 1;
    expect(kept).toBeGreaterThan(80);
    expect(kept).toBeLessThanOrEqual(100);
  });
});

describe('the library below it', () => {
  it('has the version whose internals are extended: look at RateLimiterStoreAbstract before another one is taken', () => {
    const { version } = createRequire(import.meta.url)('rate-limiter-flexible/package.json');
    expect([packageJson.dependencies['rate-limiter-flexible'], version]).toEqual(['11.4.0', '11.4.0']);
  });
});
