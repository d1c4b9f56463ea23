import { describe, expect, it } from 'vitest';
import { auditLine } from '../../../lib/observe/audit-line.js';

const time = new Date('2026-11-24T12:00:00Z');
const USER = { name: 'jane', type: 'normal', permissions: ['api'], enabled: true };

describe('a line of the audit log', () => {
  it('has the time and the event first, then who, from where and on what, and then the rest', () => {
    const request = { requestId: 'r1', path: '/a', method: 'GET', from: '192.0.2.1' };
    const details = { reason: 'wrong-password', ...request, time, user: 'jane' };
    expect(auditLine('login-failed', details)).toBe(
      '{"time":"2026-11-24T12:00:00.000Z","event":"login-failed","user":"jane","from":"192.0.2.1","method":"GET",' +
        '"path":"/a","requestId":"r1","reason":"wrong-password"}\n',
    );
  });

  it('has no field for what is not known', () => {
    expect(auditLine('login', { time, user: undefined, from: undefined } as { time: Date })).toBe(
      '{"time":"2026-11-24T12:00:00.000Z","event":"login"}\n',
    );
  });

  it('has users as plain objects, without what is secret of them', () => {
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
  ])('shows %s as it is, in one line', (_what, name, shown) => {
    const line = auditLine('login', { time, user: name } as { time: Date });
    expect(line).toBe(`{"time":"2026-11-24T12:00:00.000Z","event":"login","user":${shown}}\n`);
    expect(JSON.parse(line).user).toBe(name);
  });

  it.each(['ユーザー', 'Größe', '😀'])('leaves the letters of %s as they are', (name) => {
    expect(auditLine('login', { time, user: name } as { time: Date })).toContain(`"user":"${name}"`);
  });

  it('cuts a long text', () => {
    const details = { time, requestId: 'x'.repeat(5_000) };
    expect(JSON.parse(auditLine('login', details)).requestId).toBe(`${'x'.repeat(1_024)}…`);
  });

  it('leaves out fields rather than become longer than 16 KiB, and says so', () => {
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

  it('has an event that is not known, whatever it carries, but no more of it than fits', () => {
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
