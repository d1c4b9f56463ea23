import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { LONGEST } from '../../lib/config/duration.js';

/** Values in each source's notation, each with the resolved value or with the text that the message shows. */
export interface Values {
  readonly file: readonly (readonly [toml: string, value: unknown])[];
  readonly environment: readonly (readonly [text: string, value: unknown])[];
  readonly code: readonly (readonly [given: unknown, value: unknown])[];
}

export interface Row {
  /** `[auth] bcrypt-cost`. */
  readonly name: string;
  readonly variable: string;
  /** `auth.bcryptCost`; undefined where code cannot set it. */
  readonly property?: string;
  /** Read from the configuration, where that is not the property. */
  readonly resolved?: string;
  readonly defaults: readonly [withFile: unknown, inCode: unknown];
  readonly right: Values;
  readonly wrong: Values;
  readonly expected: string;
}

type Names = Pick<Row, 'name' | 'variable' | 'property'>;

function named(section: 'http' | 'auth', key: string): Names {
  const property = key.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const variable = `KAPACITOR_${section}_${key}`.replaceAll('-', '_').toUpperCase();
  return { name: `[${section}] ${key}`, variable, property: `${section}.${property}` };
}

function aSwitch(names: Names, defaults: Row['defaults']): Row {
  return {
    ...names,
    defaults,
    expected: 'must be true or false',
    right: {
      file: [
        ['true', true],
        ['false', false],
      ],
      // All that Go's ParseBool takes.
      environment: [
        ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
        ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
      ],
      code: [
        [true, true],
        [false, false],
      ],
    },
    wrong: {
      file: [
        ['"true"', `"true": write  ${names.name.split(' ')[1]} = true`],
        ['"on"', '"on"'],
        ['1', '1'],
        ['[true]', 'an array'],
        ['{ password = "hunter2" }', 'an object'],
      ],
      environment: ['yes', 'off', 'tRUE', ' ', 'true ', '"true"', '2'].map((text) => [text, JSON.stringify(text)]),
      code: [
        ['false', '"false"'],
        [0, '0'],
        [null, 'null'],
      ],
    },
  };
}

function aNumber(names: Names, byDefault: number, [min, max]: readonly [number, number]): Row {
  const key = names.name.split(' ')[1];
  return {
    ...names,
    defaults: [byDefault, byDefault],
    expected: `must be an integer from ${min} to ${max}`,
    right: {
      file: [min, max].map((value) => [String(value), value]),
      environment: [min, max].map((value) => [String(value), value]),
      code: [min, max].map((value) => [value, value]),
    },
    wrong: {
      file: [
        ...[min - 1, max + 1, 10.5].map((value) => [String(value), String(value)] as const),
        [`"${max}"`, `"${max}": write  ${key} = ${max}`],
        ['"five"', '"five"'],
        ['true', 'true'],
        ['[5]', 'an array'],
        ['nan', 'NaN'],
        ['9007199254740993', '9007199254740993'],
      ],
      environment: [min - 1, max + 1, 'ten', '1e1', '+5', ' 5', '5 ', '0x5', '５', '5m', '5.0'].map((value) => [
        String(value),
        JSON.stringify(String(value)),
      ]),
      code: [
        [min - 1, String(min - 1)],
        [max + 1, String(max + 1)],
        [String(max), `"${max}"`],
        [null, 'null'],
        [5n, '5'],
        [Number.POSITIVE_INFINITY, 'Infinity'],
        [{ a: 1n }, 'an object'],
        [Symbol('x'), 'a symbol'],
        [() => 5, 'a function'],
      ],
    },
  };
}

function aDuration(names: Names, byDefault: number): Row {
  return {
    ...names,
    defaults: [byDefault, byDefault],
    expected: 'must be a duration such as "10m", "1h30m", "500ms" or "0"',
    right: {
      file: [
        ['"1h30m"', 5_400_000],
        ['"500ms"', 500],
        ['"0"', 0],
        ['0', 0],
        ['"2562047h"', 9_223_369_200_000],
      ],
      environment: [
        ['1h30m', 5_400_000],
        ['0', 0],
        ['0s', 0],
      ],
      code: [
        ['1h30m', 5_400_000],
        [1500, 1500],
        [0.5, 0.5],
        [0, 0],
        [LONGEST, LONGEST],
      ],
    },
    wrong: {
      // Without a unit, a number could mean seconds or milliseconds.
      file: [
        ['600', '600'],
        ['1.5', '1.5'],
        ['-1', '-1'],
        ['"10"', '"10"'],
        ['"-1m"', '"-1m"'],
        ['"2562048h"', '"2562048h"'],
        ['true', 'true'],
        ['["10m"]', 'an array'],
        ['2020-01-01', 'a date'],
      ],
      environment: ['600', '10 m', '-1h', 'never'].map((text) => [text, JSON.stringify(text)]),
      code: [
        [-1, '-1'],
        [LONGEST + 1, String(LONGEST + 1)],
        [Number.NaN, 'NaN'],
        [10n, '10'],
        ['600', '"600"'],
        [null, 'null'],
        [{}, 'an object'],
      ],
    },
  };
}

const SET = new Set(['password']);
const EMPTY = new Set();
const DERIVED = new (class extends Set<string> {})();
const asked = async () => true;

export const ROWS: readonly Row[] = [
  aSwitch(named('http', 'auth-enabled'), [false, true]),
  aSwitch(named('http', 'query-credentials'), [false, false]),
  aSwitch(named('auth', 'enabled'), [false, true]),
  aDuration(named('auth', 'cache-expiration'), 600_000),
  aDuration(named('auth', 'failure-window'), 600_000),
  aDuration(named('auth', 'store-grace'), 60_000),
  aNumber(named('auth', 'bcrypt-cost'), 10, [4, 20]),
  aNumber({ ...named('auth', 'bcrypt-cost'), variable: 'KAPACITOR_AUTH_BCRYPT' }, 10, [4, 20]),
  aNumber(named('auth', 'minimum-password-length'), 8, [0, 72]),
  aNumber(named('auth', 'failure-limit'), 10, [0, 1_000_000]),
  aNumber(named('auth', 'hashing-concurrency'), expect.any(Number) as never, [1, 1_023]),
  aNumber(named('auth', 'hashing-queue'), 128, [1, 100_000]),
  {
    ...named('http', 'realm'),
    defaults: ['Kapacitor', 'Kapacitor'],
    expected: 'must be a text without control characters, which a header can hold',
    right: {
      file: [
        ['"my realm"', 'my realm'],
        ['""', ''],
        [`'''a "quoted" \\\\ one'''`, 'a "quoted" \\\\ one'],
        ['"München"', 'München'],
      ],
      environment: [['my realm', 'my realm']],
      code: [['my "realm"', 'my "realm"']],
    },
    wrong: {
      file: [
        ['3', '3'],
        ...['\\n', '\\r', '\\u0000', '\\u007f', '\\u0080', '☃', 'Ā'].map((c) => [`"${c}"`, null] as const),
      ],
      environment: [['☃', '"☃"']],
      code: [
        ['a\r\nSet-Cookie: b', '"a\\r\\nSet-Cookie: b"'],
        ['\u{1f600}', '"\u{1f600}"'],
      ],
    },
  },
  {
    ...named('http', 'allowed-hosts'),
    defaults: [undefined, undefined],
    expected: 'must be a list of hosts, such as ["localhost", "example.com:8080", ".example.com", "[::1]"]',
    right: {
      file: [['["localhost", ".example.com", "[::1]:80"]', ['localhost', '.example.com', '[::1]:80']]],
      environment: [['localhost, .example.com,[::1]:80', ['localhost', '.example.com', '[::1]:80']]],
      code: [[['localhost'], ['localhost']]],
    },
    wrong: {
      file: [
        ['"localhost"', '"localhost": write  allowed-hosts = ["localhost"]'],
        ['true', 'true'],
      ],
      environment: [],
      code: [
        ['localhost', '"localhost"'],
        [new Set(['localhost']), 'a set'],
      ],
    },
  },
  {
    ...named('http', 'bind-address'),
    property: undefined as never,
    resolved: 'http.bindAddress',
    defaults: [
      { host: undefined, port: 9092 },
      { host: undefined, port: 9092 },
    ],
    expected: 'must be an address with a port from 0 to 65535, such as ":9092", "localhost:9092" or "[::1]:9092"',
    right: {
      file: [
        ['":9092"', { host: undefined, port: 9092 }],
        ['"localhost:9092"', { host: 'localhost', port: 9092 }],
        ['"0.0.0.0:0"', { host: '0.0.0.0', port: 0 }],
        ['"[::1]:0"', { host: '::1', port: 0 }],
        ['"[::]:65535"', { host: '::', port: 65_535 }],
        ['"[]:80"', { host: undefined, port: 80 }],
      ],
      environment: [['localhost:80', { host: 'localhost', port: 80 }]],
      code: [],
    },
    wrong: {
      file: [
        ['9092', '9092'],
        ...['', '9092', ':', 'localhost', 'localhost:', '::1:9092', '[::1]', ':65536', ':-1', ':http'].map(
          (text) => [`"${text}"`, `"${text}"`] as const,
        ),
        ...[':9092 ', 'a b:1', 'http://a:1'].map((text) => [`"${text}"`, `"${text}"`] as const),
      ],
      environment: [['9092', '"9092"']],
      code: [],
    },
  },
  {
    ...named('auth', 'refused-passwords'),
    defaults: [undefined, undefined],
    expected:
      'must be the path of a file with a password on each line or, in code, a Set of passwords or a function that refuses them',
    right: {
      file: [['"/etc/refused.txt"', '/etc/refused.txt']],
      environment: [['/etc/refused.txt', '/etc/refused.txt']],
      code: [
        [SET, SET],
        [EMPTY, EMPTY],
        [DERIVED, DERIVED],
        [asked, asked],
        ['/srv/$& my $1', '/srv/$& my $1'],
      ],
    },
    wrong: {
      file: [
        ['""', '""'],
        ['["hunter2"]', 'an array'],
        ['true', 'true'],
        ['{ file = "hunter2" }', 'an object'],
      ],
      environment: [],
      code: [
        ['', '""'],
        [['hunter2'], 'an array'],
        [new Map([['hunter2', true]]), 'a map'],
        [Promise.resolve(new Set()), 'a promise'],
        [new Set(['password', 123456]), 'a set'],
        [{ has: () => true }, 'an object'],
        [null, 'null'],
        [new URL('file:///hunter2'), 'a url'],
      ],
    },
  },
  {
    ...named('auth', 'audit-log'),
    defaults: [undefined, undefined],
    expected: 'must be the path of a file, in quotes',
    right: {
      file: [['"/var/log/audit.jsonl"', '/var/log/audit.jsonl']],
      environment: [['/var/log/audit.jsonl', '/var/log/audit.jsonl']],
      code: [['/var/log/audit.jsonl', '/var/log/audit.jsonl']],
    },
    wrong: {
      file: [
        ['""', '""'],
        ['true', 'true'],
      ],
      environment: [],
      code: [['', '""']],
    },
  },
];

export const STORE_ROW: Row = {
  ...named('auth', 'store'),
  defaults: [
    `sqlite:${join(homedir(), '.kapacitor', 'auth', 'users.db')}`,
    `sqlite:${join(process.cwd(), '.kapacitor-auth', 'users.db')}`,
  ],
  expected: '',
  right: {
    file: [
      ['"memory:"', 'memory:'],
      ['"postgres://user@host/db"', 'postgres://user@host/db'],
      ["'sqlite:/srv/$& my $1'", 'sqlite:/srv/$& my $1'],
    ],
    environment: [
      ['memory:', 'memory:'],
      ['postgres://user@host/db', 'postgres://user@host/db'],
    ],
    code: [
      ['memory:', 'memory:'],
      ['postgres://user@host/db', 'postgres://user@host/db'],
      ['sqlite:/srv/?a=b#c%20/größe 用户.db', 'sqlite:/srv/?a=b#c%20/größe 用户.db'],
    ],
  },
  wrong: { file: [], environment: [], code: [] },
};
