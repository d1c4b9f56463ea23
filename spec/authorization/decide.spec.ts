import type { User } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { explain, privilegesOf } from '../../lib/authorization/explain.js';
import { KAPACITORS } from '../support/policy.js';
import { user } from '../support/user.js';

const NOBODY = user('nobody');
const API = user('api', ['api']);
const CONFIG = user('config', ['config_api']);
const ROOT = user('root', [], { type: 'admin' });
const GONE = user('gone', ['all'], { enabled: false });
describe('an explanation', () => {
  it.each<[string, User, string, string, boolean, string | undefined, string]>([
    [
      'the entry itself',
      CONFIG,
      'GET',
      '/kapacitor/v1/config',
      true,
      '/api/config',
      'config_api opens /config for everything',
    ],
    [
      'the nearest entry above',
      API,
      'DELETE',
      '/kapacitor/v1/tasks/x?y=1',
      true,
      '/api/tasks/x',
      'api opens / for everything, the nearest entry above /tasks/x',
    ],
    [
      'an entry that other permissions open',
      API,
      'GET',
      '/kapacitor/v1/config',
      false,
      '/api/config',
      'api closes /config; GET needs read, which config_api or all would give',
    ],
    [
      'such an entry further up',
      user('two', ['config_api', 'write_points']),
      'PUT',
      '/tasks',
      false,
      '/api/tasks',
      '/tasks is opened by api or all, and two has config_api and write_points',
    ],
    [
      'an entry that every permission opens',
      NOBODY,
      'HEAD',
      '/ping',
      false,
      '/api/ping',
      '/ping is opened by api, config_api, write_points or all, and nobody has no permission',
    ],
    [
      'the reading of an odd path that the user may not have',
      API,
      'GET',
      '/kapacitor/v1/tasks/%2e%2e/config',
      false,
      '/api/config',
      'api closes /config; GET needs read, which config_api or all would give',
    ],
    [
      'a reading that is no resource',
      API,
      'GET',
      'http://h\\tasks',
      false,
      '/api\\tasks',
      '\\tasks is opened by no permission, and api has api',
    ],
    ['an admin', ROOT, 'DELETE', '/x', true, '/api/x', 'root is an admin, who has every privilege'],
    ['a disabled user', GONE, 'GET', '/kapacitor/v1/me', false, '/api/me', 'gone is disabled, and cannot log in'],
    [
      'the management of users',
      user('mighty', ['all']),
      'POST',
      '/kapacitor/v1/users',
      false,
      '/api/users',
      'only an admin manages users, and mighty is not an admin',
    ],
    [
      'oneself',
      NOBODY,
      'GET',
      '/kapacitor/v1/users/nobody',
      true,
      '/api/users/nobody',
      'every user may read its own entry',
    ],
    [
      'the own password',
      NOBODY,
      'PATCH',
      '/kapacitor/v1/users/nobody',
      true,
      '/api/users/nobody',
      'every user may change its own password, and nothing else of itself',
    ],
    [
      'a name that cannot be decoded',
      API,
      'GET',
      '/kapacitor/v1/users/%zz',
      true,
      '/api/users/%zz',
      'api opens / for everything, the nearest entry above /users/%zz',
    ],
    ['/me', NOBODY, 'OPTIONS', '/kapacitor/v1/me', true, '/api/me', 'every user may ask who it is'],
    [
      'another method at /me',
      NOBODY,
      'POST',
      '/kapacitor/v1/me',
      true,
      '/api/me',
      'every user may ask who it is, and POST is answered with 405',
    ],
    [
      'a path without a slash',
      API,
      'GET',
      'tasks',
      false,
      undefined,
      'the path does not begin with a slash, or routers can read it in too many ways',
    ],
    [
      'a path over 2 KiB',
      API,
      'GET',
      `/${'x'.repeat(2_048)}?x`,
      false,
      undefined,
      'the path has more than 2,048 bytes, and only an admin may use it',
    ],
    ['such a path, to an admin', ROOT, 'GET', 'tasks', true, undefined, 'root is an admin, who has every privilege'],
  ])('names the rule that decided: %s', (_what, who, method, path, allowed, resource, reason) => {
    expect(explain(KAPACITORS, who, method, path)).toMatchObject({ allowed, resource, reason });
  });

  it('refuses a path that routers can read in too many ways', () => {
    const path = `/${'%25'.repeat(40)}2e/;a/..//x\\y%3b%2f${'/..;/%2e%2e%3b'.repeat(20)}`;
    expect(explain(KAPACITORS, user('all', ['all']), 'GET', path)).toMatchObject({
      allowed: false,
      resource: undefined,
    });
  });

  it.each([
    ['GET', 'read'],
    ['HEAD', 'read'],
    ['OPTIONS', 'read'],
    ['POST', 'write'],
    ['PATCH', 'write'],
    ['DELETE', 'delete'],
    ['PROPFIND', 'all'],
    ['', 'all'],
  ])('names the privilege that the method needs: %s', (method, privilege) => {
    expect(explain(KAPACITORS, API, method, '/tasks').privilege).toBe(privilege);
  });

  it('treats a method in small letters as unknown, as HTTP does', () => {
    expect(explain(KAPACITORS, API, 'get', '/tasks')).toMatchObject({ allowed: true, privilege: 'all' });
    expect(explain(KAPACITORS, API, 'get', '/kapacitor/v1/users')).toMatchObject({ allowed: false, privilege: 'all' });
    expect(explain(KAPACITORS, NOBODY, 'get', '/kapacitor/v1/users/nobody')).toMatchObject({ allowed: false });
  });
});

describe('the privileges of a user', () => {
  it('are listed for each resource that permissions distinguish', () => {
    expect(privilegesOf(KAPACITORS, user('a', ['api', 'write_points']))).toEqual({
      '/api': ['read', 'write', 'delete'],
      '/api/ping': ['read', 'write', 'delete'],
      '/api/write': ['read', 'write', 'delete'],
      '/api/config': [],
      '/api/users': ['read'],
    });
  });
});
