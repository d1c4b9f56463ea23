import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Reconnection } from '../../../lib/stores/postgres/availability.js';
import type { Answer } from '../../../lib/stores/postgres/driver.js';

const clock = vi.hoisted(() => ({ time: 0 }));
vi.mock('../../../lib/clock.js', () => ({ now: () => clock.time }));

beforeEach(() => {
  clock.time = 100_000;
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

async function pass(milliseconds: number): Promise<void> {
  clock.time += milliseconds;
  await vi.advanceTimersByTimeAsync(milliseconds);
}

const PRIMARY: Answer = { rows: [{ is_standby: 'false' }], rowCount: 1 };
const STANDBY: Answer = { rows: [{ is_standby: 'true' }], rowCount: 1 };

/** A database that answers in this way, and the attempts to reach it. */
function lostDatabase(ask: () => Promise<Answer>) {
  const asking = vi.fn(ask);
  const read = vi.fn(async () => {});
  const onFailure = vi.fn();
  return { reconnection: new Reconnection(asking, onFailure), ask: asking, read, onFailure };
}

/** Tells whether a promise is settled. */
async function isSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  let settled = false;
  promise?.finally(() => {
    settled = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return settled;
}

describe('a database that refuses', () => {
  const refuses = () => lostDatabase(() => Promise.reject(new Error('connect ECONNREFUSED')));

  it('is tried for the first request, and for a request 50 ms later or more', async () => {
    const { reconnection, ask, read, onFailure } = refuses();
    await reconnection.try(read);
    expect(onFailure).toHaveBeenCalledExactlyOnceWith(new Error('connect ECONNREFUSED'), clock.time);
    expect(read).not.toHaveBeenCalled();
    await pass(49);
    expect(reconnection.try(read)).toBeUndefined();
    expect(ask).toHaveBeenCalledTimes(1);
    await pass(1);
    await reconnection.try(read);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('is not tried without a request', async () => {
    const { reconnection, ask, read } = refuses();
    await reconnection.try(read);
    await pass(60_000);
    expect(ask).toHaveBeenCalledTimes(1);
  });
});

describe('a database that does not answer', () => {
  it('is tried once at a time, and no request waits longer than 250 ms from the beginning', async () => {
    let answer: (answer: Answer) => void = () => {};
    const { reconnection, ask, read } = lostDatabase(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const first = reconnection.try(read);
    await pass(200);
    const second = reconnection.try(read);
    expect(await isSettled(second)).toBe(false);
    await pass(50);
    expect(await isSettled(first)).toBe(true);
    expect(await isSettled(second)).toBe(true);
    await pass(500);
    expect(reconnection.try(read)).toBeUndefined();
    expect(ask).toHaveBeenCalledTimes(1);
    answer(PRIMARY);
    await pass(0);
    expect(reconnection.try(read)).toBeInstanceOf(Promise);
    expect(ask).toHaveBeenCalledTimes(2);
  });
});

describe('a database that is back', () => {
  it('is read before waiting requests continue', async () => {
    const { reconnection, read, onFailure } = lostDatabase(async () => PRIMARY);
    const order: string[] = [];
    read.mockImplementation(async () => void order.push('read'));
    await reconnection.try(read)?.then(() => order.push('goes on'));
    expect(order).toEqual(['read', 'goes on']);
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('and cannot be read delays no request', async () => {
    const { reconnection, read } = lostDatabase(async () => PRIMARY);
    read.mockRejectedValue(new Error('no such table'));
    await expect(reconnection.try(read)).resolves.toBeUndefined();
  });

  it('as a standby is not read', async () => {
    const { reconnection, read, onFailure } = lostDatabase(async () => STANDBY);
    await reconnection.try(read);
    expect(read).not.toHaveBeenCalled();
    expect(onFailure).toHaveBeenCalledWith(expect.objectContaining({ code: '25006' }), clock.time);
  });
});
