import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { answerWithin, SingleFlight, TimeoutError, UnderWay } from '../lib/promises.js';

const closed = () => new Error('closed');

describe('an answer with waiting callers', () => {
  it('reaches its caller', async () => {
    const underWay = new UnderWay();
    expect(await underWay.wait(async () => 'an answer')).toBe('an answer');
    await expect(underWay.wait(() => Promise.reject(new Error('no answer')))).rejects.toThrow('no answer');
  });

  it('is rejected by close() if it has not come, with an error for each caller', async () => {
    const underWay = new UnderWay();
    const answers = [1, 2].map(() => underWay.wait(() => new Promise(() => {})));
    underWay.close(closed);
    const [one, other] = await Promise.allSettled(answers);
    expect(one).toEqual({ status: 'rejected', reason: new Error('closed') });
    expect(other).toEqual(one);
    expect((other as PromiseRejectedResult).reason).not.toBe((one as PromiseRejectedResult).reason);
  });

  it('is released once it has come or was rejected', async () => {
    const underWay = new UnderWay();
    const reason = vi.fn(closed);
    await underWay.wait(async () => 'an answer');
    const refused = underWay.wait(() => new Promise(() => {}));
    underWay.close(reason);
    underWay.close(reason);
    await expect(refused).rejects.toThrow('closed');
    expect(reason).toHaveBeenCalledOnce();
  });

  it('is ignored if it comes after close()', async () => {
    const underWay = new UnderWay();
    let fail: (error: Error) => void = () => {};
    const answer = underWay.wait(
      () =>
        new Promise((_, reject) => {
          fail = reject;
        }),
    );
    underWay.close(closed);
    fail(new Error('too late'));
    await expect(answer).rejects.toThrow('closed');
  });
});

it('nothing is asked after close()', async () => {
  const underWay = new UnderWay();
  underWay.close(closed);
  const ask = vi.fn();
  await expect(underWay.wait(ask)).rejects.toThrow('closed');
  expect(ask).not.toHaveBeenCalled();
});

describe('a single flight', () => {
  it('runs equal work once at the same time, and other work separately', async () => {
    const flight = new SingleFlight<number>();
    const work = vi.fn(async () => work.mock.calls.length);
    expect(await Promise.all([flight.run('a', work), flight.run('a', work), flight.run('b', work)])).toEqual([1, 1, 2]);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('runs again after the work has ended or failed', async () => {
    const flight = new SingleFlight<string>();
    const work = vi.fn<() => Promise<string>>().mockRejectedValueOnce(new Error('no')).mockResolvedValue('yes');
    const failed = [flight.run('a', work), flight.run('a', work)];
    for (const each of failed) await expect(each).rejects.toThrow('no');
    expect(await flight.run('a', work)).toBe('yes');
    expect(await flight.run('a', work)).toBe('yes');
    expect(work).toHaveBeenCalledTimes(3);
  });
});

describe('an answer with a time limit', () => {
  it('is the answer, or an error if it takes longer, and leaves no timer', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    expect(await answerWithin(1_000, Promise.resolve('an answer'))).toBe('an answer');
    expect(vi.getTimerCount()).toBe(0);
    const late = expect(answerWithin(999.5, new Promise(() => {}))).rejects.toThrow(new TimeoutError(1_000));
    const own = expect(answerWithin(1_000, new Promise(() => {}), closed)).rejects.toThrow('closed');
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all([late, own]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
