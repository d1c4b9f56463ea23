import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import type { KapacitorAuthConfig } from '../../lib/config/options.js';
import { configFile, fromCode, fromFile, problemsOf, reportOf, settingOf } from './resolve.js';

const FILE = `
[auth]
enabled = true
[permissions.clerk]
  "/orders" = ["write", "read", "read"]
  '/orders/archive' = "read"
  "/secrets" = []
[permissions.nothing]
[permissions]
support = { "/" = "all" }
`;

const IN_CODE = {
  clerk: { '/orders': ['write', 'read', 'read'], '/orders/archive': 'read', '/secrets': [] },
  nothing: {},
  support: { '/': 'all' },
};

const RESOLVED = {
  clerk: { '/orders': ['read', 'write'], '/orders/archive': ['read'], '/secrets': [] },
  nothing: {},
  support: { '/': ['all'] },
};

describe("permissions of the app's own", () => {
  it.each([
    ['in code', () => fromCode({ permissions: IN_CODE })],
    ['in a file', () => fromFile(FILE)],
  ])('are defined %s, each privilege once and in their order', (_, resolve) => {
    expect(resolve().config.permissions).toEqual(RESOLVED);
  });

  it('may be dotted keys in a file', () => {
    expect(fromFile('permissions.clerk."/orders" = "read"\n').config.permissions).toEqual({
      clerk: { '/orders': ['read'] },
    });
  });

  it('are frozen copies', () => {
    const clerk = { '/orders': ['read'] };
    const { permissions } = fromCode({ permissions: { clerk } }).config;
    clerk['/orders'].push('all');
    expect(permissions).toEqual({ clerk: { '/orders': ['read'] } });
    for (const each of [permissions, permissions['clerk'], permissions['clerk']?.['/orders']]) {
      expect(Object.isFrozen(each)).toBe(true);
    }
  });

  it('may have the name of an inherited property, and have no others', () => {
    const inCode = fromCode({ permissions: { constructor: { '/a': 'read' } } }).config.permissions;
    const inFile = fromFile('[permissions]\nconstructor = { "/a" = "read" }\n').config.permissions;
    expect(inCode['constructor']).toEqual({ '/a': ['read'] });
    expect(inFile['constructor']).toEqual({ '/a': ['read'] });
    expect(fromCode({}).config.permissions['constructor']).toBeUndefined();
    expect(fromFile('').config.permissions['constructor']).toBeUndefined();
  });

  it('are read from own properties alone, because a polluted prototype could open everything', () => {
    const permissions = Object.create({ clerk: { '/': 'all' } });
    permissions.kim = Object.create({ '/': 'all' });
    expect(fromCode({ permissions }).config.permissions).toEqual({ kim: {} });
  });

  it('may have paths with one reading, with the same privileges twice, and paths in any language', () => {
    const clerk = { '/orders': 'read', '/kapacitor/v1/orders': ['read'], '/Orders': 'read', '/café': 'all' };
    expect(fromCode({ permissions: { clerk } }).config.permissions['clerk']).toHaveProperty('/café', ['all']);
  });

  it('are absent if undefined, and so is one', () => {
    expect(fromCode({ permissions: undefined }).config.permissions).toEqual({});
    expect(fromCode({ permissions: { clerk: undefined } }).config.permissions).toEqual({});
  });
});

describe('the definitions of several sources', () => {
  const path = () =>
    configFile('[auth]\nenabled = true\n[permissions.clerk]\n"/a" = "all"\n[permissions.cook]\n"/b" = "all"\n');

  it('are merged by name: one in code replaces the same in a file as a whole', () => {
    const code = { permissions: { clerk: { '/c': 'read' }, kim: {} } } as const;
    expect(resolveConfig(path(), code, {}).config.permissions).toEqual({
      clerk: { '/c': ['read'] },
      kim: {},
      cook: { '/b': ['all'] },
    });
  });

  it('are merged by name if both are in code: the second argument comes first', () => {
    const first = { permissions: { clerk: { '/a': 'all' }, cook: { '/b': 'all' } } } as const;
    expect(resolveConfig(first, { permissions: { clerk: {} } }, {}).config.permissions).toEqual({
      clerk: {},
      cook: { '/b': ['all'] },
    });
  });

  it('may be wrong where a stronger source replaces them', () => {
    const broken = '[auth]\nenabled = true\n[permissions.clerk]\norders = "raed"\n';
    const code = { permissions: { clerk: { '/a': 'read' } } } as const;
    const { config, warnings } = resolveConfig(configFile(broken), code, {});
    expect(config.permissions).toEqual({ clerk: { '/a': ['read'] } });
    expect(warnings.filter((each) => each.endsWith(' (ignored: permissions.clerk overrides it)'))).toHaveLength(2);
    const wrong = { permissions: { clerk: { '/a': 'raed' } } } as unknown as KapacitorAuthConfig;
    expect(problemsOf(() => resolveConfig(configFile(broken), wrong, {}))).toHaveLength(3);
  });

  it('may be wrong while there are no users', () => {
    const { config, warnings } = fromFile('[permissions.clerk]\norders = "read"\n[permissions.Cook]\n');
    expect(config.permissions).toEqual({});
    expect(warnings.filter((each) => each.endsWith(' (ignored: [auth] enabled is false)'))).toHaveLength(2);
    const off = { http: { authEnabled: false }, auth: { enabled: false }, permissions: { api: {} } };
    expect(fromCode(off).config.permissions).toEqual({});
  });
});

describe('a definition', () => {
  it('that changes users causes a warning, because only an admin does', () => {
    const clerk = { '/users': ['read', 'delete', 'write'], '/kapacitor/v1/users/kim': 'all', '/orders': 'all' };
    expect(fromCode({ permissions: { clerk, cook: { '/users': 'read' } } }).warnings).toEqual([
      'permissions.clerk: write and delete on "/users": only an admin manages users, so this permission only reads them',
      'permissions.clerk: all on "/kapacitor/v1/users/kim": only an admin manages users, so this permission only reads them',
    ]);
  });
});

describe('the definitions', () => {
  it('and public paths cause no warnings while there are no users', () => {
    const http = { authEnabled: false, public: ['/', '/users'] };
    const { warnings } = fromCode({ http, auth: { enabled: false }, permissions: { clerk: { '/users': 'all' } } });
    expect(warnings).toEqual([expect.stringMatching(/^authentication is off: /)]);
  });

  it.each([
    ['permissions = 3', 'a number'],
    ['permissions = ["clerk"]', 'an array'],
    ['[[permissions]]\n[permissions.clerk]', 'an array'],
  ])('must be sections of the file, each with a name: %j', (text, what) => {
    expect(problemsOf(() => fromFile(`${text}\n`))).toEqual([
      `kapacitor.conf, line 1: [permissions]: must have a section for each permission, such as  [permissions.clerk] , not ${what}`,
    ]);
  });

  it('must be an object in code', () => {
    expect(problemsOf(() => fromCode({ permissions: ['clerk'] }))).toEqual([
      "permissions must be an object such as { clerk: { '/orders': ['read', 'write'] } }, not an array",
    ]);
  });

  it.each([
    [
      '[permision.clerk]\n',
      'kapacitor.conf, line 1: [permision]: this section is not known: did you mean [permissions]?',
    ],
    [
      '[permission.clerk]\n',
      'kapacitor.conf, line 1: [permission]: this section is not known: did you mean [permissions]?',
    ],
    [
      '[Permissions]\n',
      'kapacitor.conf, line 1: [Permissions]: this section is not known: did you mean [permissions]?',
    ],
    [
      '[http.permissions]\n',
      'kapacitor.conf, line 1: [http] permissions: this key is not known: did you mean [permissions]?',
    ],
    [
      '[auth.permissions.clerk]\n',
      'kapacitor.conf, line 1: [auth] permissions: this key is not known: did you mean [permissions]?',
    ],
  ])('are not in a misspelt section, or in another one: %j', (text, problem) => {
    expect(problemsOf(() => fromFile(text))).toEqual([problem]);
  });

  it.each([
    [{ permission: {} }, 'permission is not known: did you mean permissions?'],
    [{ Permissions: {} }, 'Permissions is not known: did you mean permissions?'],
    [{ http: { permissions: {} } }, 'http.permissions is not known: did you mean permissions?'],
    [{ auth: { permissions: {} } }, 'auth.permissions is not known: did you mean permissions?'],
    [{ auth: { permission: {} } }, 'auth.permission is not known: did you mean permissions?'],
  ])('are not in a misspelt property, or in another one: %j', (config, problem) => {
    expect(problemsOf(() => fromCode(config))).toEqual([problem]);
  });

  it('appear in check-config, each with its source, unless they are wrong', () => {
    const report = reportOf(`${FILE}[permissions.wrong]\norders = "read"\n`);
    expect(settingOf(report, 'clerk')).toEqual({
      value: '{ "/orders" = ["read", "write"], "/orders/archive" = ["read"], "/secrets" = [] }',
      from: 'kapacitor.conf, line 4',
    });
    expect(settingOf(report, 'support')).toEqual({ value: '{ "/" = ["all"] }', from: 'kapacitor.conf, line 10' });
    expect(settingOf(report, 'wrong')).toBeUndefined();
    expect(settingOf(reportOf('[permissions.wrong]\norders = "read"\n'), 'wrong')).toBeUndefined();
  });
});
