import type { KapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { createAuth } from '../support/auth.js';
import { failure } from '../support/failure.js';
import { user } from '../support/user.js';

const API = user('api', ['api']);
const PATH = '/kapacitor/v1/tasks';
const NO_USER = 'a user has name, type, permissions and enabled, like req.user: this is';

const ask = (auth: KapacitorAuth, call: 'can' | 'explain', given: readonly unknown[]): unknown =>
  auth[call](...(given as Parameters<KapacitorAuth['explain']>));

describe.each(['can', 'explain'] as const)('auth.%s', (call) => {
  it.each<[string, readonly unknown[], string]>([
    [
      'swapped',
      [API, PATH, 'GET'],
      `the method comes before the path: did you mean auth.${call}(user, 'GET', '${PATH}')?`,
    ],
    ['a method of small letters', [API, 'get', PATH], "methods are case-sensitive: did you mean 'GET'?"],
    ['a method of small letters', [API, 'delete', PATH], "methods are case-sensitive: did you mean 'DELETE'?"],
    ['a privilege', [API, 'read', PATH], `"read" is a privilege: a request has a method, such as 'GET'`],
    ['a method that is none', [API, 'GET /', PATH], `"GET /" is not a method such as 'GET'`],
    ['no method', [API, undefined, PATH], "a method is a text such as 'GET', not undefined"],
    ['a request', [{ method: 'GET' }], "a method is a text such as 'GET', not undefined"],
    ['no path', [API, 'GET'], "a path is a text such as '/kapacitor/v1/tasks', not undefined"],
    ['a path without a slash', [API, 'GET', 'tasks'], "a path begins with a slash: did you mean '/tasks'?"],
    ['a name', ['jane', 'GET', PATH], "a user is an object: did you mean await auth.users.get('jane')?"],
    ['a user who is waited for', [Promise.resolve(API), 'GET', PATH], `${NO_USER} a promise`],
    ['a user of somebody else', [{ id: 7, name: 'jane' }, 'GET', PATH], `${NO_USER} another object`],
    ['a type that is none', [{ ...API, type: 'root' }, 'GET', PATH], `${NO_USER} another object`],
    ['permissions that are none', [{ ...API, permissions: 'api' }, 'GET', PATH], `${NO_USER} another object`],
    [
      'an end that is no time',
      [{ ...API, expires: '2027-01-31T00:00:00Z' }, 'GET', PATH],
      'the field expires of a user is a date, not a text',
    ],
    ['nothing of whether they get in', [{ ...API, enabled: undefined }, 'GET', PATH], `${NO_USER} another object`],
  ])('refuses %s', async (_what, given, message) => {
    const auth = await createAuth();
    expect(() => ask(auth, call, given)).toThrow(failure('CONFIG_INVALID', 500, `auth.${call}: ${message}`));
  });

  it('refuses more arguments than it has', async () => {
    const auth = await createAuth();
    expect(() => ask(auth, call, [API, 'GET', PATH, {}])).toThrow(
      failure('CONFIG_INVALID', 500, `auth.${call} takes a user, a method and a path, and no more arguments`),
    );
  });

  it.each([
    ['PROPFIND', PATH],
    ['Get-It', PATH],
    ['OPTIONS', '*'],
    ['CONNECT', '127.0.0.1:443'],
    ['GET', 'http://localhost/kapacitor/v1/tasks'],
  ])('accepts what a request can have: %s %s', async (method, path) => {
    const auth = await createAuth();
    expect(() => ask(auth, call, [API, method, path])).not.toThrow();
  });
});

it('auth.can is false for undefined, and auth.explain refuses it', async () => {
  const auth = await createAuth();
  for (const nobody of [undefined, null]) {
    expect(auth.can(nobody, 'GET', PATH)).toBe(false);
    expect(() => auth.can(nobody, 'get', PATH)).toThrow('case-sensitive');
    expect(() => ask(auth, 'explain', [nobody, 'GET', PATH])).toThrow(`auth.explain: ${NO_USER} ${nobody}`);
  }
});
