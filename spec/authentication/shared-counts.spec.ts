import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SharedCounts } from '../../lib/authentication/shared-counts.js';
import type { SharedLimiter, SharedLimiterOptions, SharedLimits } from '../../lib/users/shared-limits.js';
import { guess, HERE, NAME, setUpThrottle, WINDOW } from '../support/throttle.js';

// Its clock is bound when it is imported.
vi.mock('../../lib/clock.js', () => ({ now: () => Date.now() }));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Counts points in memory, and notes what it is asked. It can be told to hold back its answers, or to fail. */
class Store implements SharedLimits {
  asked: string[] = [];
  problem: 'none' | 'silent' | 'failing' = 'none';
  sweep? = vi.fn(() => {});
  readonly #counters = new Map<string, { points: number; end: number }>();

  limiter({ keyPrefix, duration }: SharedLimiterOptions): SharedLimiter {
    const ask = async (question: string) => {
      this.asked.push(`${question} ${keyPrefix}`);
      if (this.problem === 'silent') await new Promise(() => {});
      if (this.problem === 'failing') throw new Error('no room');
    };
    const add = async (key: string, points: number) => {
      const { points: before, end } = this.#find(keyPrefix + key) ?? { points: 0, end: Date.now() + duration * 1_000 };
      this.#counters.set(keyPrefix + key, { points: before + points, end });
      return { consumedPoints: before + points, msBeforeNext: end - Date.now() };
    };
    return {
      get: async (key) => {
        await ask('get');
        const found = this.#find(keyPrefix + key);
        return found ? { consumedPoints: found.points, msBeforeNext: found.end - Date.now() } : null;
      },
      penalty: (key) => ask('penalty').then(() => add(key, 1)),
      reward: (key) => ask('reward').then(() => add(key, -1)),
      set: async (key, points, seconds) => {
        await ask('set');
        this.#counters.set(keyPrefix + key, { points, end: Date.now() + seconds * 1_000 });
      },
    };
  }

  #find(key: string) {
    const found = this.#counters.get(key);
    return found && Date.now() < found.end ? found : undefined;
  }
}

/** A process that shares the store. */
function startProcess(store: SharedLimits) {
  const onFailure = vi.fn();
  const counts = new SharedCounts(store, onFailure);
  return { counts, onFailure, ...setUpThrottle({}, counts) };
}

describe('processes of a store', () => {
  it('have the points of a client at a user together', async () => {
    const store = new Store();
    const [one, two] = [startProcess(store), startProcess(store)];
    expect([await one.fail(), await two.fail(), await one.fail()]).toEqual(['failed', 'failed', 'failed']);
    vi.advanceTimersByTime(20_500);
    expect([await one.fail(), await two.fail(), await two.succeed()]).toEqual([40, 40, 40]);
    vi.advanceTimersByTime(39_500);
    expect([await two.fail(), await one.succeed()]).toEqual(['failed', 'let in']);
  });

  it('do not tell whether a password is wrong or right when others took the last point while it was verified', async () => {
    const store = new Store();
    const [one, two, three] = [startProcess(store), startProcess(store), startProcess(store)];
    let verified: ((outcome: string | undefined) => void)[] = [];
    const slow = ({ throttle }: typeof one) =>
      throttle
        .attempt(guess(), async ({ begin }) => {
          await begin();
          return new Promise<string | undefined>((resolve) => verified.push(resolve));
        })
        .then(String, ({ code }) => code);
    const running = [slow(one), slow(two)];
    await vi.waitFor(() => expect(verified).toHaveLength(2));
    for (let index = 0; index < 3; index += 1) expect(await three.fail()).toBe('failed');
    const [right, wrong] = verified;
    right?.('yes');
    wrong?.(undefined);
    expect(await Promise.all(running)).toEqual(['THROTTLED', 'THROTTLED']);
    verified = [];
  });

  it('take the points of further attempts before they begin, and give back those of successes', async () => {
    const store = new Store();
    const [one, two] = [startProcess(store), startProcess(store)];
    await one.fail();
    store.asked = [];
    const begun = (process: typeof one, outcome: string | undefined) =>
      process.throttle.attempt(guess(), async ({ begin }) => {
        await begin();
        await begin();
        return outcome;
      });
    for (let index = 0; index < 5; index += 1) expect(await begun(two, 'yes')).toBe('yes');
    expect(store.asked.filter((question) => question.endsWith(' pair'))).toEqual(
      Array(5).fill(['get pair', 'penalty pair', 'reward pair']).flat(),
    );
    const broken = one.throttle.attempt(guess(), async ({ begin }) => {
      await begin();
      throw new Error('the store');
    });
    await expect(broken).rejects.toThrow('the store');
    expect([await begun(two, undefined), await begun(one, undefined)]).toEqual([undefined, undefined]);
    await expect(begun(two, 'yes')).rejects.toThrow('too many failed attempts');
  });

  it('ask once a second at most for a key without points', async () => {
    const store = new Store();
    const [one, two] = [startProcess(store), startProcess(store)];
    for (let index = 0; index < 3; index += 1) await one.fail();
    expect(await two.succeed()).toBe(60);
    store.asked = [];
    for (let index = 0; index < 20; index += 1) expect(await two.fail()).toBe(60);
    await expect(two.throttle.admit(HERE, NAME)).rejects.toThrow('too many failed attempts');
    expect(store.asked).toEqual(Array(21).fill('get known'));
    vi.advanceTimersByTime(1_000);
    await expect(two.throttle.admit(HERE, NAME)).rejects.toThrow('too many failed attempts');
    expect(store.asked.at(-1)).toBe('get pair');
  });

  it('slow down a user together, and let in from where one of them let the user in before', async () => {
    const store = new Store();
    const [one, two] = [startProcess(store), startProcess(store)];
    one.throttle.remember(HERE, NAME);
    for (let index = 0; index < 30; index += 1)
      expect(await (index % 2 ? one : two).fail(`198.51.100.${index}`)).toBe('failed');
    expect(await one.fail('203.0.113.1')).toBe('failed');
    expect([await one.fail('203.0.113.2'), await two.fail('203.0.113.3')]).toEqual([20, 20]);
    await expect(two.throttle.check('203.0.113.4', NAME)).rejects.toThrow('too many failed attempts');
    await two.throttle.check(HERE, NAME);
    expect(await two.succeed()).toBe('let in');
    vi.advanceTimersByTime(20_000);
    expect([await two.succeed('203.0.113.5'), await one.fail('203.0.113.6')]).toEqual(['let in', 'failed']);
  });

  it('remember a client for 30 days, and say so once a day', async () => {
    const store = new Store();
    const [one, two] = [startProcess(store), startProcess(store)];
    const begin = Date.now();
    const goToDay = (day: number) => vi.setSystemTime(begin + day * 86_400_000);
    one.throttle.remember(HERE, NAME);
    await two.throttle.admit(HERE, NAME);
    for (const day of [0, 0.9, 1]) {
      goToDay(day);
      for (const process of [one, two]) process.throttle.remember(HERE, NAME);
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(store.asked).toEqual(['set known', 'get known', 'set known', 'set known']);
    goToDay(30.9);
    store.asked = [];
    await startProcess(store).throttle.admit(HERE, NAME);
    expect(store.asked).toEqual(['get known']);
    goToDay(31.1);
    store.asked = [];
    await startProcess(store).throttle.admit(HERE, NAME);
    expect(store.asked.slice(0, 2)).toEqual(['get known', 'get pair']);
  });
});

describe('a store that does not answer', () => {
  it.each(['silent', 'failing'] as const)(
    'leaves each process its own counts, and is asked again once a second, for which no login waits: %s',
    async (problem) => {
      const store = new Store();
      const { fail, succeed, onFailure } = startProcess(store);
      store.problem = problem;
      const first = fail();
      if (problem === 'silent') await vi.advanceTimersByTimeAsync(2_000);
      expect(await first).toBe('failed');
      expect(onFailure).toHaveBeenCalledTimes(1);
      store.asked = [];
      expect([await fail(), await fail()]).toEqual(['failed', 'failed']);
      expect(await succeed()).toBeTypeOf('number');
      expect(store.asked).toEqual([]);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(store.asked).toEqual(['set trial']);
      expect(await fail('203.0.113.1')).toBe('failed');
      await vi.advanceTimersByTimeAsync(3_000);
      expect(store.asked.slice(0, 2)).toEqual(['set trial', 'set trial']);
      expect(onFailure.mock.calls.length).toBeGreaterThan(1);
    },
  );

  it('counts again when it answers, and is told of the clients that it missed', async () => {
    const store = new Store();
    const { fail, throttle } = startProcess(store);
    store.problem = 'failing';
    throttle.remember(HERE, NAME);
    await vi.advanceTimersByTimeAsync(0);
    store.problem = 'none';
    await vi.advanceTimersByTimeAsync(1_000);
    expect(store.asked).toEqual(['set known', 'set trial']);
    store.asked = [];
    throttle.remember(HERE, NAME);
    throttle.remember(HERE, NAME);
    await fail('203.0.113.1');
    expect(store.asked[0]).toBe('set known');
    expect(store.asked[1]).toBe('get known');
    expect(store.asked).toContain('penalty pair');
  });

  it('settles what waits for it when it is closed, and is asked nothing more', async () => {
    const store = new Store();
    const { fail, counts, throttle, onFailure } = startProcess(store);
    store.problem = 'silent';
    const waiting = fail();
    await vi.advanceTimersByTimeAsync(10);
    throttle.close();
    expect(await waiting).toBe('failed');
    store.asked = [];
    expect(await counts.ask(async () => 'asked')).toBeUndefined();
    expect(onFailure).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the store', () => {
  it('is swept every ten minutes, and after 2,000 points', async () => {
    const store = new Store();
    const { counts } = startProcess(store);
    const sweep = store.sweep as NonNullable<Store['sweep']>;
    vi.advanceTimersByTime(600_000);
    expect(sweep).toHaveBeenCalledTimes(1);
    const counter = counts.counter('any', 1, WINDOW);
    for (let index = 0; index < 1_999; index += 1) await counter.add(`key ${index}`);
    expect(sweep).toHaveBeenCalledTimes(1);
    await counter.add('the last one');
    expect(sweep).toHaveBeenCalledTimes(2);
    sweep.mockRejectedValue(new Error('no room') as never);
    vi.advanceTimersByTime(600_000);
    expect(sweep).toHaveBeenCalledTimes(3);
  });

  it('may sweep by itself', () => {
    const store = new Store();
    delete store.sweep;
    startProcess(store);
    vi.advanceTimersByTime(600_000);
    expect(store.asked).toEqual([]);
  });
});
