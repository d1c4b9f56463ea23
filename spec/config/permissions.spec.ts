import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import type { KapacitorAuthConfig } from '../../lib/config/options.js';
import { configFile, fromCode, fromFile, fromFileWithUsers, problemsOf, reportOf, settingOf } from './resolve.js';

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

/** The problems of a definition with one line, without the beginning that names it. */
function faultsOf(line: string): string[] {
  const problems = problemsOf(() => fromFileWithUsers(`[permissions.clerk]\n${line}\n`));
  return problems.map((problem) => problem.replace(/^kapacitor\.conf, line 2: \[permissions\.clerk\] [^:]*?: /, ''));
}

const VALUES = 'must be "read", "write", "delete" or "all", a list of these, or [] for nothing';

describe('a privilege', () => {
  it.each([
    ['"raed"', 'the privilege "raed" is not known: did you mean read?'],
    ['"Read"', 'the privilege "Read" is not known: did you mean read?'],
    ['["read", "writes"]', 'the privilege "writes" is not known: did you mean write?'],
    ['"update"', 'the privilege "update" is not known: did you mean write?'],
    ['"*"', 'the privilege "*" is not known: did you mean all?'],
    ['"constructor"', 'the privilege "constructor" is not known: there are read, write, delete and all'],
    ['"GET"', '"GET" is a method: write the privilege that it needs, "read"'],
    ['"post"', '"post" is a method: write the privilege that it needs, "write"'],
    ['"api"', '"api" is a permission, and not a privilege: the privileges are read, write, delete and all'],
    ['"none"', '"none" is a permission, and not a privilege: write [] for nothing'],
    ['"read,write"', '"read,write" is one text: write  ["read", "write"]'],
    ['"read write"', '"read write" is one text: write  ["read", "write"]'],
    ['""', `${VALUES}, not ""`],
    ['3', `${VALUES}, not 3`],
    ['true', `${VALUES}, not true`],
    ['{ read = true }', `${VALUES}, not an object`],
    ['[3]', 'a privilege must be a text in quotes, not 3'],
    ['[["read"]]', 'a privilege must be a text in quotes, not an array'],
  ])('cannot be %s', (toml, fault) => {
    expect(faultsOf(`"/orders" = ${toml}`)).toEqual([fault]);
  });

  it.each([
    ['undefined', undefined, `${VALUES}, not undefined`],
    ['null', null, `${VALUES}, not null`],
    ['a set', new Set(['read']), `${VALUES}, not a set`],
    ['missing in a list', Array(1), 'a privilege must be a text in quotes, not undefined'],
  ])('cannot be %s in code', (_, given, fault) => {
    expect(problemsOf(() => fromCode({ permissions: { clerk: { '/orders': given } } }))).toEqual([
      `permissions.clerk["/orders"]: ${fault}`,
    ]);
  });
});

describe('a path in a definition', () => {
  it.each([
    ['orders', '"orders" must begin with a slash: did you mean "/orders"?'],
    ['"/orders/"', '"/orders/" can be read as "/orders": did you mean "/orders"?'],
    ['"/orders/*"', /^"\/orders\/\*" is a pattern, .*: did you mean "\/orders"\?$/],
    ['"/a/../b"', '"/a/../b" can be read as "/b": did you mean "/b"?'],
    ['"/orders?new"', '"/orders?new" has a query, and a path has none: did you mean "/orders"?'],
    [
      '"GET /orders"',
      'a path has no method, because a privilege stands for methods (read for GET): did you mean "/orders"?',
    ],
    ['"delete /orders"', /^a path has no method, .* \(delete for DELETE\): did you mean "\/orders"\?$/],
    ['"PURGE /orders"', 'a path has no method, because a privilege stands for methods: did you mean "/orders"?'],
  ])('cannot be %s', (key, fault) => {
    expect(faultsOf(`${key} = "read"`)).toEqual([typeof fault === 'string' ? fault : expect.stringMatching(fault)]);
  });

  it('may not have two places with different privileges: the error names the second one', () => {
    const definition = '"/orders" = ["read"]\n"/kapacitor/v1/orders" = "all"\n"/x" = "read"\n"/X" = []\n';
    expect(problemsOf(() => fromFileWithUsers(`[permissions.clerk]\n${definition}`))).toEqual([
      'kapacitor.conf, line 3: [permissions.clerk] "/kapacitor/v1/orders": this is the same resource as "/orders", with other privileges: keep one of the two',
      'kapacitor.conf, line 5: [permissions.clerk] "/X": this is the same resource as "/x", with other privileges: keep one of the two',
    ]);
  });

  it('leaves out the path of the API that the configuration names', () => {
    const definition = '[permissions.clerk]\n"/orders" = "read"\n"/auth/orders" = "all"\n"/kapacitor/v1/orders" = []\n';
    expect(problemsOf(() => fromFileWithUsers(`[http]\napi-path = "/auth"\n${definition}`))).toEqual([
      expect.stringMatching(/^kapacitor\.conf, line 5: \[permissions\.clerk\] "\/auth\/orders": this is the same/),
    ]);
  });
});

describe('the name of a permission', () => {
  const RULES =
    'the name of a permission has lower-case letters, digits, - and _, begins with a letter, and has at most 64 characters';

  it.each(['a', 'order-clerk', 'order_clerk', 'a1--', 'x'.repeat(64)])('may be %s', (name) => {
    expect(Object.keys(fromCode({ permissions: { [name]: {} } }).config.permissions)).toEqual([name]);
    expect(Object.keys(fromFile(`[permissions.${name}]\n`).config.permissions)).toEqual([name]);
  });

  it.each([
    ['Clerk', 'clerk'],
    ['order clerk', 'order-clerk'],
    ['orderClerk', 'order-clerk'],
    ['ORDER.CLERK', 'order-clerk'],
    ['1clerk', 'clerk'],
    ['__proto__', 'proto__'],
    ['API', undefined],
    ['店員', undefined],
    ['', undefined],
    ['x'.repeat(65), undefined],
  ])('cannot be %j', (name, meant) => {
    const hint = meant === undefined ? '' : `: did you mean ${meant}?`;
    const [inCode, ...others] = problemsOf(() => fromCode(JSON.parse(`{"permissions":{${JSON.stringify(name)}:{}}}`)));
    expect(inCode?.replace(/^permissions\S*?(?: clerk"\])?: /, '')).toBe(`${RULES}${hint}`);
    expect(others).toEqual([]);
    expect(problemsOf(() => fromFileWithUsers(`[permissions.${JSON.stringify(name)}]\n`))).toEqual([
      `kapacitor.conf, line 1: [permissions.${/^[\w-]+$/.test(name) ? name : JSON.stringify(name)}]: ${RULES}${hint}`,
    ]);
  });

  it.each(['none', 'api', 'config_api', 'write_points', 'all'])("cannot be Kapacitor's: %s", (name) => {
    const problem = "this permission is Kapacitor's, and cannot be defined: choose another name";
    expect(problemsOf(() => fromCode({ permissions: { [name]: {} } }))).toEqual([`permissions.${name}: ${problem}`]);
    expect(problemsOf(() => fromFileWithUsers(`[permissions.${name}]\n`))).toEqual([
      `kapacitor.conf, line 1: [permissions.${name}]: ${problem}`,
    ]);
  });

  it('cannot be a path', () => {
    const problem =
      'a path belongs to a permission, which has a name: in the file below  [permissions.clerk] , ' +
      'in code in  permissions: { clerk: { … } }';
    expect(problemsOf(() => fromFileWithUsers('[permissions]\n"/orders" = "read"\n'))).toEqual([
      `kapacitor.conf, line 2: [permissions."/orders"]: ${problem}`,
    ]);
    expect(problemsOf(() => fromCode({ permissions: { '/orders': ['read'] } }))).toEqual([
      `permissions["/orders"]: ${problem}`,
    ]);
  });
});

describe('a definition', () => {
  const EXPECTED = 'must be paths and their privileges, such as "/orders" and ["read", "write"]';

  it.each([
    ['["read"]', 'an array'],
    ['"read"', 'a text'],
    ['3', 'a number'],
    ['true', 'a boolean'],
    ['2026-01-01', 'a date'],
  ])('cannot be %s', (toml, what) => {
    expect(problemsOf(() => fromFileWithUsers(`[permissions]\nclerk = ${toml}\n`))).toEqual([
      `kapacitor.conf, line 2: [permissions.clerk]: ${EXPECTED}, not ${what}`,
    ]);
  });

  it('cannot be a map or null in code', () => {
    expect(problemsOf(() => fromCode({ permissions: { clerk: new Map(), cook: null } }))).toEqual([
      `permissions.clerk: ${EXPECTED}, not a map`,
      `permissions.cook: ${EXPECTED}, not null`,
    ]);
  });

  it('cannot be there several times', () => {
    expect(problemsOf(() => fromFileWithUsers('[[permissions.clerk]]\n'))).toEqual([
      `kapacitor.conf, line 1: [permissions.clerk]: ${EXPECTED}, not an array`,
    ]);
  });

  it('is refused with all its problems at once, each with its line', () => {
    const text =
      '[permissions.Clerk]\n"orders" = "raed"\n"/a" = [\n  3,\n]\n  [permissions.Clerk.items]\n  "/b" = "all"\n';
    const places = problemsOf(() => fromFileWithUsers(text)).map((each) => /^.*?\][^:]*/.exec(each)?.[0]);
    expect(places).toEqual([
      'kapacitor.conf, line 1: [permissions.Clerk]',
      'kapacitor.conf, line 2: [permissions.Clerk] orders',
      'kapacitor.conf, line 2: [permissions.Clerk] orders',
      'kapacitor.conf, line 3: [permissions.Clerk] "/a"',
      'kapacitor.conf, line 6: [permissions.Clerk] items',
      'kapacitor.conf, line 6: [permissions.Clerk] items',
    ]);
  });

  it('that changes users causes a warning, because only an admin does', () => {
    const clerk = { '/users': ['read', 'delete', 'write'], '/kapacitor/v1/users/kim': 'all', '/orders': 'all' };
    expect(fromCode({ permissions: { clerk, cook: { '/users': 'read' } } }).warnings).toEqual([
      'permissions.clerk: write and delete on "/users": only an admin manages users, so this permission only reads them',
      'permissions.clerk: all on "/kapacitor/v1/users/kim": only an admin manages users, so this permission only reads them',
    ]);
  });
});

describe('the definitions', () => {
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
