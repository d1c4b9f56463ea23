import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ExpiredSecrets } from '../../lib/users/expired-secrets.js';

const MINUTE = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

it.each<[string, () => unknown]>([
  ['it works', () => undefined],
  [
    'it throws',
    () => {
      throw new Error('down');
    },
  ],
  ['it rejects', () => Promise.reject(new Error('down'))],
  ['it does not answer', () => new Promise(() => {})],
])(
  'expired secrets are removed a minute after the start and then each hour, until it is closed: %s',
  async (_what, answer) => {
    const removeExpired = vi.fn(answer as () => Promise<void>);
    const expired = new ExpiredSecrets({ removeExpired });
    const timesAt = async (minutes: number) => {
      await vi.advanceTimersByTimeAsync(minutes * MINUTE - Date.now());
      return removeExpired.mock.calls.map(([time]: unknown[]) => (time as number) / MINUTE);
    };
    expect(await timesAt(0.99)).toEqual([]);
    expect(await timesAt(60.9)).toEqual([1]);
    expect(await timesAt(121)).toEqual([1, 61, 121]);
    expired.close();
    expect(await timesAt(600)).toEqual([1, 61, 121]);
  },
);
