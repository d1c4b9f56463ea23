import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { guess, HERE, NAME, setUpThrottle, WINDOW } from '../support/throttle.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a client that repeats a wrong password', () => {
  it('counts one failure, whether the client is known or not', async () => {
    for (const isKnown of [false, true]) {
      const { throttle, attempt, fail } = setUpThrottle();
      if (isKnown) throttle.remember(HERE, NAME);
      const wrong = guess();
      for (let index = 0; index < 11; index += 1) expect(await attempt(wrong, undefined)).toBe('failed');
      expect([await fail(), await fail(), await fail()]).toEqual(['failed', 'failed', 60]);
    }
  });

  it('counts another failure in another window, for another user and from another address', async () => {
    const { attempt, fail } = setUpThrottle();
    const wrong = guess();
    await attempt(wrong, undefined);
    for (const other of [{ client: '192.0.2.2' }, { name: 'other', digest: 'of another name' }]) {
      const elsewhere = { ...wrong, ...other };
      for (let index = 0; index < 11; index += 1) expect(await attempt(elsewhere, undefined)).toBe('failed');
      expect([await fail(elsewhere.client, elsewhere.name), await fail(elsewhere.client, elsewhere.name)]).toEqual([
        'failed',
        'failed',
      ]);
      expect(await attempt(elsewhere, undefined)).toBe(60);
    }
    vi.advanceTimersByTime(WINDOW);
    expect(await attempt(wrong, undefined)).toBe('failed');
    expect([await fail(), await fail(), await fail()]).toEqual(['failed', 'failed', 60]);
  });

  it('may repeat it thirty times in a window, and each further time counts', async () => {
    const { attempt } = setUpThrottle();
    const wrong = guess();
    for (let index = 0; index < 33; index += 1) expect(await attempt(wrong, undefined)).toBe('failed');
    expect(await attempt(wrong, undefined)).toBe(60);
  });

  it('has the same allowance with several passwords', async () => {
    const { attempt } = setUpThrottle();
    const [first, second] = [guess(), guess()];
    for (let index = 0; index < 21; index += 1) expect(await attempt(first, undefined)).toBe('failed');
    for (let index = 0; index < 12; index += 1) expect(await attempt(second, undefined)).toBe('failed');
    expect(await attempt(second, undefined)).toBe(60);
  });

  it('is refused like any client after too many failures', async () => {
    const { attempt, fail } = setUpThrottle();
    const wrong = guess();
    await attempt(wrong, undefined);
    await fail();
    await fail();
    expect(await attempt(wrong, undefined)).toBe(60);
  });
});

describe('a client that repeats a former password', () => {
  it('counts no failure for a limited number of times in a window', async () => {
    const { attempt, fail, succeed } = setUpThrottle();
    const goOn = () => attempt({ ...guess(), isGuess: false }, undefined);
    for (let index = 0; index < 3; index += 1) expect(await goOn()).toBe('failed');
    expect([await fail(), await fail()]).toEqual(['failed', 'failed']);
    expect(await succeed()).toBe('let in');
    expect([await goOn(), await goOn()]).toEqual(['failed', 60]);
  });

  it('is refused like any client after too many failures, even if it is known', async () => {
    for (const isKnown of [false, true]) {
      const { throttle, fail } = setUpThrottle();
      if (isKnown) throttle.remember(HERE, NAME);
      await throttle.check(HERE, NAME);
      for (let index = 0; index < 3; index += 1) await fail();
      await expect(throttle.check(HERE, NAME)).rejects.toMatchObject({ code: 'THROTTLED', retryAfter: 60 });
    }
  });
});
