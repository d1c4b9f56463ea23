import { PassThrough } from 'node:stream';
import { pino, stdSerializers } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { auditToLogger } from '../../../lib/observe/logger.js';
import { failure } from '../../support/failure.js';
import { createTeller } from './told.js';

/** The app's pino, and what it has written. */
function createPino() {
  const stream = new PassThrough();
  const logger = pino({ base: null, serializers: stdSerializers }, stream);
  return { logger, read: () => String(stream.read() ?? '') };
}

describe('events in the app’s pino', () => {
  it('are objects with a sentence, and with the time that pino gives them', () => {
    const { auth, tell } = createTeller();
    const { logger, read } = createPino();
    auditToLogger(auth, logger);
    tell('login-failed', { user: 'jane', reason: 'wrong-password', from: '192.0.2.1', requestId: 'r1' });
    const text = read();
    expect(text.match(/"time":/g)).toHaveLength(1);
    expect(JSON.parse(text)).toEqual({
      level: 40,
      time: expect.any(Number),
      event: 'login-failed',
      user: 'jane',
      from: '192.0.2.1',
      requestId: 'r1',
      reason: 'wrong-password',
      msg: 'a login as "jane" failed: wrong-password',
    });
  });

  it('have users as plain objects, and no secret of them', () => {
    const { auth, tell } = createTeller();
    const { logger, read } = createPino();
    auditToLogger(auth, logger);
    const jane = { name: 'jane', type: 'normal', permissions: ['api'], enabled: true } as const;
    const before = { ...jane, permissions: [], hash: '$2b$04$' };
    tell('user-changed', { by: 'root', user: jane, before, changed: ['permissions'] });
    const text = read();
    expect(text).not.toContain('$2b');
    expect(JSON.parse(text)).toMatchObject({
      level: 30,
      user: jane,
      before: { ...jane, permissions: [] },
      changed: ['permissions'],
      msg: 'user "jane" was changed by "root": permissions',
    });
  });
});

describe('events in a logger', () => {
  it('end when the function is called that was returned', () => {
    const { auth, tell } = createTeller();
    const logger = { info: vi.fn(), warn: vi.fn() };
    const end = auditToLogger(auth, logger);
    tell('login', { user: 'a' });
    end();
    tell('login', { user: 'b' });
    expect(logger.info.mock.calls).toEqual([[{ event: 'login', user: 'a' }, 'user "a" logged in']]);
    expect(logger.warn).not.toHaveBeenCalled();
  });

  it('come to the console as well', () => {
    const { auth, tell } = createTeller();
    const info = vi.spyOn(console, 'info').mockImplementation(() => {});
    auditToLogger(auth, console);
    tell('login', { user: 'a' });
    expect(info).toHaveBeenCalledWith({ event: 'login', user: 'a' }, 'user "a" logged in');
  });
});

describe('auditToLogger', () => {
  const { auth } = createTeller();

  it.each<[string, readonly unknown[], string]>([
    ['no logger', [auth], 'auditToLogger: a logger has the methods info and warn, as pino, bunyan and console have'],
    [
      'a logger that cannot warn',
      [auth, { info: () => {} }],
      'auditToLogger: a logger has the methods info and warn, as pino, bunyan and console have',
    ],
    ['no events', [{}, console], 'audit events come from what kapacitorAuth() gives, and from nothing else'],
    ['nothing', [undefined, console], 'audit events come from what kapacitorAuth() gives, and from nothing else'],
    ['a level', [auth, console, 'info'], 'auditToLogger takes auth and a logger, and no more arguments'],
  ])('refuses %s', (_what, given, message) => {
    expect(() => (auditToLogger as (...all: readonly unknown[]) => unknown)(...given)).toThrow(
      failure('CONFIG_INVALID', 500, message),
    );
  });
});
