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

it('is needed if one reading of the whole path is opened by permissions of Kapacitor alone', () => {
  const readings = { whole: ['/api/orders/1', '/api/write/1'], below: ['/api/1'] };
  const mayReadAs = (...permissions: string[]) =>
    policyWith(CLERK).decideOn(user('kim', permissions), 'read', readings);
  expect(mayReadAs('clerk', 'write_points')).toMatchObject({ allowed: false, resource: '/api/1' });
  expect(mayReadAs('clerk', 'write_points', 'api').allowed).toBe(true);
});

it('is for admins where the users are below the mount, whatever opens the whole path', () => {
  const policy = policyWith({ shop: { '/shop': ['all'] } });
  const kim = user('kim', ['shop']);
  const readings = policy.paths.read('/shop/users/root', '/users/root', '/shop');
  expect(policy.decideOn(kim, 'write', readings)).toMatchObject({ allowed: false, rule: 'admin-only' });
  expect(policy.decideOn(kim, 'read', readings).allowed).toBe(true);
});

describe.each(['/auth', '', '/kapacitor', '/kapacitor/v1preview'])('Kapacitor behind an API at "%s"', (apiPath) => {
  const may = (permissions: readonly string[], method: string, path: string) =>
    policyWith(CLERK, apiPath).decide(user('kim', permissions), method, path).allowed;

  it.each([
    '/kapacitor/v1/config',
    '/kapacitor/v1/write',
    '/kapacitor/v1/%63onfig',
    '/kapacitor/v1preview/config',
    '/KAPACITOR/v1/config/influxdb',
    '/kapacitor/v1/secrets',
  ])('is closed to the same users: %s', (path) => {
    expect(may(['api', 'clerk'], 'GET', path)).toBe(false);
  });

  it('is open to the others as far as their permissions say', () => {
    expect(may(['api'], 'POST', '/kapacitor/v1/tasks')).toBe(true);
    expect(may(['all'], 'POST', '/kapacitor/v1/config')).toBe(true);
    expect(may(['all'], 'GET', '/kapacitor/v1/users')).toBe(true);
    expect(may(['all'], 'POST', '/kapacitor/v1/users')).toBe(false);
    expect(may(['write_points'], 'POST', '/kapacitor/v1/write')).toBe(false);
  });
});
