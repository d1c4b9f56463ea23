import { describe, expect, it } from 'vitest';
import { PRIVILEGES } from '../../lib/authorization/privileges.js';
import { restrictedUser } from '../../lib/users/restricted-user.js';
import type { User } from '../../lib/users/user.js';
import { policyWith } from '../support/policy.js';
import { user } from '../support/user.js';

const POLICY = policyWith({ orders: { '/orders': ['read', 'write'] }, secrets: { '/orders/secrets': ['read'] } });
/** All but the last are remembered. */
const PATHS = ['/orders', '/orders/1', '/orders/secrets', '/kapacitor/v1/tasks', '/kapacitor/v1/users', '/Orders/%31'];

const frozen = (permissions: readonly string[]) => Object.freeze([...permissions]) as User['permissions'];
const MANY = ['orders', 'api'] as const;
const USERS: Readonly<Record<string, User>> = {
  'with permissions': user('a', frozen(MANY)),
  'with the same permissions': user('b', frozen(MANY)),
  'without permissions': user('c', frozen([])),
  'with all': user('d', frozen(['all'])),
  disabled: user('e', frozen(MANY), { enabled: false }),
  'who must change its password': user('f', frozen(MANY), { mustChangePassword: true }),
  'who is an admin': user('g', frozen([]), { type: 'admin' }),
  'with a key that opens less': restrictedUser(user('h', frozen(MANY)), ['orders']),
};

describe('what permissions open', () => {
  it.each(Object.keys(USERS))('is the same at the first and at each later request of a user %s', (name) => {
    const asking = USERS[name] as User;
    for (const _time of [1, 2, 3]) {
      for (const path of PATHS) {
        const readings = POLICY.paths.read(path);
        for (const privilege of PRIVILEGES) {
          const { allowed } = POLICY.decideOn(asking, privilege, readings);
          expect(POLICY.allowsOn(asking, privilege, readings), `${privilege} ${path}`).toBe(allowed);
        }
      }
    }
  });

  it('is not what other permissions opened on the same path', () => {
    const readings = POLICY.paths.read('/orders');
    expect(POLICY.allowsOn(user('a', frozen(MANY)), 'write', readings)).toBe(true);
    expect(POLICY.allowsOn(user('a', frozen(['secrets'])), 'write', readings)).toBe(false);
    expect(POLICY.allowsOn(user('a', frozen(['orders'])), 'delete', readings)).toBe(false);
  });

  it('follows a list of permissions that changes', () => {
    const readings = POLICY.paths.read('/orders');
    const permissions: string[] = ['orders'];
    const changing = user('a', permissions as unknown as User['permissions']);
    expect(POLICY.allowsOn(changing, 'read', readings)).toBe(true);
    permissions.pop();
    expect(POLICY.allowsOn(changing, 'read', readings)).toBe(false);
  });

  it('is nothing on a path that cannot be read', () => {
    expect(POLICY.allowsOn(user('d', frozen(['all'])), 'read', undefined)).toBe(false);
  });
});
