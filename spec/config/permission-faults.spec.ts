import { describe, expect, it } from 'vitest';
import { fromCode, fromFile, fromFileWithUsers, problemsOf } from './resolve.js';

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
    ['[""]', 'the privilege "" is not known: there are read, write, delete and all'],
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
});
