import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { guess, HERE, NAME, setUpThrottle, WINDOW } from '../support/throttle.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a client, for one user', () => {
  it('has a limited number of failures in a window, and learns when the next attempt is possible', async () => {
    const { fail, succeed } = setUpThrottle();
    expect([await fail(), await fail(), await fail()]).toEqual(['failed', 'failed', 'failed']);
    vi.advanceTimersByTime(20_500);
    expect(await fail()).toBe(40);
    expect(await succeed()).toBe(40);
    vi.advanceTimersByTime(39_500);
    expect([await fail(), await fail(), await fail()]).toEqual(['failed', 'failed', 'failed']);
    expect(await fail()).toBe(60);
  });

  it('loses no attempt by a success', async () => {
    const { fail, succeed } = setUpThrottle();
    for (let index = 0; index < 50; index += 1) expect(await succeed()).toBe('let in');
    expect([await fail(), await succeed(), await fail(), await succeed(), await fail()]).toEqual([
      'failed',
      'let in',
      'failed',
      'let in',
      'failed',
    ]);
    expect(await succeed()).toBe(60);
  });

  it('loses no attempt by a refusal', async () => {
    const { fail } = setUpThrottle();
    for (let index = 0; index < 3; index += 1) await fail();
    for (let index = 0; index < 50; index += 1) expect(await fail()).toBe(60);
    vi.advanceTimersByTime(WINDOW);
    expect(await fail()).toBe('failed');
  });

  it('loses no attempt if the password could not be verified', async () => {
    const { throttle, fail } = setUpThrottle();
    for (let index = 0; index < 50; index += 1) {
      const broken = throttle.attempt(guess(), () => Promise.reject(new Error('the store')));
      await expect(broken).rejects.toThrow('the store');
    }
    expect(await fail()).toBe('failed');
  });

  it('has the same limit for concurrent attempts', async () => {
    const { throttle } = setUpThrottle();
    const verify = vi.fn(() => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 100)));
    const attempts = Array.from({ length: 50 }, () => throttle.attempt(guess(), verify).catch(() => 'refused'));
    await vi.advanceTimersByTimeAsync(100);
    expect((await Promise.all(attempts)).filter((outcome) => outcome === 'refused')).toHaveLength(47);
    expect(verify).toHaveBeenCalledTimes(3);
  });

  it('does not limit other users from its address, or this user elsewhere', async () => {
    const { fail, succeed } = setUpThrottle();
    for (let index = 0; index < 4; index += 1) await fail();
    expect(await succeed(HERE, 'other')).toBe('let in');
    expect(await succeed('192.0.2.2')).toBe('let in');
  });

  it('may send a name of any length', async () => {
    const { fail } = setUpThrottle();
    const name = 'x'.repeat(16_000);
    for (let index = 0; index < 3; index += 1) expect(await fail(HERE, name)).toBe('failed');
    expect(await fail(HERE, name)).toBe(60);
    expect(await fail(HERE, `${name}y`)).toBe('failed');
  });
});

describe('a client, for all users together', () => {
  it('may have any number of concurrent attempts', async () => {
    const { throttle } = setUpThrottle();
    const verify = () => new Promise<string>((resolve) => setTimeout(() => resolve('yes'), 100));
    const attempts = Array.from({ length: 100 }, (_, index) => throttle.attempt(guess(HERE, `user${index}`), verify));
    await vi.advanceTimersByTimeAsync(100);
    expect(new Set(await Promise.all(attempts))).toEqual(new Set(['yes']));
  });

  it('has a limit that is ten times as high', async () => {
    const { fail, succeed } = setUpThrottle();
    for (let index = 0; index < 30; index += 1) expect(await fail(HERE, `user${index}`)).toBe('failed');
    expect(await fail(HERE, 'another')).toBe(60);
    expect(await succeed(HERE, 'another')).toBe(60);
    expect(await succeed('192.0.2.2', 'another')).toBe('let in');
    vi.advanceTimersByTime(WINDOW);
    expect(await fail(HERE, 'another')).toBe('failed');
  });

  it('is not limited for users who have logged in from there', async () => {
    const { throttle, fail, succeed } = setUpThrottle();
    throttle.remember(HERE, NAME);
    for (let index = 0; index < 30; index += 1) await fail(HERE, `user${index}`);
    expect(await fail(HERE, 'another')).toBe(60);
    expect(await succeed()).toBe('let in');
  });

  it('counts no failure for a user if the limit for all users refused it', async () => {
    const { fail } = setUpThrottle();
    for (let index = 0; index < 30; index += 1) await fail(HERE, `user${index}`);
    vi.advanceTimersByTime(WINDOW - 1);
    for (let index = 0; index < 5; index += 1) expect(await fail(HERE, 'another')).toBe(1);
    vi.advanceTimersByTime(1);
    for (let index = 0; index < 3; index += 1) expect(await fail(HERE, 'another')).toBe('failed');
  });
});

describe('a user', () => {
  it('gets one attempt at a time after ten times as many failures from everywhere', async () => {
    const { fail, succeed, failFromEverywhere } = setUpThrottle();
    await failFromEverywhere(30);
    // One more each third of a minute.
    expect(await fail('203.0.113.1')).toBe('failed');
    expect(await fail('203.0.113.2')).toBe(20);
    expect(await succeed('203.0.113.3')).toBe(20);
    vi.advanceTimersByTime(20_000);
    expect(await succeed('203.0.113.3')).toBe('let in');
    expect(await fail('203.0.113.4')).toBe('failed');
    expect(await fail('203.0.113.5')).toBe(20);
  });

  it('is not limited where the user has logged in before', async () => {
    const { throttle, fail, succeed, failFromEverywhere } = setUpThrottle();
    throttle.remember(HERE, NAME);
    await failFromEverywhere(31);
    expect(await succeed('203.0.113.1')).toBe(20);
    for (let index = 0; index < 5; index += 1) expect(await succeed()).toBe('let in');
    // Whoever has its address cannot guess without end all the same.
    for (let index = 0; index < 3; index += 1) expect(await fail()).toBe('failed');
    expect(await fail()).toBe(60);
  });

  it('stays known if another user has many addresses, and forgets its oldest addresses first', async () => {
    const { throttle } = setUpThrottle();
    const isKnown = (client: string, name: string) =>
      throttle.attempt(guess(client, name), async (admission) => (admission.isKnown ? 'known' : 'not known'));
    throttle.remember(HERE, NAME);
    throttle.remember(HERE, NAME);
    for (let index = 0; index < 21_000; index += 1)
      throttle.remember(`2001:db8:0:${index}::/64`, 'with many addresses');
    expect(await isKnown(HERE, NAME)).toBe('known');
    expect(await isKnown('2001:db8:0:20949::/64', 'with many addresses')).toBe('not known');
    expect(await isKnown('2001:db8:0:20950::/64', 'with many addresses')).toBe('known');
  });

  it('is limited in time, because attempts in progress count as well', async () => {
    const { throttle, fail } = setUpThrottle();
    const verify = vi.fn(async () => undefined);
    const waiting = Array.from({ length: 60 }, (_, index) =>
      throttle
        .attempt(guess(`198.51.100.${index}`), async ({ begin }) => {
          await new Promise((resolve) => setTimeout(resolve, 1_000 + index));
          await begin();
          return verify();
        })
        .catch(({ code }) => code),
    );
    await vi.advanceTimersByTimeAsync(2_000);
    const outcomes = await Promise.all(waiting);
    expect(verify).toHaveBeenCalledTimes(31);
    expect(outcomes.filter((outcome) => outcome === 'THROTTLED')).toHaveLength(29);
    expect(await fail('203.0.113.1')).toBe(20);
  });

  it('gets its attempt back if nothing was verified', async () => {
    const { fail, succeed, failFromEverywhere } = setUpThrottle();
    await failFromEverywhere(30);
    expect(await succeed('203.0.113.1')).toBe('let in');
    expect(await fail('203.0.113.2')).toBe('failed');
    expect(await fail('203.0.113.3')).toBe(20);
  });

  it('is admitted without a count, unless it would not be verified', async () => {
    const { throttle, fail, failFromEverywhere } = setUpThrottle();
    const admit = (client: string) => throttle.admit(client, NAME).catch(({ retryAfter }) => retryAfter as number);
    for (let index = 0; index < 3; index += 1) await fail('192.0.2.2');
    expect(await admit('192.0.2.2')).toBe(60);
    await failFromEverywhere(27);
    expect(await admit('203.0.113.1')).toBeUndefined();
    expect(await fail('203.0.113.2')).toBe('failed');
    expect(await admit('203.0.113.3')).toBe(20);
    expect(await admit('203.0.113.1')).toBeUndefined();
  });

  it('is admitted from a known address, however often it has failed there', async () => {
    const { throttle, fail } = setUpThrottle();
    throttle.remember(HERE, NAME);
    for (let index = 0; index < 3; index += 1) await fail();
    expect(await fail()).toBe(60);
    await expect(throttle.admit(HERE, NAME)).resolves.toBeUndefined();
  });

  it('is limited only by its own failures at a known address', async () => {
    const { throttle, failFromEverywhere } = setUpThrottle();
    throttle.remember(HERE, NAME);
    await failFromEverywhere(31);
    await expect(throttle.check('203.0.113.1', NAME)).rejects.toMatchObject({ code: 'THROTTLED', retryAfter: 20 });
    await expect(throttle.check(HERE, NAME)).resolves.toBeUndefined();
  });

  it('has known addresses for thirty days', async () => {
    const { throttle } = setUpThrottle();
    throttle.remember(HERE, NAME);
    const known: boolean[] = [];
    const look = () => throttle.attempt(guess(), async ({ isKnown }) => known.push(isKnown));
    await look();
    vi.advanceTimersByTime(2_592_000_000 - 1);
    await look();
    vi.advanceTimersByTime(1);
    await look();
    expect(known).toEqual([true, true, false]);
  });
});

describe('the attempts of a user who is known from many addresses', () => {
  it.each([3, 0])('precede those of strangers ten at a time, with the limit %d', async (failureLimit) => {
    const { throttle } = setUpThrottle({ failureLimit });
    const addresses = Array.from({ length: 12 }, (_, index) => `198.51.100.${index}`);
    for (const address of addresses) throttle.remember(address, NAME);
    const known: boolean[] = [];
    const verify = (isHeld: boolean) => (address: string) =>
      throttle.attempt(guess(address), async ({ isKnown }) => {
        known.push(isKnown);
        if (isHeld) await new Promise((resolve) => setTimeout(resolve, 100));
        return 'yes';
      });
    const attempts = addresses.map(verify(true));
    await vi.advanceTimersByTimeAsync(100);
    await Promise.all(attempts);
    expect(known.filter(Boolean)).toHaveLength(10);
    expect(known).toHaveLength(12);
    known.length = 0;
    throttle.remember('203.0.113.1', 'other');
    await Promise.all(addresses.slice(0, 10).map(verify(false)));
    expect(known).toEqual(Array(10).fill(true));
  });
});

describe('a throttle that is switched off', () => {
  it.each([{ failureLimit: 0 }, { failureWindow: 0 }])('admits every attempt: %j', async (options) => {
    const { throttle, fail } = setUpThrottle(options);
    expect(throttle.isOn).toBe(false);
    for (let index = 0; index < 200; index += 1) expect(await fail()).toBe('failed');
  });
});

describe('a closed throttle', () => {
  it('leaves no timer', async () => {
    const { throttle, failFromEverywhere } = setUpThrottle();
    await failFromEverywhere(20);
    throttle.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
