import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseTime } from '../../lib/users/end-time.js';
import { readNewKey } from '../../lib/users/key-fields.js';
import { PermissionNames } from '../../lib/users/permissions.js';
import { failure } from '../support/failure.js';

const NOW = Date.UTC(2026, 10, 30);
const NAMES = new PermissionNames(['clerk']);

const read = (given: unknown) => readNewKey(given, NAMES, NOW);
const withName = (fields: object) => read({ name: 'prometheus', ...fields });
const invalid = (message: string) => failure('KEY_INVALID', 400, message);

describe('a key to create', () => {
  it('needs a name only, and may have null for what is absent', () => {
    const absent = { name: 'prometheus', expires: undefined, permissions: undefined };
    expect(read({ name: 'prometheus' })).toEqual(absent);
    expect(withName({ expires: null, permissions: null })).toEqual(absent);
    expect(withName({ expires: undefined, permissions: undefined })).toEqual(absent);
  });

  it.each<[unknown, string]>([
    [undefined, 'a key must be an object with name, expires and permissions, not undefined'],
    [null, 'a key must be an object with name, expires and permissions, not null'],
    ['prometheus', 'a key must be an object with name, expires and permissions, not a text'],
    [['prometheus'], 'a key must be an object with name, expires and permissions, not an array'],
    [{ name: 'a', expiry: '1d' }, 'unknown field "expiry": did you mean expires?'],
    [{ name: 'a', permission: ['api'] }, 'unknown field "permission": did you mean permissions?'],
    [{ name: 'a', type: 'admin' }, 'unknown field "type": a key has name, expires and permissions'],
    [JSON.parse('{"name":"a","__proto__":{}}'), 'unknown field "__proto__": a key has name, expires and permissions'],
    [Object.create({ name: 'a' }), 'the name of the key is required'],
  ])('is refused as %j', (given, message) => {
    expect(() => read(given)).toThrow(invalid(message) as Error);
  });
});

describe('the name of a key', () => {
  it.each([
    'a',
    'prometheus',
    'CI: build & test (2)',
    'Größe',
    '日本',
    '🚒',
    'x'.repeat(64),
    '😀'.repeat(64),
    '../..',
    '"<b>%2F?#\\',
    'e\u0301',
  ])('can be %s', (name) => {
    expect(read({ name }).name).toBe(name);
  });

  it.each<[unknown]>([
    [' a'],
    ['a '],
    ['a  b'],
    ['a\u00a0b'],
    ['a\tb'],
    ['a\nb'],
    ['a\0'],
    ['a\u200bb'],
    ['a\u202eb'],
    ['\u3164'],
    ['\u2800'],
    ['\u{13441}'],
    ['\ud800'],
    ['\ue000'],
    ['x'.repeat(65)],
    [' '],
  ])('cannot be %j', (name) => {
    expect(() => read({ name })).toThrow(
      /^the name of a key has 1 to 64 visible characters, with single spaces between: ".*" does not$/,
    );
  });

  it.each<[unknown, string]>([
    [undefined, 'the name of the key is required'],
    [null, 'the name of the key is required'],
    ['', 'the name of the key is required'],
    [5, 'the name of a key must be a text, not a number'],
    [['a'], 'the name of a key must be a text, not an array'],
    [{}, 'the name of a key must be a text, not an object'],
    [new String('a'), 'the name of a key must be a text, not a string'],
  ])('is a text: %j', (name, message) => {
    expect(() => read({ name })).toThrow(invalid(message) as Error);
  });
});

describe('the end of a key', () => {
  beforeEach(() => {
    vi.stubEnv('TZ', 'America/New_York');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each<[string | Date, string]>([
    ['90d', '2027-02-28T00:00:00.000Z'],
    ['12h', '2026-11-30T12:00:00.000Z'],
    ['1d1h30m', '2026-12-01T01:30:00.000Z'],
    ['1.5ms', '2026-11-30T00:00:00.001Z'],
    ['106751d', '2319-03-11T00:00:00.000Z'],
    ['2027-01-31T00:00:00Z', '2027-01-31T00:00:00.000Z'],
    ['2027-01-31t00:00:00z', '2027-01-31T00:00:00.000Z'],
    ['2027-01-31 00:00:00+02:00', '2027-01-30T22:00:00.000Z'],
    ['2027-01-31T00:00:00-05:30', '2027-01-31T05:30:00.000Z'],
    ['2027-01-31T00:00:00.123456789Z', '2027-01-31T00:00:00.123Z'],
    ['2028-02-29T23:59:59Z', '2028-02-29T23:59:59.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
    [new Date('2027-01-31'), '2027-01-31T00:00:00.000Z'],
  ])('is a duration from now on, or a time: %s', (expires, end) => {
    expect(new Date(withName({ expires }).expires as number).toISOString()).toBe(end);
  });

  it.each<[unknown, string]>([
    ['', '""'],
    ['never', '"never"'],
    ['90', '"90"'],
    [90, '90'],
    [true, 'true'],
    [['90d'], 'an array'],
    [{ days: 90 }, 'an object'],
    ['-1d', '"-1d"'],
    ['2027-01-31', '"2027-01-31"'],
    ['2027-01-31T00:00Z', '"2027-01-31T00:00Z"'],
    ['2027-01-31T00:00:00', '"2027-01-31T00:00:00"'],
    ['2027-02-29T00:00:00Z', '"2027-02-29T00:00:00Z"'],
    ['2027-13-01T00:00:00Z', '"2027-13-01T00:00:00Z"'],
    ['2027-01-31T24:00:00Z', '"2027-01-31T24:00:00Z"'],
    ['2027-01-31T00:00:60Z', '"2027-01-31T00:00:60Z"'],
    ['2027-01-31T00:00:00+25:00', '"2027-01-31T00:00:00+25:00"'],
    ['2027-01-31T00:00:00Z ', '"2027-01-31T00:00:00Z "'],
    ['2027-01-31T00:00:00Z\n', '"2027-01-31T00:00:00Z\\n"'],
    ['Sun, 31 Jan 2027 00:00:00 GMT', '"Sun, 31 Jan 2027 00:00:00 GMT"'],
    [new Date(Number.NaN), 'a date'],
  ])('is nothing else: %j', (expires, shown) => {
    const message = `expires must be a duration such as "90d" or "12h", or a time such as "2027-01-31T00:00:00Z", not ${shown}`;
    expect(() => withName({ expires })).toThrow(invalid(message) as Error);
  });

  it.each([
    ['0', 'in the future'],
    ['0.5ms', 'in the future'],
    ['2026-11-30T00:00:00Z', 'in the future'],
    ['0000-01-01T00:00:00Z', 'in the future'],
    [new Date(0), 'in the future'],
    [new Date(Date.UTC(10_000, 0)), 'before the year 10000: leave it out if there is no end'],
    ['9999-12-31T23:59:59-00:01', 'before the year 10000: leave it out if there is no end'],
  ])('is in the future, and has four digits for its year: %s', (expires, problem) => {
    expect(() => withName({ expires })).toThrow(invalid(`expires must be ${problem}`) as Error);
  });

  it('is read by the calendar alone', () => {
    expect(parseTime('2027-03-14T02:30:00Z')).toBe(Date.UTC(2027, 2, 14, 2, 30));
    expect(parseTime('2027-04-31T00:00:00Z')).toBeUndefined();
  });
});

describe('the permissions of a key', () => {
  it.each<[string[], string[]]>([
    [[], []],
    [['none'], []],
    [
      ['write_points', 'api', 'clerk', 'api'],
      ['api', 'write_points', 'clerk'],
    ],
    [
      ['all', 'api', 'clerk'],
      ['all', 'clerk'],
    ],
  ])('are put in order, each once: %j', (permissions, read_) => {
    expect(withName({ permissions }).permissions).toEqual(read_);
  });

  it.each<[unknown, string]>([
    ['api', 'permissions must be an array, not a text'],
    [{}, 'permissions must be an array, not an object'],
    [0, 'permissions must be an array, not a number'],
    [[5], 'a permission must be a text, not 5'],
    [[['api']], 'a permission must be a text, not an array'],
    [['api', null], 'a permission must be a text, not null'],
    [['apii'], 'permission "apii" is not known: did you mean api?'],
    [['API'], 'permission "API" is not known: did you mean api?'],
    [
      ['toString'],
      'permission "toString" is not known: the permissions are none, api, config_api, write_points, all and clerk',
    ],
  ])('are known: %j', (permissions, message) => {
    expect(() => withName({ permissions })).toThrow(invalid(message) as Error);
  });
});
