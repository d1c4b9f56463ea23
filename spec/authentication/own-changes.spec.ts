import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { OWN_SESSIONS, OwnChanges } from '../../lib/authentication/own-changes.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const changes = new OwnChanges();
  onTestFinished(() => changes.close());
  const change = (name = 'someone') => changes.run(name, async () => 'changed').catch((error: unknown) => error);
  return { changes, change };
}

const throttled = (retryAfter: number, message: string) => ({ code: 'THROTTLED', status: 429, retryAfter, message });

describe('changes of one’s own password', () => {
  it('run one at a time', async () => {
    const { changes, change } = setUp();
    let finish = () => {};
    const first = changes.run('someone', () => new Promise<void>((resolve) => (finish = resolve)));
    await vi.waitFor(() => expect(finish.name).not.toBe('finish'));
    expect(await change()).toMatchObject(
      throttled(1, 'another change of your password is under way: try again in 1 s'),
    );
    expect(await change('other')).toBe('changed');
    finish();
    await first;
    expect(await change()).toBe('changed');
  });

  it('may follow a failed one', async () => {
    const { changes, change } = setUp();
    await expect(changes.run('someone', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await change()).toBe('changed');
  });

  it('are limited to ten a minute, including failed ones', async () => {
    const { changes, change } = setUp();
    for (let index = 0; index < 5; index += 1) expect(await change()).toBe('changed');
    for (let index = 0; index < 5; index += 1) {
      await expect(changes.run('someone', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    }
    vi.advanceTimersByTime(20_500);
    expect(await change()).toMatchObject(throttled(40, 'too many changes of your password: try again in 40 s'));
    expect(await change('other')).toBe('changed');
    vi.advanceTimersByTime(39_500);
    expect(await change()).toBe('changed');
  });

  it('leave no timer', async () => {
    const { changes, change } = setUp();
    await change();
    changes.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('changes that may run at the same time', () => {
  it('are limited like the others', async () => {
    const changes = new OwnChanges({ ...OWN_SESSIONS, limit: 2 });
    onTestFinished(() => changes.close());
    let finish = () => {};
    const waiting = new Promise<void>((resolve) => (finish = resolve));
    const started: number[] = [];
    const running = [1, 2].map((number) =>
      changes.run('someone', async () => {
        started.push(number);
        await waiting;
      }),
    );
    await vi.waitFor(() => expect(started).toEqual([1, 2]));
    await expect(changes.run('someone', async () => 'changed')).rejects.toMatchObject(
      throttled(60, 'too many new sessions: try again in 60 s'),
    );
    finish();
    await Promise.all(running);
  });
});
