import { ConfigError } from 'kapacitor-auth';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppEvents } from '../lib/app-events.js';
import { createAuth } from './support/auth.js';
import { failure } from './support/failure.js';

/** An error that nobody can look at. */
function unreadable(): Error {
  return Object.defineProperty(new Error('secret'), 'name', {
    get: () => {
      throw new Error('secret');
    },
  });
}

interface TestEvents {
  readonly happened: readonly [what: string, times: number];
}

function listened() {
  const events = new AppEvents<TestEvents>();
  const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  return { events, warnings };
}

const LEFT_OUT = 'The message is left out, because it may hold a secret: catch the error in the listener to log it';

afterEach(() => {
  vi.useRealTimers();
});

describe('the events of a middleware', () => {
  it.each([
    ['user-create', 'there is no event user-create: did you mean user-created?'],
    ['everything', 'there is no event everything: there are store-state, login, login-failed, '],
  ])('do not include %s', async (event, message) => {
    const auth = await createAuth();
    for (const method of ['on', 'off'] as const) {
      expect(() => auth[method](event as 'login', () => {})).toThrow(ConfigError);
      expect(() => auth[method](event as 'login', () => {})).toThrow(message);
    }
  });
});

describe.each(['on', 'off'] as const)('auth.%s', (method) => {
  it.each([
    [undefined, 'undefined'],
    ['audit.log', 'a text'],
    [{ handleEvent: () => {} }, 'an object'],
  ])('refuses a listener that is not a function: %j', async (listener, kind) => {
    const auth = await createAuth();
    expect(() => auth[method]('login', listener as never)).toThrow(
      failure('CONFIG_INVALID', 500, `auth.${method}('login', …): the listener must be a function, not ${kind}`),
    );
  });

  it('refuses more arguments than it knows', async () => {
    const auth = await createAuth();
    const listen = auth[method] as (...given: unknown[]) => unknown;
    expect(() => listen('login', () => {}, { once: true })).toThrow(
      failure('CONFIG_INVALID', 500, `auth.${method} takes an event and a listener, and no more arguments`),
    );
  });

  it('returns the middleware', async () => {
    const auth = await createAuth();
    expect(auth[method]('login', () => {})).toBe(auth);
  });
});

describe('an event', () => {
  it('reaches each listener with its details after the current work is done', async () => {
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

  it('does not reach a removed listener', async () => {
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
    ['throws what is no error', () => Promise.reject('secret'), 'a text was thrown'],
    [
      'throws what has a symbol for a name',
      () => Promise.reject(Object.assign(new Error(), { name: Symbol('x') })),
      'Error',
    ],
    ['throws what throws itself', () => Promise.reject(unreadable()), 'an object was thrown'],
  ])(
    'becomes a warning without the error message, and reaches the other listeners, when a listener %s',
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
          `a listener of the event happened failed: ${kind}. ${LEFT_OUT}`,
          { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_LISTENER_FAILED' },
        ],
      ]);
    },
  );

  it('causes one warning a minute when its listener always fails', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { events, warnings } = listened();
    events.on('happened', () => Promise.reject(new Error('secret')));
    const emitTen = async () => {
      for (let times = 0; times < 10; times += 1) events.emit('happened', 'rain', times);
      await new Promise(setImmediate);
    };
    await emitTen();
    vi.setSystemTime(Date.now() + 59_000);
    await emitTen();
    expect(warnings).toHaveBeenCalledTimes(1);
    vi.setSystemTime(Date.now() + 1_000);
    await emitTen();
    expect(warnings).toHaveBeenCalledTimes(2);
  });

  it('reaches the other listeners, and so does the next one, when a listener never ends', async () => {
    const { events, warnings } = listened();
    const endless = vi.fn(() => new Promise(() => {}));
    const other = vi.fn();
    events.on('happened', endless);
    events.on('happened', other);
    events.emit('happened', 'rain', 1);
    events.emit('happened', 'rain', 2);
    await new Promise(setImmediate);
    expect(endless).toHaveBeenCalledTimes(2);
    expect(other).toHaveBeenCalledTimes(2);
    expect(warnings).not.toHaveBeenCalled();
  });

  it('reaches any number of listeners without a warning', async () => {
    const { events, warnings } = listened();
    const listener = vi.fn();
    for (let index = 0; index < 100; index += 1) events.on('happened', listener);
    events.emit('happened', 'rain', 1);
    await new Promise(setImmediate);
    expect(listener).toHaveBeenCalledTimes(100);
    expect(warnings).not.toHaveBeenCalled();
  });

  it('is heard while there is a listener', () => {
    const { events } = listened();
    const listener = () => {};
    expect(events.isHeard('happened')).toBe(false);
    events.on('happened', listener);
    expect(events.isHeard('happened')).toBe(true);
    events.off('happened', listener);
    expect(events.isHeard('happened')).toBe(false);
  });
});
