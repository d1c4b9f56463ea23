import { describe, expect, it } from 'vitest';
import { auditLine, isWarning, sentenceOf } from '../../lib/observe/audit-record.js';

const time = new Date('2026-11-24T12:00:00Z');
const USER = { name: 'jane', type: 'normal', permissions: ['api'], enabled: true };

describe('a line of the audit log', () => {
  it('begins with time, event, user, address and path, and the other fields follow', () => {
    const request = { requestId: 'r1', path: '/a', method: 'GET', from: '192.0.2.1' };
    const details = { reason: 'wrong-password', ...request, time, user: 'jane' };
    expect(auditLine('login-failed', details)).toBe(
      '{"time":"2026-11-24T12:00:00.000Z","event":"login-failed","user":"jane","from":"192.0.2.1","method":"GET",' +
        '"path":"/a","requestId":"r1","reason":"wrong-password"}\n',
    );
  });

  it('has no field for an unknown value', () => {
    expect(auditLine('login', { time, user: undefined, from: undefined } as { time: Date })).toBe(
      '{"time":"2026-11-24T12:00:00.000Z","event":"login"}\n',
    );
  });

  it('has users as plain objects, without their secrets', () => {
    const details = { time, user: { ...USER, hash: '$2b$', revision: 'r', password: 'pw' }, changed: ['password'] };
    expect(JSON.parse(auditLine('user-changed', details))).toEqual({
      time: time.toISOString(),
      event: 'user-changed',
      user: USER,
      changed: ['password'],
    });
  });

  it.each([
    ['a line break', 'a\r\n{"event":"login"}', '"a\\r\\n{\\"event\\":\\"login\\"}"'],
    ['a separator of lines', 'a\u2028\u2029', '"a\\u2028\\u2029"'],
    ['an escape sequence of a terminal', '\u001b[2J', '"\\u001b[2J"'],
    ['DEL and C1 controls', '\u007f\u009b2J', '"\\u007f\\u009b2J"'],
    ['what turns the direction of writing', '\u202egnp', '"\\u202egnp"'],
    ['an invisible character of two units', 'a\u{e0041}', '"a\\udb40\\udc41"'],
    ['half a character', '\ud83d', '"\\ud83d"'],
  ])('shows %s unchanged, in one line', (_what, name, shown) => {
    const line = auditLine('login', { time, user: name } as { time: Date });
    expect(line).toBe(`{"time":"2026-11-24T12:00:00.000Z","event":"login","user":${shown}}\n`);
    expect(JSON.parse(line).user).toBe(name);
  });

  it.each(['ユーザー', 'Größe', '😀'])('keeps the letters of %s', (name) => {
    expect(auditLine('login', { time, user: name } as { time: Date })).toContain(`"user":"${name}"`);
  });

  it('cuts a long text', () => {
    const details = { time, requestId: 'x'.repeat(5_000) };
    expect(JSON.parse(auditLine('login', details)).requestId).toBe(`${'x'.repeat(1_024)}…`);
  });

  it('leaves out fields beyond 16 KiB, and says so', () => {
    const hostile = '\u0001'.repeat(1_024);
    const details = { time, a: hostile, b: hostile, c: hostile, d: 'short' };
    const line = auditLine('login', details);
    expect(line.length).toBeLessThan(16_420);
    expect(JSON.parse(line)).toEqual({
      time: time.toISOString(),
      event: 'login',
      a: hostile,
      b: hostile,
      d: 'short',
      truncated: true,
    });
  });

  it('has an unknown event with any details, as far as they fit', () => {
    const cycle: Record<string, unknown> = { one: 1 };
    cycle['self'] = cycle;
    const details = {
      time,
      event: 'a false one',
      big: 10n,
      when: new Date(0),
      never: new Date(Number.NaN),
      nothing: null,
      many: Array.from({ length: 100 }, (_, index) => index),
      mixed: [() => {}, true],
      cycle,
    };
    expect(JSON.parse(auditLine('moon-landed', details))).toEqual({
      time: time.toISOString(),
      event: 'moon-landed',
      big: '10',
      when: '1970-01-01T00:00:00.000Z',
      nothing: null,
      many: Array.from({ length: 64 }, (_, index) => index),
      mixed: [null, true],
      cycle: { one: 1, self: { one: 1, self: { one: 1 } } },
    });
  });
});

const JANE = { name: 'jane', type: 'normal', permissions: [], enabled: true };

describe('the sentence about an event', () => {
  it.each([
    ['login', { user: 'jane' }, 'user "jane" logged in'],
    ['login-failed', { user: 'jane', reason: 'wrong-password' }, 'a login as "jane" failed: wrong-password'],
    ['login-failed', { reason: 'malformed-credentials' }, 'a login failed: malformed-credentials'],
    ['denied', { user: 'jane', status: 403, reason: 'user jane may not' }, 'denied with 403: user jane may not'],
    ['user-created', { user: JANE, by: 'root' }, 'user "jane" was created by "root"'],
    ['user-created', { user: JANE }, 'user "jane" was created'],
    [
      'user-changed',
      { user: JANE, by: 'root', changed: ['password', 'type'] },
      'user "jane" was changed by "root": password, type',
    ],
    ['user-changed', { user: JANE, changed: [] }, 'user "jane" was changed: nothing is different'],
    ['user-deleted', { user: JANE, by: 'root' }, 'user "jane" was deleted by "root"'],
    [
      'user-operation-failed',
      { operation: 'delete', user: 'jane', by: 'jane', reason: 'only an admin' },
      'user "jane" could not be deleted by "jane": only an admin',
    ],
    ['user-operation-failed', { operation: 'create', reason: 'no name' }, 'a user could not be created: no name'],
    ['store-unavailable', { reason: 'refused' }, 'the user store is unavailable: refused'],
    ['store-unavailable', {}, 'the user store is unavailable'],
    ['authentication-switched', { authEnabled: true }, 'authentication was switched on'],
    ['authentication-switched', { authEnabled: false }, 'authentication was switched off'],
    ['moon-landed', { by: 'neil' }, 'moon-landed'],
    ['toString', {}, 'toString'],
  ])('for %s %j is: %s', (event, details, sentence) => {
    expect(sentenceOf(event, details)).toBe(sentence);
  });

  it('is short, in one line and printable', () => {
    const sentence = sentenceOf('denied', { status: 403, reason: `\u001b[2J\n${'x'.repeat(5_000)}` });
    expect(sentence).toMatch(/^denied with 403: \\u001b\[2J\\u000ax+…$/);
    expect(sentence.length).toBeLessThan(320);
  });
});

it.each([
  ['login', {}, false],
  ['user-created', {}, false],
  ['authentication-switched', { authEnabled: true }, false],
  ['moon-landed', {}, false],
  ['authentication-switched', { authEnabled: false }, true],
  ['login-failed', {}, true],
  ['denied', {}, true],
  ['user-operation-failed', {}, true],
  ['store-unavailable', {}, true],
])('the event %s %j is a warning: %s', (event, details, expected) => {
  expect(isWarning(event, details)).toBe(expected);
});
