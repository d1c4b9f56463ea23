import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { KeyPoints, SharedLimiter, SharedLimiterOptions, SharedLimits } from '../../users/shared-limits.js';
import { KNOWN_CLIENTS } from '../../users/shared-limits.js';
import { everybody, insertAll, type Suite, testOf, userNamed } from './suite.js';

/** Milliseconds that the clocks of the store and of this process may differ, and a test may take. */
const CLOCKS_DIFFER = 60_000;
/** Seconds. Windows that do not end during a test, as long as those of the middleware. */
const [TEN_MINUTES, THIRTY_DAYS] = [600, 2_592_000];
/** A key has 44 characters: a SHA-256 in base64. */
const keyOf = (character: string): string => `${character.repeat(43)}=`;
const KEY = keyOf('k');

/** The part `limits`, if the repository has it. */
export function describeLimits(suite: Suite): void {
  describePoints(suite);
  describeAtOnce(suite);
  describeWindows(suite);
  describeSweep(suite);
  describeUsers(suite);
}

type Run = (limits: SharedLimits) => Promise<void>;

const limitsOf =
  (suite: Suite) =>
  (title: string, run: Run): void =>
    testOf(suite, 'limits', title, ({ limits }) => run(limits));

function limiterOf(limits: SharedLimits, options: Partial<SharedLimiterOptions> = {}): SharedLimiter {
  return limits.limiter({ keyPrefix: 'pair', points: 10, duration: TEN_MINUTES, ...options });
}

/** Asserts the points of a key, and that its window began within the last minute. */
function assertPoints(found: KeyPoints | null, points: number, duration = TEN_MINUTES): void {
  assert.ok(found !== null, 'the key has no points');
  assert.equal(found.consumedPoints, points);
  const ago = duration * 1_000 - found.msBeforeNext;
  assert.ok(Math.abs(ago) < CLOCKS_DIFFER, `the window of ${duration} s began ${ago} ms ago`);
}

function describePoints(suite: Suite): void {
  const test = limitsOf(suite);
  suite.describe('a limiter of limits, if the repository has them,', () => {
    test('finds no points of a key that has none', async (limits) => {
      assert.equal(await limiterOf(limits).get(KEY), null);
    });

    test('adds points one by one, and goes on beyond the limit', async (limits) => {
      const limiter = limiterOf(limits, { points: 2 });
      for (const points of [1, 2, 3, 4]) {
        assertPoints(await limiter.penalty(KEY), points);
        assertPoints(await limiter.get(KEY), points);
      }
    });

    test('takes points back', async (limits) => {
      const limiter = limiterOf(limits);
      for (let points = 0; points < 3; points += 1) await limiter.penalty(KEY);
      assertPoints(await limiter.reward(KEY), 2);
      assertPoints(await limiter.get(KEY), 2);
      assertPoints(await limiter.penalty(KEY), 3);
    });

    test('sets points for a time that begins then', async (limits) => {
      const limiter = limiterOf(limits, { duration: 1 });
      await limiter.penalty(KEY);
      for (const points of [1, 5]) {
        await limiter.set(KEY, points, TEN_MINUTES);
        assertPoints(await limiter.get(KEY), points);
      }
      assertPoints(await limiter.penalty(KEY), 6);
    });

    test('keeps keys for 30 days', async (limits) => {
      const limiter = limiterOf(limits, { keyPrefix: KNOWN_CLIENTS, points: 1, duration: THIRTY_DAYS });
      await limiter.set(KEY, 1, THIRTY_DAYS);
      assertPoints(await limiter.get(KEY), 1, THIRTY_DAYS);
    });

    test('keeps keys apart, in their case as well, and those of each prefix', async (limits) => {
      const keys = ['a', 'A', '0', '+', '/'].map(keyOf);
      const limiters = ['pair', 'client', 'user', 'trickle', KNOWN_CLIENTS].map((keyPrefix) =>
        limiterOf(limits, { keyPrefix }),
      );
      for (const [index, limiter] of limiters.entries()) {
        for (const [other, key] of keys.entries()) await limiter.set(key, 1 + index + 10 * other, TEN_MINUTES);
      }
      for (const [index, limiter] of limiters.entries()) {
        for (const [other, key] of keys.entries()) assertPoints(await limiter.get(key), 1 + index + 10 * other);
      }
    });
  });
}

function describeAtOnce(suite: Suite): void {
  const test = limitsOf(suite);
  suite.describe('limiters of limits, if the repository has them,', () => {
    test('of one prefix count together, and no point of calls at once is lost', async (limits) => {
      const limiters = Array.from({ length: 4 }, () => limiterOf(limits));
      const calls = Array.from({ length: 100 }, (_, index) => (limiters[index % 4] as SharedLimiter).penalty(KEY));
      const counted = (await Promise.all(calls)).map(({ consumedPoints }) => consumedPoints);
      const oneByOne = Array.from({ length: 100 }, (_, index) => index + 1);
      assert.deepEqual(
        counted.toSorted((one, other) => one - other),
        oneByOne,
      );
      assertPoints(await limiterOf(limits).get(KEY), 100);
    });

    test('lose no point that is taken back while others are added', async (limits) => {
      const limiter = limiterOf(limits);
      for (let points = 0; points < 20; points += 1) await limiter.penalty(KEY);
      await Promise.all(
        Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? limiter.penalty(KEY) : limiter.reward(KEY))),
      );
      assertPoints(await limiter.get(KEY), 20);
    });
  });
}

function describeWindows(suite: Suite): void {
  const test = limitsOf(suite);
  suite.describe('a window of limits, if the repository has them,', () => {
    test('begins with the first point, and is not prolonged by later ones', async (limits) => {
      const limiter = limiterOf(limits);
      const { msBeforeNext } = await limiter.penalty(KEY);
      await setTimeout(20);
      for (const next of [await limiter.penalty(KEY), await limiter.reward(KEY), await limiter.get(KEY)]) {
        assert.ok((next as KeyPoints).msBeforeNext < msBeforeNext, 'the window was prolonged');
      }
    });

    test('ends, and the next point begins another one', async (limits) => {
      const limiter = limiterOf(limits, { duration: 1 });
      const other = limiterOf(limits, { keyPrefix: 'user' });
      for (let points = 0; points < 3; points += 1) await limiter.penalty(KEY);
      await other.penalty(KEY);
      await setTimeout(1_020);
      assert.equal(await limiter.get(KEY), null);
      assertPoints(await limiter.penalty(KEY), 1, 1);
      assertPoints(await other.get(KEY), 1);
    });
  });
}

function describeSweep(suite: Suite): void {
  const test = limitsOf(suite);
  suite.describe('limits.sweep, if the repository has it,', () => {
    test('removes nothing whose window has not ended', async (limits) => {
      await limits.sweep?.();
      const prefixes = ['pair', KNOWN_CLIENTS];
      for (const keyPrefix of prefixes) await limiterOf(limits, { keyPrefix }).penalty(KEY);
      const ending = limiterOf(limits, { keyPrefix: 'trickle', duration: 1 });
      await ending.penalty(KEY);
      await setTimeout(1_020);
      await Promise.all([limits.sweep?.(), limits.sweep?.()]);
      for (const keyPrefix of prefixes) assertPoints(await limiterOf(limits, { keyPrefix }).get(KEY), 1);
      assert.equal(await ending.get(KEY), null);
      assertPoints(await ending.penalty(KEY), 1, 1);
    });

    test('may run while points are added, and loses none', async (limits) => {
      const limiter = limiterOf(limits);
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          if (index % 10 === 0) await limits.sweep?.();
          await limiter.penalty(KEY);
        }),
      );
      assertPoints(await limiter.get(KEY), 50);
    });
  });
}

function describeUsers(suite: Suite): void {
  suite.describe('limits, if the repository has them,', () => {
    testOf(suite, 'limits', 'change no user and no revision', async (repository) => {
      const users = [userNamed('a'), userNamed('root', { type: 'admin' })];
      await insertAll(repository, users);
      const limiter = limiterOf(repository.limits);
      await limiter.penalty(KEY);
      await limiter.reward(KEY);
      await limiter.set(KEY, 1, TEN_MINUTES);
      await repository.limits.sweep?.();
      for (const user of users) assert.deepEqual(await repository.find(user.name), user);
      assert.deepEqual(await repository.list({ pattern: everybody, after: undefined, offset: 0, limit: 9 }), users);
    });

    testOf(suite, 'limits', 'stay when users are removed', async (repository) => {
      await repository.insert(userNamed('a'));
      const limiter = limiterOf(repository.limits);
      await limiter.penalty(KEY);
      assert.equal(await repository.remove('a'), 'removed');
      assertPoints(await limiter.get(KEY), 1);
    });
  });
}
