import { describe, expect, it, vi } from 'vitest';
import { SingleFlight } from '../../lib/promises.js';

describe('a single flight', () => {
  it('does equal work at the same time once, and other work besides', async () => {
    const flight = new SingleFlight<number>();
    const work = vi.fn(async () => work.mock.calls.length);
    expect(await Promise.all([flight.run('a', work), flight.run('a', work), flight.run('b', work)])).toEqual([1, 1, 2]);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('does it again when it is over, and when it has failed', async () => {
    const flight = new SingleFlight<string>();
    const work = vi.fn<() => Promise<string>>().mockRejectedValueOnce(new Error('no')).mockResolvedValue('yes');
    const failed = [flight.run('a', work), flight.run('a', work)];
    for (const each of failed) await expect(each).rejects.toThrow('no');
    expect(await flight.run('a', work)).toBe('yes');
    expect(await flight.run('a', work)).toBe('yes');
    expect(work).toHaveBeenCalledTimes(3);
  });
});
