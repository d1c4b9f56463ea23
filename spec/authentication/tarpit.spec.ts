import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Tarpit } from '../../lib/authentication/tarpit.js';

// Its clock is bound when it is imported.
vi.mock('../../lib/clock.js', () => ({ now: () => Date.now() }));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the tarpit', () => {
  it('delays an answer by a second', async () => {
    const answer = vi.fn();
    void new Tarpit().hold().then(answer);
    await vi.advanceTimersByTimeAsync(999);
    expect(answer).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(answer).toHaveBeenCalledOnce();
  });

  it.each([true, false])('keeps the process alive until the answer, if it is told to: %s', async (keepsAlive) => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    void new Tarpit(keepsAlive).hold();
    expect(timers.mock.results.at(-1)?.value.hasRef()).toBe(keepsAlive);
  });

  it('answers at once when it is closed, and has no timer left', async () => {
    const tarpit = new Tarpit(true);
    const held = Promise.all([tarpit.hold(), tarpit.hold()]);
    tarpit.close();
    await held;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('delays a thousand answers, and sends others at once until there is room again', async () => {
    const tarpit = new Tarpit();
    const held = vi.fn();
    for (let index = 0; index < 1_000; index += 1) void tarpit.hold().then(held);
    await tarpit.hold();
    expect(held).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(held).toHaveBeenCalledTimes(1_000);
    const answer = vi.fn();
    void tarpit.hold().then(answer);
    await vi.advanceTimersByTimeAsync(999);
    expect(answer).not.toHaveBeenCalled();
  });
});
