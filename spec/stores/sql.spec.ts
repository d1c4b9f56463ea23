import { describe, expect, it } from 'vitest';
import type { Page } from '../../lib/stores/listing.js';
import { countStatement, type Dialect, namesStatement, pageStatement, toStoredUser } from '../../lib/stores/sql.js';

const WHOLE: Page = { prefix: '', after: undefined, offset: 5, limit: 10 };
const DIALECT: Dialect = {
  enabled: (isEnabled) => `enabled is ${isEnabled}`,
  hasPermission: (permission) => `has ${permission}`,
};
const END = 'ad\u{10ffff}';

it.each<{ what: string; page: Partial<Page>; where: string; values: string[] }>([
  { what: 'everybody', page: {}, where: '', values: [] },
  {
    what: 'a prefix',
    page: { prefix: 'ad' },
    where: 'WHERE users.name >= $1 AND users.name < $2',
    values: ['ad', END],
  },
  { what: 'after a name', page: { after: 'ada' }, where: 'WHERE users.name > $1', values: ['ada'] },
  {
    what: 'a prefix, after one of its names',
    page: { prefix: 'ad', after: 'ada' },
    where: 'WHERE users.name > $1 AND users.name < $2',
    values: ['ada', END],
  },
  {
    what: 'a prefix, after the name that is it',
    page: { prefix: 'ad', after: 'ad' },
    where: 'WHERE users.name > $1 AND users.name < $2',
    values: ['ad', END],
  },
  {
    what: 'a prefix, after a name before it by its bytes',
    page: { prefix: '\u{1f600}', after: '\ufffd' },
    where: 'WHERE users.name >= $1 AND users.name < $2',
    values: ['\u{1f600}', '\u{1f600}\u{10ffff}'],
  },
])('selects $what, from one position on', ({ page, where, values }) => {
  const [limit, offset] = [`$${values.length + 1}`, `$${values.length + 2}`];
  const rest = `people AS users${where && ` ${where}`} ORDER BY users.name LIMIT ${limit} OFFSET ${offset}`;
  const given = { ...WHOLE, ...page };
  const expected = [...values, 10, 5];
  expect(pageStatement('hash', 'people', given, DIALECT)).toEqual({
    text: `SELECT hash FROM ${rest}`,
    values: expected,
  });
  expect(namesStatement('people', given, DIALECT)).toEqual({
    text: `SELECT users.name AS name FROM ${rest}`,
    values: expected,
  });
});

const SELECTION = { prefix: 'ad', type: 'normal', enabled: false, permission: 'api' } as const;

it('selects users by their type, their state and a permission', () => {
  const where = `WHERE has $1 AND users.name >= $2 AND users.name < $3 AND type = 'normal' AND enabled is false`;
  expect(pageStatement('hash', 'people', { ...WHOLE, ...SELECTION }, DIALECT)).toEqual({
    text: `SELECT hash FROM people AS users ${where} ORDER BY users.name LIMIT $4 OFFSET $5`,
    values: ['api', 'ad', END, 10, 5],
  });
  expect(countStatement('people', SELECTION, DIALECT)).toEqual({
    text: `SELECT count(*) AS count FROM people AS users ${where}`,
    values: ['api', 'ad', END],
  });
});

describe('with a table of permissions', () => {
  const dialect: Dialect = { ...DIALECT, grants: 'grants' };
  const both =
    'grants AS granted CROSS JOIN people AS users WHERE granted.permission = $1 AND users.name = granted.name';

  it('reads that first, for the order of its names', () => {
    const range = 'AND granted.name >= $2 AND granted.name < $3 AND users.name >= $2 AND users.name < $3';
    const where = `${range} AND type = 'normal' AND enabled is false`;
    const values = ['api', 'ad', END];
    const rest = `${both} ${where} ORDER BY granted.name LIMIT $4 OFFSET $5`;
    const page = { ...WHOLE, ...SELECTION };
    expect(pageStatement('hash', 'people', page, dialect)).toEqual({
      text: `SELECT hash FROM ${rest}`,
      values: [...values, 10, 5],
    });
    expect(namesStatement('people', page, dialect)).toEqual({
      text: `SELECT granted.name AS name FROM ${rest}`,
      values: [...values, 10, 5],
    });
    expect(countStatement('people', SELECTION, dialect)).toEqual({
      text: `SELECT count(*) AS count FROM ${both} ${where}`,
      values,
    });
  });

  it('reads that alone for names and numbers, if it has all that counts', () => {
    const page: Page = { ...WHOLE, permission: 'api', after: 'ada' };
    const alone = 'grants AS granted WHERE granted.permission = $1';
    expect(namesStatement('people', page, dialect)).toEqual({
      text: `SELECT granted.name AS name FROM ${alone} AND granted.name > $2 ORDER BY granted.name LIMIT $3 OFFSET $4`,
      values: ['api', 'ada', 10, 5],
    });
    expect(countStatement('people', { prefix: '', permission: 'api' }, dialect)).toEqual({
      text: `SELECT count(*) AS count FROM ${alone}`,
      values: ['api'],
    });
    expect(pageStatement('hash', 'people', { ...WHOLE, permission: 'api' }, dialect)).toEqual({
      text: `SELECT hash FROM ${both} ORDER BY granted.name LIMIT $2 OFFSET $3`,
      values: ['api', 10, 5],
    });
  });

  it('leaves it alone for a list of users with any permissions', () => {
    expect(countStatement('people', { prefix: '', type: 'admin' }, dialect)).toEqual({
      text: `SELECT count(*) AS count FROM people AS users WHERE type = 'admin'`,
      values: [],
    });
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
