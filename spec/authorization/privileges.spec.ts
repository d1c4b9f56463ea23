import type { Permission, Privilege } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { needsAdmin } from '../../lib/authorization/access-policy.js';
import { privilegeFor } from '../../lib/authorization/privileges.js';
import { KAPACITORS } from '../support/policy.js';

const userWith = (...permissions: Permission[]) => ({
  name: 'someone',
  type: 'normal' as const,
  permissions,
  enabled: true,
});
const PRIVILEGES: Privilege[] = ['read', 'write', 'delete', 'all'];

describe('the privilege that a request needs', () => {
  it.each([
    ['GET', 'read'],
    ['HEAD', 'read'],
    ['OPTIONS', 'read'],
    ['POST', 'write'],
    ['PUT', 'write'],
    ['PATCH', 'write'],
    ['DELETE', 'delete'],
    ['PROPFIND', 'all'],
    ['get', 'all'],
    ['', 'all'],
  ])('belongs to the method: %s %s', (method, privilege) => {
    expect(privilegeFor(method)).toBe(privilege);
  });
});

describe('the privileges of a user', () => {
  it.each<[Permission[], Record<string, boolean>]>([
    [[], { '/api': false, '/api/tasks': false, '/api/ping': false, '/api/config': false, '/api/write': false }],
    [['none'], { '/api': false, '/api/ping': false }],
    [
      ['api'],
      {
        '/api': true,
        '/api/tasks': true,
        '/api/ping': true,
        '/api/config': false,
        '/api/config/x': false,
        '/api/write': false,
      },
    ],
    [
      ['config_api'],
      {
        '/api': false,
        '/api/tasks': false,
        '/api/ping': true,
        '/api/config': true,
        '/api/config/x/y': true,
        '/api/write': false,
      },
    ],
    [
      ['write_points'],
      { '/api': false, '/api/ping': true, '/api/config': false, '/api/write': true, '/api/writes': false },
    ],
    [['all'], { '/api': true, '/api/tasks': true, '/api/ping': true, '/api/config': true, '/api/write': true }],
    [['api', 'config_api'], { '/api/tasks': true, '/api/config': true, '/api/write': false }],
    [['api', 'write_points'], { '/api/tasks': true, '/api/config': false, '/api/write': true }],
    [['config_api', 'write_points'], { '/api/tasks': false, '/api/config': true, '/api/write': true }],
  ])('follow from its permissions %j, each of which grants all or none', (permissions, expected) => {
    for (const [resource, has] of Object.entries(expected)) {
      for (const privilege of PRIVILEGES) {
        expect(KAPACITORS.hasPrivilege(userWith(...permissions), privilege, resource), `${privilege} ${resource}`).toBe(
          has,
        );
      }
    }
  });

  it('are all of them for an admin, also on users', () => {
    const admin = { name: 'root', type: 'admin' as const, permissions: [], enabled: true };
    for (const privilege of PRIVILEGES) expect(KAPACITORS.hasPrivilege(admin, privilege, '/api/users/x')).toBe(true);
  });

  it('follow from what a list holds now, if it can be changed', () => {
    const permissions: string[] = ['write_points'];
    const someone = { ...userWith(), permissions };
    expect(KAPACITORS.hasPrivilege(someone, 'read', '/api/tasks')).toBe(false);
    permissions[0] = 'api';
    expect(KAPACITORS.hasPrivilege(someone, 'read', '/api/tasks')).toBe(true);
    permissions.pop();
    expect(KAPACITORS.hasPrivilege(someone, 'read', '/api/tasks')).toBe(false);
  });

  it('are none outside of the API', () => {
    expect(KAPACITORS.hasPrivilege(userWith('all'), 'read', '/elsewhere')).toBe(false);
  });

  it('let only an admin change users', () => {
    expect(KAPACITORS.hasPrivilege(userWith('all'), 'read', '/api/users/x')).toBe(true);
    for (const privilege of ['write', 'delete', 'all'] as const) {
      expect(needsAdmin(privilege, '/api/users')).toBe(true);
      expect(KAPACITORS.hasPrivilege(userWith('all'), privilege, '/api/users/x')).toBe(false);
    }
    expect(needsAdmin('write', '/api/usersx')).toBe(false);
  });
});
