import { describe, expect, it } from 'vitest';
import { restrictedUser, restrictionOf, restrictLike } from '../../lib/users/restricted-user.js';
import { user } from '../support/user.js';

const ROOT = user('root', [], { type: 'admin' });

describe('a user that a key with permissions lets in', () => {
  it.each([
    ['an admin', ROOT, ['api'], ['api']],
    ['an admin, and a key with all', ROOT, ['all'], ['all']],
    ['a user with all', user('kim', ['all']), ['api', 'clerk'], ['api', 'clerk']],
    ['a key with all', user('kim', ['api', 'clerk']), ['all'], ['api', 'clerk']],
    ['a user who has one of them', user('kim', ['api']), ['api', 'config_api'], ['api']],
    ['a user who has none of them', user('kim', ['write_points']), ['api'], []],
    ['a key without any', user('kim', ['all']), [], []],
    ['a disabled user', user('kim', ['api'], { enabled: false }), ['api'], ['api']],
  ])('is normal, and shows the permissions that both have: %s', (_what, owner, permissions, both) => {
    const limited = restrictedUser(owner, permissions);
    expect(limited).toEqual({ name: owner.name, type: 'normal', permissions: both, enabled: owner.enabled });
    expect([Object.isFrozen(limited), Object.isFrozen(limited.permissions)]).toEqual([true, true]);
    expect(restrictionOf(limited)).toEqual({ owner, key: { ...owner, type: 'normal', permissions } });
  });

  it('does not change with the list of its key', () => {
    const permissions = ['api'];
    const limited = restrictedUser(ROOT, permissions);
    permissions.push('all');
    expect([limited.permissions, restrictionOf(limited)?.key.permissions]).toEqual([['api'], ['api']]);
  });

  it('hands its restriction on to a copy that is told so, and to no other', () => {
    const limited = restrictedUser(ROOT, ['api']);
    const [copy, other] = [{ ...limited }, { ...limited }];
    restrictLike(limited, copy);
    restrictLike(ROOT, other);
    expect([restrictionOf(copy), restrictionOf(other)]).toEqual([restrictionOf(limited), undefined]);
  });
});
