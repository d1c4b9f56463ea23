import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import type { KapacitorAuthConfig } from '../../lib/config/options.js';
import { configFile, fromCode, problemsOf } from './resolve.js';

const HTTP_PROPERTIES =
  'http has authEnabled, queryCredentials, realm, allowedHosts, public, refusals, apiPath, sessions, usersPage, sharedSecret, sharedSecretFile';

describe('the configuration in code', () => {
  it('may be an object without a prototype, or an instance of a class', () => {
    class Config {
      readonly http = Object.assign(Object.create(null), { realm: 'mine' });
    }
    expect(fromCode(new Config()).config.http.realm).toBe('mine');
  });

  it.each([
    ['null', null],
    ['an array', []],
    ['a number', 3],
    ['a boolean', true],
    ['a function', () => ({})],
    ['a map', new Map([['http', {}]])],
    ['a promise', Promise.resolve({})],
    ['a url', new URL('file:///etc/kapacitor.conf')],
  ])('cannot be %s', (what, config) => {
    const problem = `the configuration must be an object such as { http: { … }, auth: { … } }, not ${what}`;
    expect(problemsOf(() => fromCode(config))).toEqual([problem]);
    const path = configFile('');
    expect(problemsOf(() => resolveConfig(path, config as KapacitorAuthConfig, {}))).toEqual([problem]);
  });

  it.each([
    ['null', null],
    ['an array', ['secret']],
    ['a text', 'secret'],
    ['a boolean', true],
  ])('has objects in it, and not %s', (what, options) => {
    expect(problemsOf(() => fromCode({ http: options, auth: options }))).toEqual([
      `http must be an object, not ${what}`,
      `auth must be an object, not ${what}`,
    ]);
  });

  it.each([
    [{ auth: { bcryptcost: 12 } }, 'auth.bcryptcost is not known: did you mean auth.bcryptCost?'],
    [{ auth: { 'bcrypt-cost': 12 } }, 'auth.bcrypt-cost is not known: did you mean auth.bcryptCost?'],
    [{ auth: { authEnabled: false } }, 'auth.authEnabled is not known: did you mean http.authEnabled?'],
    [{ auth: { enable: false } }, 'auth.enable is not known: did you mean auth.enabled?'],
    [
      { auth: { ttl: 1 } },
      'auth.ttl is not known: auth has enabled, cacheExpiration, bcryptCost, minimumPasswordLength, refusedPasswords, ' +
        'failureLimit, failureWindow, hashingConcurrency, hashingQueue, store, storeGrace, admin, recordLogins, auditLog',
    ],
    [
      { auth: { 'minimum-password-length': 8 } },
      'auth.minimum-password-length is not known: did you mean auth.minimumPasswordLength?',
    ],
    [
      { auth: { minimumPaswordLength: 8 } },
      'auth.minimumPaswordLength is not known: did you mean auth.minimumPasswordLength?',
    ],
    [{ auth: { refusePasswords: [] } }, 'auth.refusePasswords is not known: did you mean auth.refusedPasswords?'],
    [{ auth: { failuresLimit: 3 } }, 'auth.failuresLimit is not known: did you mean auth.failureLimit?'],
    [{ http: { failureWindow: '1h' } }, 'http.failureWindow is not known: did you mean auth.failureWindow?'],
    [{ auth: { hashConcurrency: 3 } }, 'auth.hashConcurrency is not known: did you mean auth.hashingConcurrency?'],
    [{ auth: { 'store-grace': 0 } }, 'auth.store-grace is not known: did you mean auth.storeGrace?'],
    [{ hashingQueue: 64 }, 'hashingQueue is not known: did you mean auth.hashingQueue?'],
    [{ http: { authEnable: false } }, 'http.authEnable is not known: did you mean http.authEnabled?'],
    [{ http: { auth_enabled: false } }, 'http.auth_enabled is not known: did you mean http.authEnabled?'],
    [{ http: { bcryptCost: 12 } }, 'http.bcryptCost is not known: did you mean auth.bcryptCost?'],
    [{ http: { port: 80 } }, `http.port is not known: ${HTTP_PROPERTIES}`],
    [{ http: { constructor: 1 } }, `http.constructor is not known: ${HTTP_PROPERTIES}`],
    [{ htp: {} }, 'htp is not known: did you mean http?'],
    [{ Auth: {} }, 'Auth is not known: did you mean auth?'],
    [{ authEnabled: false }, 'authEnabled is not known: did you mean http.authEnabled?'],
    [{ store: 'memory:' }, 'store is not known: did you mean auth.store?'],
    [{ users: [] }, 'users is not known: did you mean http.usersPage?'],
    [{ roles: [] }, 'roles is not known'],
    [JSON.parse('{"__proto__":{"http":{}}}'), '__proto__ is not known'],
  ])('may not have an unknown property: %j', (config, problem) => {
    expect(problemsOf(() => fromCode(config))).toEqual([problem]);
  });

  it('is refused with a value that refers to itself', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(problemsOf(() => fromCode({ auth: { bcryptCost: circular } }))).toEqual([
      'auth.bcryptCost: must be an integer from 4 to 20, not an object',
    ]);
  });

  it('is refused with all its problems at once', () => {
    const config = { http: { authEnabled: 1, realm: 2 }, auth: { store: '' }, x: 1 };
    expect(problemsOf(() => fromCode(config))).toHaveLength(4);
  });
});

describe('the store in code', () => {
  const PROBLEM =
    'auth.store: must be "sqlite:FILE", "memory:", "postgres://USER:PASSWORD@HOST/DATABASE" or, in code, ' +
    'a repository: an object with the methods find, list, insert, replace, remove';
  const repository = {
    find: () => undefined,
    list: () => [],
    insert: () => true,
    replace: () => 'conflict',
    remove: () => 'not-found',
  };

  it("may be the app's own repository", () => {
    expect(fromCode({ auth: { store: repository } }).config.auth.store).toBe(repository);
  });

  it('may be an instance of a class, whose methods its prototype has', () => {
    const store = Object.create(repository);
    expect(fromCode({ auth: { store } }).config.auth.store).toBe(store);
  });

  it.each(Object.keys(repository))('is refused without the method %s', (method) => {
    const store = { ...repository, [method]: 'secret' };
    expect(problemsOf(() => fromCode({ auth: { store } }))).toEqual([PROBLEM]);
  });

  it.each(['secret', 'memory:x', 'user:secret', 'path=/var/users', ''])(
    'cannot be %j, and the message does not repeat it',
    (store) => {
      expect(problemsOf(() => fromCode({ auth: { store } }))).toEqual([PROBLEM]);
    },
  );

  it.each([
    ['./users', 'sqlite:./users/users.db'],
    ['sqlite: ./users.db', 'sqlite:./users.db'],
    ['memory', 'memory:'],
  ])('cannot be %j, and the error suggests another store', (store, meant) => {
    expect(problemsOf(() => fromCode({ auth: { store } }))).toEqual([`${PROBLEM}: did you mean "${meant}"?`]);
  });

  it.each([
    ['null', null],
    ['a promise of a repository', Promise.resolve(repository)],
    ['a class', class {}],
    ['a number', 3],
  ])('cannot be %s', (_, store) => {
    expect(problemsOf(() => fromCode({ auth: { store } }))).toEqual([PROBLEM]);
  });
});
