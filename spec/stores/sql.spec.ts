import { expect, it } from 'vitest';
import type { Page } from '../../lib/stores/listing.js';
import { countStatement, type Dialect, pageStatement, toStoredUser } from '../../lib/stores/sql.js';

const WHOLE: Page = { prefix: '', after: undefined, offset: 5, limit: 10 };
const DIALECT: Dialect = {
  enabled: (isEnabled) => `enabled is ${isEnabled}`,
  hasPermission: (permission) => `has ${permission}`,
};
const END = 'ad\u{10ffff}';

it.each<{ what: string; page: Partial<Page>; where: string; values: string[] }>([
  { what: 'everybody', page: {}, where: '', values: [] },
  { what: 'a prefix', page: { prefix: 'ad' }, where: 'WHERE name >= $1 AND name < $2', values: ['ad', END] },
  { what: 'after a name', page: { after: 'ada' }, where: 'WHERE name > $1', values: ['ada'] },
  {
    what: 'a prefix, after one of its names',
    page: { prefix: 'ad', after: 'ada' },
    where: 'WHERE name > $1 AND name < $2',
    values: ['ada', END],
  },
  {
    what: 'a prefix, after the name that is it',
    page: { prefix: 'ad', after: 'ad' },
    where: 'WHERE name > $1 AND name < $2',
    values: ['ad', END],
  },
  {
    what: 'a prefix, after a name before it by its bytes',
    page: { prefix: '\u{1f600}', after: '\ufffd' },
    where: 'WHERE name >= $1 AND name < $2',
    values: ['\u{1f600}', '\u{1f600}\u{10ffff}'],
  },
])('selects $what, from one position on', ({ page, where, values }) => {
  const [limit, offset] = [`$${values.length + 1}`, `$${values.length + 2}`];
  expect(pageStatement('name', 'people', { ...WHOLE, ...page }, DIALECT)).toEqual({
    text: `SELECT name FROM people AS users ${where} ORDER BY name LIMIT ${limit} OFFSET ${offset}`,
    values: [...values, 10, 5],
  });
});

it('selects users by their type, their state and a permission', () => {
  const selection = { prefix: 'ad', type: 'normal', enabled: false, permission: 'api' } as const;
  const where = 'WHERE name >= $1 AND name < $2 AND type = $3 AND enabled is false AND has $4';
  expect(pageStatement('name', 'people', { ...WHOLE, ...selection }, DIALECT)).toEqual({
    text: `SELECT name FROM people AS users ${where} ORDER BY name LIMIT $5 OFFSET $6`,
    values: ['ad', END, 'normal', 'api', 10, 5],
  });
  expect(countStatement('people', selection, DIALECT)).toEqual({
    text: `SELECT count(*) AS count FROM people AS users ${where}`,
    values: ['ad', END, 'normal', 'api'],
  });
});

const row = { name: 'ada', type: 'normal', permissions: 'api,write_points', hash: 'a hash', revision: '7' };

it('converts a row into a user', () => {
  expect(toStoredUser(row, false)).toEqual({ ...row, permissions: ['api', 'write_points'], enabled: false });
});

it('converts the columns of an account, and leaves out what says nothing', () => {
  const user = { ...row, permissions: ['api', 'write_points'], enabled: true };
  const times = { created_at: 0, password_changed_at: '253402300799999', expires_at: '7' };
  const account = { created: 0, passwordChanged: 253_402_300_799_999, expires: 7 };
  expect(toStoredUser({ ...row, ...times, note: 'a note' }, true, true)).toStrictEqual({
    ...user,
    ...account,
    mustChangePassword: true,
    note: 'a note',
  });
  const none = { created_at: null, password_changed_at: null, expires_at: null };
  for (const note of [null, '']) expect(toStoredUser({ ...row, ...none, note }, true, false)).toStrictEqual(user);
});

it.each([
  ['none', '', []],
  ['any order', 'write_points,api', ['api', 'write_points']],
  ['all three', 'config_api,write_points,api', ['all']],
  ["the app's own, defined or not", 'z-z,clerk,api,a_1', ['api', 'a_1', 'clerk', 'z-z']],
])('parses permissions: %s', (_, permissions, expected) => {
  expect(toStoredUser({ ...row, permissions }, true)).toMatchObject({ permissions: expected, enabled: true });
});
