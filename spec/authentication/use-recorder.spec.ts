import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Use, UseRecorder } from '../../lib/authentication/use-recorder.js';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp(answer: () => unknown = () => undefined) {
  const store = vi.fn((_uses: readonly Use[]) => answer() as undefined);
  const uses = new UseRecorder(60_000, store);
  onTestFinished(() => uses.close());
  const recorded = () => store.mock.calls.map(([batch]) => batch.map(({ subject, time }) => [subject, time]));
  return { uses, recorded };
}

describe('uses that are recorded', () => {
  it('of a second are recorded together, and each subject once in a period', async () => {
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

  it('are known for a period after they were noted, and forgotten with the next record', async () => {
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

  it('are of 20,000 subjects at most: the oldest is forgotten, and what waits beyond them is lost', async () => {
    const { uses, recorded } = setUp();
    for (let index = 0; index <= 20_000; index += 1) uses.note(`user ${index}`, Date.now());
    expect([uses.lastNoted('user 0'), uses.lastNoted('user 1'), uses.lastNoted('user 20000')]).toEqual([
      undefined,
      0,
      0,
    ]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(recorded().map((batch) => batch.length)).toEqual([20_000]);
    uses.note('user 0', Date.now());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(recorded()[1]).toEqual([['user 0', 1_000]]);
  });
});
