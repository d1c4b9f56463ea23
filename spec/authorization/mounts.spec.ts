import type { Privilege } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { policyWith } from '../support/policy.js';
import { user } from '../support/user.js';

const CLERK = { clerk: { '/orders': ['read', 'write'], '/secrets': [] } } as const;

/** Whether somebody with these permissions may read a path below a mount. */
function mayRead(permissions: readonly string[], mount: string, path: string, own = {}): boolean {
  const policy = policyWith(own);
  const needed: Privilege = 'read';
  return policy.decideOn(user('kim', permissions), needed, policy.paths.read(mount + path, path, mount)).allowed;
}

describe('the path below a mount', () => {
  it.each([
    ['write_points', '/write', '/tasks'],
    ['config_api', '/config', '/users'],
    ['config_api', '/kapacitor/v1/ping', '/kapacitor/v1/tasks'],
  ])('is needed where only permissions of Kapacitor open the whole path: %s at %s', (permission, mount, path) => {
    for (const own of [{}, CLERK, { root: { '/': ['read'] } }]) {
      expect(mayRead([permission], mount, path, own)).toBe(false);
      expect(mayRead([permission, 'api'], mount, path, own)).toBe(true);
    }
  });

  it('is not needed where a permission of the app names the whole path, and none the part below', () => {
    expect(mayRead(['clerk'], '/orders', '/5', CLERK)).toBe(true);
    expect(mayRead(['clerk'], '/orders', '/secrets', CLERK)).toBe(false);
    expect(mayRead(['clerk'], '/orders', '/config', CLERK)).toBe(false);
    expect(mayRead(['clerk'], '/shop', '/orders', CLERK)).toBe(false);
    expect(mayRead(['clerk'], '/shop', '/orders/5', { clerk: { '/shop': ['read'] } })).toBe(true);
  });
});
