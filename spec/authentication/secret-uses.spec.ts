import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SecretUses } from '../../lib/authentication/secret-uses.js';
import type { SecretUse } from '../../lib/users/secret.js';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp(answer: () => unknown = () => undefined) {
  const recordUses = vi.fn((_uses: readonly SecretUse[]) => answer() as undefined);
  const uses = new SecretUses({ recordUses });
  onTestFinished(() => uses.close());
  const recorded = () =>
    recordUses.mock.calls.map(([batch]) => batch.map(({ digest, lastUsed }) => [digest, lastUsed]));
  return { uses, recorded };
}

describe('the uses of secrets', () => {
  it('of a second are recorded together, and each secret once a minute', async () => {
    const { uses, recorded } = setUp();
    for (let second = 0; second < 130; second += 1) {
      uses.note('a', Date.now());
      if (second % 10 === 0) uses.note('b', Date.now());
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(recorded()).toEqual([
      [
        ['a', 0],
        ['b', 0],
      ],
      [
        ['a', 60_000],
        ['b', 60_000],
      ],
      [
        ['a', 120_000],
        ['b', 120_000],
      ],
    ]);
  });

  it('are not waited for, and the next ones are recorded although the last could not be', async () => {
    for (const answer of [() => Promise.reject(new Error('down')), () => new Promise(() => {})]) {
      vi.setSystemTime(0);
      const { uses, recorded } = setUp(answer);
      uses.note('a', Date.now());
      await vi.advanceTimersByTimeAsync(1_000);
      uses.note('b', Date.now());
      await vi.advanceTimersByTimeAsync(1_000);
      expect(recorded()).toEqual([[['a', 0]], [['b', 1_000]]]);
    }
    const { uses } = setUp(() => {
      throw new Error('down');
    });
    uses.note('a', Date.now());
    await vi.advanceTimersByTimeAsync(1_000);
  });

  it('are known for a minute after they were noted, and forgotten with the next record', async () => {
    const { uses } = setUp();
    uses.note('a', Date.now());
    uses.note('a', Date.now() + 59_999);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([uses.lastNoted('a'), uses.lastNoted('b')]).toEqual([0, undefined]);
    uses.note('b', Date.now());
    await vi.advanceTimersByTimeAsync(1_000);
    expect([uses.lastNoted('a'), uses.lastNoted('b')]).toEqual([undefined, 60_000]);
  });

  it('that wait are lost when it is closed', async () => {
    const { uses, recorded } = setUp();
    uses.note('a', Date.now());
    uses.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([recorded(), uses.lastNoted('a')]).toEqual([[], undefined]);
  });
});
