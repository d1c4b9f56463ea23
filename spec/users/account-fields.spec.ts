import { describe, expect, it, vi } from 'vitest';
import { readAccountFields } from '../../lib/users/account-fields.js';
import { invalidUser } from '../support/failure.js';

describe('the note of a user', () => {
  it.each([
    ['leaves the farm in spring', 'leaves the farm in spring'],
    ['', null],
    [null, null],
    [undefined, undefined],
    ['🐎'.repeat(200), '🐎'.repeat(200)],
    ['<b>=1+1\u202e', '<b>=1+1\u202e'],
  ])('is a text of one line: %j', (given, note) => {
    expect(readAccountFields({ note: given })).toMatchObject({ note });
  });

  it.each([
    ['🐎'.repeat(201), 'note must have at most 200 characters, not 201'],
    ['two\nlines', 'note must be one line, without control characters'],
    ['two\u2028lines', 'note must be one line, without control characters'],
    ['two\u2029lines', 'note must be one line, without control characters'],
    ['\0', 'note must be one line, without control characters'],
    ['\ud800', 'note must be one line, without control characters'],
    [7, 'note must be a text, not a number'],
  ])('is refused if it is %j', (note, message) => {
    expect(() => readAccountFields({ note })).toThrow(invalidUser(message));
  });
});

describe('the end of a user', () => {
  it('is a time, a date, a duration from now on, or never', () => {
    vi.useFakeTimers({ now: Date.UTC(2030, 0, 1), toFake: ['Date'] });
    const end = Date.UTC(2030, 0, 31);
    for (const expires of ['30d', '2030-01-31T00:00:00Z', new Date(end)]) {
      expect(readAccountFields({ expires })).toMatchObject({ expires: end });
    }
    expect(readAccountFields({ expires: null })).toMatchObject({ expires: null });
    expect(readAccountFields({})).toMatchObject({ expires: undefined });
    vi.useRealTimers();
  });

  it.each([['soon'], [12], [new Date(Number.NaN)], [''], [true]])('is refused if it is %j', (expires) => {
    const expected =
      'expires must be a duration such as "90d" or "12h", or a time such as "2027-01-31T00:00:00Z", not ';
    expect(() => readAccountFields({ expires })).toThrow(expected);
  });
});

it.each([
  [null, 'null'],
  ['yes', '"yes"'],
  [1, '1'],
])('the duty to change the password is refused if it is %j', (given, shown) => {
  const message = `mustChangePassword must be true or false, not ${shown}`;
  expect(() => readAccountFields({ mustChangePassword: given })).toThrow(invalidUser(message));
});
