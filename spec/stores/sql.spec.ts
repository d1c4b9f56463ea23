import { expect, it } from 'vitest';
import { toStoredUser } from '../../lib/stores/sql.js';

const row = { name: 'ada', type: 'normal', permissions: 'api,write_points', hash: 'a hash', revision: '7' };
const NO_ACCOUNT = { created_at: null, password_changed_at: null, expires_at: null, note: null };

it('converts a row into a user', () => {
  expect(toStoredUser({ ...row, ...NO_ACCOUNT }, false)).toEqual({
    ...row,
    permissions: ['api', 'write_points'],
    enabled: false,
  });
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
  for (const note of [null, '']) {
    expect(toStoredUser({ ...row, ...NO_ACCOUNT, note }, true, false)).toStrictEqual(user);
  }
});

it.each([
  ['none', '', []],
  ['any order', 'write_points,api', ['api', 'write_points']],
  ['all three', 'config_api,write_points,api', ['all']],
  ["the app's own, defined or not", 'z-z,clerk,api,a_1', ['api', 'a_1', 'clerk', 'z-z']],
])('parses permissions: %s', (_, permissions, expected) => {
  expect(toStoredUser({ ...row, ...NO_ACCOUNT, permissions }, true)).toMatchObject({
    permissions: expected,
    enabled: true,
  });
});
