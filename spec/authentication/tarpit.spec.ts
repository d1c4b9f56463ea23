import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Tarpit } from '../../lib/authentication/tarpit.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the tarpit', () => {
  it('holds an answer for a second', () => {
    const tarpit = new Tarpit();
    const answer = vi.fn();
    tarpit.hold(answer);
    vi.advanceTimersByTime(999);
    expect(answer).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(answer).toHaveBeenCalledOnce();
  });

  it('holds a thousand, and answers the rest at once, until there is room again', () => {
    const tarpit = new Tarpit();
    const held = vi.fn();
    for (let index = 0; index < 1_000; index += 1) tarpit.hold(held);
    expect(held).not.toHaveBeenCalled();
    const answer = vi.fn();
    tarpit.hold(answer);
    expect(answer).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1_000);
    expect(held).toHaveBeenCalledTimes(1_000);
    tarpit.hold(answer);
    expect(answer).toHaveBeenCalledOnce();
  });
});
