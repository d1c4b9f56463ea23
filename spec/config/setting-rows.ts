import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { durationKind } from '../../lib/config/kinds.js';
import { SIGN_IN_TEXTS } from '../../lib/sign-in-texts.js';
import { aDuration, aNumber, aSwitch, named, type Row } from './setting-kinds.js';

const SET = new Set(['password']);
const EMPTY = new Set();
const DERIVED = new (class extends Set<string> {})();
const asked = async () => true;

function sessions(lifetime: string, idle: string, name = 'Name') {
  const [lifetimeInMs, idleInMs] = [lifetime, idle].map((text) => durationKind.fromText(text));
  return { lifetime: lifetimeInMs, idle: idleInMs, texts: { ...SIGN_IN_TEXTS, name } };
}

export const ROWS: readonly Row[] = [
  aSwitch(named('http', 'auth-enabled'), [false, true]),
  aSwitch(named('http', 'query-credentials'), [false, false]),
  aSwitch(named('http', 'users-page'), [false, false]),
  aSwitch(named('auth', 'record-logins'), [true, true]),
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
      environment: [['example.com, .example.org,[::1]:80', ['example.com', '.example.org', '[::1]:80']]],
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
    ...named('http', 'public'),
    defaults: [[], []],
    expected: 'must be a list of paths, such as ["/health", "GET /status"]',
    right: {
      file: [
        ['[]', []],
        [
          '["/health", "GET /status", "/café/a b", "PROPFIND /dav"]',
          ['/health', 'GET /status', '/café/a b', 'PROPFIND /dav'],
        ],
      ],
      environment: [['/health, GET /status', ['/health', 'GET /status']]],
      code: [
        [[], []],
        [
          ['/assets', 'HEAD /x'],
          ['/assets', 'HEAD /x'],
        ],
      ],
    },
    wrong: {
      file: [
        ['"/health"', '"/health": write  public = ["/health"]'],
        ['true', 'true'],
        ['{ "/health" = true }', 'an object'],
      ],
      environment: [],
      code: [
        ['/health', '"/health"'],
        [new Set(['/health']), 'a set'],
        [null, 'null'],
      ],
    },
  },
  {
    ...named('http', 'refusals'),
    defaults: ['answer', 'answer'],
    expected: 'must be "answer" or "next"',
    right: {
      file: [['"next"', 'next']],
      environment: [['answer', 'answer']],
      code: [['next', 'next']],
    },
    wrong: {
      file: [
        ['"Next"', '"Next"'],
        ['true', 'true'],
      ],
      environment: [['json', '"json"']],
      code: [
        ['', '""'],
        [() => undefined, 'a function'],
      ],
    },
  },
  {
    ...named('http', 'api-path'),
    defaults: ['/kapacitor/v1', '/kapacitor/v1'],
    expected:
      'must be a path in lower case (routers ignore case) without a slash at its end, such as "/kapacitor/v1", or "/" for the root',
    right: {
      file: [
        ['"/"', ''],
        ['"/auth/v1.2"', '/auth/v1.2'],
      ],
      environment: [['/api', '/api']],
      code: [
        ['/', ''],
        ['/my_app/~users-2', '/my_app/~users-2'],
      ],
    },
    wrong: {
      file: [
        ['"/auth/"', '"/auth/": did you mean "/auth"?'],
        ['"auth"', '"auth": did you mean "/auth"?'],
        ['""', '"": did you mean "/"?'],
        ['"/Auth//V1"', '"/Auth//V1": did you mean "/auth/v1"?'],
        ['"/auth?x#y"', '"/auth?x#y": did you mean "/auth"?'],
        ['"https://user:hunter2@example.com/auth/v1"', 'a URL: did you mean "/auth/v1"?'],
        ['"/auth/:version"', '"/auth/:version"'],
        ['"/a/../b"', '"/a/../b"'],
        ['"/a%2fb"', '"/a%2fb"'],
        ['"/.hidden"', '"/.hidden"'],
        ['3', '3'],
      ],
      environment: [['/a b', '"/a b"']],
      code: [
        [['/auth'], 'an array'],
        [new URL('https://example.com/auth'), 'a url'],
      ],
    },
  },
  {
    ...named('http', 'sessions'),
    defaults: [false, false],
    expected: 'must be true, false, or lifetime and idle, such as { lifetime = "12h", idle = "1h" }',
    right: {
      file: [
        ['true', sessions('12h', '1h')],
        ['false', false],
        ['{ lifetime = "30m" }', sessions('30m', '30m')],
        ['{ lifetime = "9600h", idle = "9600h" }', sessions('9600h', '9600h')],
        ['{ idle = "2m" }', sessions('12h', '2m')],
      ],
      environment: [
        ['true', sessions('12h', '1h')],
        ['1', sessions('12h', '1h')],
        ['F', false],
      ],
      code: [
        [true, sessions('12h', '1h')],
        [{}, sessions('12h', '1h')],
        [{ lifetime: 120_000, idle: undefined }, sessions('2m', '2m')],
        [{ lifetime: '8h', idle: '8h', texts: { name: 'Nom', signIn: undefined } }, sessions('8h', '8h', 'Nom')],
        [false, false],
      ],
    },
    wrong: {
      file: [
        ['"true"', '"true": write  sessions = true'],
        ['"12h"', '"12h"'],
        ['1', '1'],
      ],
      environment: [
        ['12h', '"12h"'],
        ['yes', '"yes"'],
      ],
      code: [
        ['12h', '"12h"'],
        [null, 'null'],
        [43_200_000, '43200000'],
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
        ...['', '9092', ':', 'localhost', 'localhost:', '::1:9092', '[::1]', ':65536', ':-1', ':http', 'a b:1'].map(
          (text) => [`"${text}"`, `"${text}"`] as const,
        ),
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
      environment: [['/srv/refused.txt', '/srv/refused.txt']],
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
      environment: [['/srv/audit.jsonl', '/srv/audit.jsonl']],
      code: [['/audit.jsonl', '/audit.jsonl']],
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
  {
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
  },
];
