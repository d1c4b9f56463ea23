import { describe, expect, it, vi } from 'vitest';
import { Events } from '../lib/events.js';

interface TestEvents {
  readonly happened: readonly [what: string, times: number];
}

function listened() {
  const events = new Events<TestEvents>();
  const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  return { events, warnings };
}

describe('an event', () => {
  it('comes to each listener with its details, and not before the work at hand is done', async () => {
    const { events } = listened();
    const first = vi.fn();
    const second = vi.fn();
    events.on('happened', first);
    events.on('happened', second);
    events.emit('happened', 'rain', 2);
    expect(first).not.toHaveBeenCalled();
    await new Promise(setImmediate);
    expect(first.mock.calls).toEqual([['rain', 2]]);
    expect(second.mock.calls).toEqual([['rain', 2]]);
  });

  it('does not come to a listener that has been taken off', async () => {
    const { events } = listened();
    const listener = vi.fn();
    events.on('happened', listener);
    events.off('happened', listener);
    events.emit('happened', 'rain', 2);
    await new Promise(setImmediate);
    expect(listener).not.toHaveBeenCalled();
  });

  it.each([
    [
      'throws',
      () => {
        throw new TypeError('secret');
      },
      'TypeError',
    ],
    ['rejects', () => Promise.reject(new RangeError('secret')), 'RangeError'],
    ['throws what is no error', () => Promise.reject('secret'), 'string'],
  ])(
    'is a warning, without the words of it, when a listener %s, and comes to the others',
    async (_, listener, kind) => {
      const { events, warnings } = listened();
      const other = vi.fn();
      events.on('happened', listener);
      events.on('happened', other);
      events.emit('happened', 'rain', 2);
      await new Promise(setImmediate);
      expect(other).toHaveBeenCalledTimes(1);
      expect(warnings.mock.calls).toEqual([
        [
          `a listener of the event happened failed (${kind})`,
          { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_LISTENER_FAILED' },
        ],
      ]);
    },
  );
});
