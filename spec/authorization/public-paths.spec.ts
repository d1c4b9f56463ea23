import { describe, expect, it } from 'vitest';
import { DEFAULT_API_PATH } from '../../lib/authorization/own-endpoints.js';
import { policyWith } from '../support/policy.js';

const CLERK = { clerk: { '/orders': ['read'] } } as const;

/** Whether a request to this path, below this mount, needs no credentials. */
function isPublic(entries: readonly string[], method: string, path: string, mount = '', permissions = {}): boolean {
  const policy = policyWith(permissions, DEFAULT_API_PATH, entries);
  const below = path.slice(mount.length) || '/';
  return policy.publicPaths.includes(method, policy.paths.read(path, below, mount));
}

describe('a public path', () => {
  it.each([
    ['/health'],
    ['/health/'],
    ['/health/db'],
    ['//health'],
    ['/x/../health'],
    ['/%68ealth'],
    ['/kapacitor/v1/health'],
    ['/assets/a%20b.css'],
    ['http://localhost/health'],
  ])('is open with everything below it: %s', (path) => {
    const spelledOtherwise = path.includes('//health') || path.includes('..') || path.includes('%68');
    expect(isPublic(['/health', '/assets'], 'GET', path)).toBe(!spelledOtherwise);
  });

  it.each([
    ['/'],
    ['/healthy'],
    ['/x/health'],
    ['/health/../orders'],
    ['/health/%2e%2e/orders'],
    ['/health;/../orders'],
    ['/health\\..\\orders'],
    ['/HEALTH'],
    [`/health/${'x'.repeat(2_048)}`],
  ])('opens no path that a router could read as another one: %s', (path) => {
    expect(isPublic(['/health'], 'GET', path)).toBe(false);
  });

  it('may be the root, and then only the users are not', () => {
    expect(isPublic(['/'], 'GET', '/anything/at/all')).toBe(true);
    expect(isPublic(['/'], 'GET', '/config')).toBe(true);
    for (const path of ['/users', '/kapacitor/v1/users/root', '//kapacitor/v1/users', '/kapacitor/v1/%75sers']) {
      expect(isPublic(['/', '/users', '/kapacitor/v1/users'], 'GET', path), path).toBe(false);
    }
    expect(isPublic(['/'], 'GET', '/x/kapacitor/v1/users', '/x')).toBe(false);
  });

  it('is open for every method, or for one', () => {
    const entries = ['/health', 'GET /status', 'POST /hooks'];
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE', 'PURGE']) {
      expect(isPublic(entries, method, '/health'), method).toBe(true);
      expect(isPublic(entries, method, '/status'), method).toBe(method === 'GET' || method === 'HEAD');
      expect(isPublic(entries, method, '/hooks/1'), method).toBe(method === 'POST');
    }
  });

  it('has any spelling that the configuration may have', () => {
    expect(isPublic(['/Café'], 'GET', '/Caf%C3%A9')).toBe(true);
    expect(isPublic(['/kapacitor/v1/health'], 'GET', '/health')).toBe(true);
  });

  it('is none where there is no entry', () => {
    expect(policyWith().publicPaths.isEmpty).toBe(true);
    expect(isPublic([], 'GET', '/health')).toBe(false);
  });
});

describe('below a mount', () => {
  it('the whole path decides', () => {
    expect(isPublic(['/app/health'], 'GET', '/app/health', '/app')).toBe(true);
    expect(isPublic(['/health'], 'GET', '/app/health', '/app')).toBe(false);
    expect(isPublic(['/app'], 'GET', '/app/x/y', '/app/x')).toBe(true);
  });

  it('a path that a permission names is not public by the path of the mount', () => {
    expect(isPublic(['/app'], 'GET', '/app/orders/1', '/app', CLERK)).toBe(false);
    expect(isPublic(['/app', '/orders'], 'GET', '/app/orders/1', '/app', CLERK)).toBe(true);
    expect(isPublic(['/app'], 'GET', '/app/config', '/app')).toBe(false);
  });

  it('a path that is public for one method is not for the others', () => {
    expect(isPublic(['/app', 'GET /hooks'], 'GET', '/app/hooks', '/app')).toBe(true);
    expect(isPublic(['/app', 'GET /hooks'], 'POST', '/app/hooks', '/app')).toBe(false);
  });
});
