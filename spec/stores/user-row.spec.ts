import { expect, it } from 'vitest';
import { toStoredUser } from '../../lib/stores/sql.js';

const row = { name: 'ada', type: 'normal', permissions: 'api,write_points', hash: 'a hash', revision: '7' };

it('makes a user of a row', () => {
  expect(toStoredUser(row, false)).toEqual({ ...row, permissions: ['api', 'write_points'], enabled: false });
});

it.each([
  ['none', '', []],
  ['any order', 'write_points,api', ['api', 'write_points']],
  ['all three', 'config_api,write_points,api', ['all']],
])('reads permissions: %s', (_, permissions, expected) => {
  expect(toStoredUser({ ...row, permissions }, true)).toMatchObject({ permissions: expected, enabled: true });
});
