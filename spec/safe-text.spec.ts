import { describe, expect, it } from 'vitest';
import {
  describeError,
  describeType,
  describeValue,
  oneLine,
  pathForDisplay,
  printable,
  printableLines,
  quoteText,
  storeForDisplay,
  withoutHashes,
  withoutSecrets,
} from '../lib/safe-text.js';
import { isPostgresUrl } from '../lib/stores/postgres/url.js';

const KEY = 'kap_ABCDEFGHIJKLMNOPQRSTUVWXYZabcd34KlM6';
const HASH = `$2b$10$${'a'.repeat(53)}`;

/** A function, an input, and its output. */
type Case = readonly [show: (input: never) => string, input: unknown, output: string];

const VALUES: readonly Case[] = [
  [describeValue, 'a text', '"a text"'],
  [describeValue, 'x'.repeat(301), `"${'x'.repeat(300)}"…`],
  [describeValue, null, 'null'],
  [describeValue, true, 'true'],
  [describeValue, 1.5, '1.5'],
  [describeValue, 10n, '10'],
  [describeValue, undefined, 'undefined'],
  [describeValue, ['secret'], 'an array'],
  [describeValue, { password: 'secret' }, 'an object'],
  [describeType, null, 'null'],
  [describeType, undefined, 'undefined'],
  [describeType, 'secret', 'a text'],
  [describeType, 5, 'a number'],
  [describeType, false, 'a boolean'],
  [describeType, ['secret'], 'an array'],
  [describeType, { password: 'secret' }, 'an object'],
  [describeType, new Set(['secret']), 'a set'],
  [describeType, Promise.resolve('secret'), 'a promise'],
  [describeType, () => 'secret', 'a function'],
  [describeType, Symbol('secret'), 'a symbol'],
];

const ERRORS: readonly Case[] = [
  [describeError, new Error('secret'), 'Error'],
  [describeError, new TypeError('secret'), 'TypeError'],
  [describeError, Object.assign(new Error('secret'), { code: 'ENOENT' }), 'Error ENOENT'],
  [describeError, new RangeError('secret', { cause: { code: 'ENOTFOUND' } }), 'RangeError ENOTFOUND'],
  [describeError, Object.assign(new Error('secret'), { name: 'a secret', code: 'a secret' }), 'Error'],
  [describeError, Object.assign(new Error('secret'), { name: Symbol('secret') }), 'Error'],
  [describeError, 'secret', 'a text was thrown'],
  [describeError, undefined, 'undefined was thrown'],
  [describeError, Object.create(null), 'an object was thrown'],
  [describeError, unreadable(), 'an object was thrown'],
];

const UNPRINTABLE: readonly Case[] = [
  [quoteText, 'a\n"b"', '"a\\n\\"b\\""'],
  [quoteText, '\u202egnp\u009b', '"\\u202egnp\\u009b"'],
  [quoteText, 'x'.repeat(300), `"${'x'.repeat(300)}"`],
  [quoteText, `${'x'.repeat(299)}😀`, `"${'x'.repeat(299)}\\ud83d"…`],
  [printable, 'a\u001b[2Jb\u0007\u007f\u009b\r\n\t', 'a\\u001b[2Jb\\u0007\\u007f\\u009b\\u000d\\u000a\\u0009'],
  [printable, 'a\u202e\u200b\ufeff\u2028\u2029', 'a\\u202e\\u200b\\ufeff\\u2028\\u2029'],
  [printable, 'a\u{e0041}', 'a\\udb40\\udc41'],
  [printable, 'half a pair: \ud83d', 'half a pair: \\ud83d'],
  [printable, 'ユーザー Größe 😀', 'ユーザー Größe 😀'],
  [printable, JSON.stringify({ name: 'a\u2028b' }), '{"name":"a\\u2028b"}'],
  [
    printableLines,
    'a\u001b[2Jb\u0007\u202e\u009b\nユーザー\r\n',
    'a\\u001b[2Jb\\u0007\\u202e\\u009b\nユーザー\\u000d\n',
  ],
  [oneLine, 'no\r\nkapacitor-auth: enter your password:\u2028x ', 'no kapacitor-auth: enter your password: x'],
  [oneLine, 'x'.repeat(1_000), 'x'.repeat(1_000)],
  [oneLine, 'x'.repeat(5_000), `${'x'.repeat(1_000)}…`],
];

const HASHES: readonly Case[] = [
  [withoutHashes, `row (someone, ${HASH}) rejected`, 'row (someone, (a hash)) rejected'],
  [withoutHashes, `${HASH}:${HASH}`, '(a hash):(a hash)'],
  [withoutHashes, `$2$10$${'a'.repeat(53)}`, '(a hash)'],
  [withoutHashes, `$2x$10$${'a'.repeat(53)}`, '(a hash)'],
  [withoutHashes, `"$2y$10$${'a'.repeat(20)}": cut off`, '"(a hash)": cut off'],
  [withoutHashes, '$2B$04$ABC', '(a hash)'],
  [withoutHashes, 'MD5 $apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00', 'MD5 (a hash)'],
  [withoutHashes, 'crypt(3) $1$salt$hash, $5$salt$hash, $6$salt$hash', 'crypt(3) (a hash), (a hash), (a hash)'],
  [withoutHashes, 'scrypt $7$salt$hash, yescrypt $y$j9T$salt$hash', 'scrypt (a hash), yescrypt (a hash)'],
  [withoutHashes, '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=, {SSHA256}abc+/==', '(a hash), (a hash)'],
  [withoutHashes, 'VALUES ($1, $2, $3), costs $2.50 or {SHA}', 'VALUES ($1, $2, $3), costs $2.50 or {SHA}'],
];

const TEXTS: readonly Case[] = [
  [withoutSecrets, 'http://root:secret@host:9092/x', 'http://root@host:9092/x'],
  [withoutSecrets, 'cannot use http://root:se@cr/e:t@host', 'cannot use http://root@host'],
  [withoutSecrets, 'cannot use http://root%3Asecret@host', 'cannot use http://root@host'],
  [withoutSecrets, 'postgres://app:secret@host/db?sslmode=require', 'postgres://app@host/db?sslmode=require'],
  [withoutSecrets, 'postgres://host/db?password=secret&sslkey=secret', 'postgres://host/db?password=…&sslkey=…'],
  [withoutSecrets, 'postgres://host/db?p%61ssword=secret&pass%=secret', 'postgres://host/db?p%61ssword=…&pass%=…'],
  [withoutSecrets, 'http://h/?next=/login?password=secret', 'http://h/?next=/login?password=…'],
  [withoutSecrets, 'http://h/?password=se?key=cret&next=/x?a=b', 'http://h/?password=…&next=/x?a=b'],
  [withoutSecrets, `a row (stan, ${HASH})`, 'a row (stan, (a hash))'],
  [withoutSecrets, `a row (jane, ${KEY}, kas_${'x'.repeat(20)})`, 'a row (jane, (a key), (a key))'],
  [withoutSecrets, `kap_${'x'.repeat(19)}`, `kap_${'x'.repeat(19)}`],
  [withoutSecrets, 'http://NAME:PASSWORD@HOST:9092', 'http://NAME:PASSWORD@HOST:9092'],
  [withoutSecrets, 'http://host:9092 is down', 'http://host:9092 is down'],
];

const STORES: readonly Case[] = [
  [storeForDisplay, 'postgres://user:pw@host/db', 'postgres://user@host/db'],
  [storeForDisplay, 'postgres://user:@host/db', 'postgres://user@host/db'],
  [storeForDisplay, 'postgres://:pw@host/db', 'postgres://host/db'],
  [storeForDisplay, 'postgres://@host/db', 'postgres://host/db'],
  [storeForDisplay, 'postgres://user:p:w@host/db', 'postgres://user@host/db'],
  [storeForDisplay, 'postgres://user:p@w@host/db', 'postgres://user@host/db'],
  [storeForDisplay, 'postgres://user@server:pw@host/db', 'postgres://user@server@host/db'],
  [storeForDisplay, 'postgres://a%20b:pw@host/db', 'postgres://a%20b@host/db'],
  [storeForDisplay, 'postgres://user%3Apw@host/db', 'postgres://user@host/db'],
  [storeForDisplay, 'postgres://host:5432/db', 'postgres://host:5432/db'],
  [storeForDisplay, 'postgres://user:pw@host', 'postgres://user@host'],
  [storeForDisplay, 'postgres://user:pw@[2001:db8::1]:5432/db', 'postgres://user@[2001:db8::1]:5432/db'],
  [storeForDisplay, 'postgres://user:pw@%2Frun%2Fpostgresql/db', 'postgres://user@%2Frun%2Fpostgresql/db'],
  [storeForDisplay, 'postgres://user:pw@a:1,b:2/db', 'postgres://user@a:1,b:2/db'],
  [storeForDisplay, 'postgres://user:pw@/db', 'postgres://user@/db'],
  [storeForDisplay, 'postgres://u%:p%zz@h%/d%b?%=%&x%=1', 'postgres://u%@h%/d%b?%=%&x%=1'],
  [storeForDisplay, 'postgres://\ud800:pw@host/db?\ud800=1', 'postgres://\ud800@host/db?\ud800=1'],
  [storeForDisplay, 'postgres://', 'postgres://'],
  [storeForDisplay, 'postgresql://user:pw@host/db', 'postgresql://user@host/db'],
  [storeForDisplay, 'postgres://user:12/pw@host/db', 'postgres://user@host/db'],
  [storeForDisplay, 'postgres://user:pw@host/db?schema=x#pw', 'postgres://user@host/db?schema=x'],
  [storeForDisplay, 'postgres://user:pw@host/db?password=pw', 'postgres://user@host/db'],
  [storeForDisplay, 'postgres://user:pw@host/db?PASSWORD=pw', 'postgres://user@host/db'],
  [storeForDisplay, 'postgres://user:pw@host/db?p%61ssword=pw', 'postgres://user@host/db'],
  [storeForDisplay, 'postgres://user:pw@host/db?pass%=pw', 'postgres://user@host/db'],
  [storeForDisplay, 'postgres://user:pw@host/db?password', 'postgres://user@host/db'],
  [storeForDisplay, 'postgres://user:pw@host/db?password=p=w&password=pw', 'postgres://user@host/db'],
  [
    storeForDisplay,
    'postgres://user:pw@host/db?sslpassword=pw&passfile=/x&sslkey=/key.pem&client_secret=pw&apiKey=pw',
    'postgres://user@host/db',
  ],
  [storeForDisplay, 'postgres://user:pw@host/db?schema=x&password=pw', 'postgres://user@host/db?schema=x'],
  [storeForDisplay, 'postgres://user:pw@host/db?password=pw&schema=x', 'postgres://user@host/db?schema=x'],
  [
    storeForDisplay,
    'postgres://user:pw@host/db?a=1&password=pw&schema=my%20x&sslmode=verify-full',
    'postgres://user@host/db?a=1&schema=my%20x&sslmode=verify-full',
  ],
  [
    storeForDisplay,
    'postgres://user:pw@host/db?sslcert=/c.pem&sslrootcert=/ca.pem&user=me',
    'postgres://user@host/db?sslcert=/c.pem&sslrootcert=/ca.pem&user=me',
  ],
  [
    storeForDisplay,
    'postgres://user:pw@host/db?application_name=key-server&keepalives=1',
    'postgres://user@host/db?application_name=key-server&keepalives=1',
  ],
  [
    storeForDisplay,
    'postgres://user:pw@host/db?options=-c%20search_path%3Dx',
    'postgres://user@host/db?options=-c%20search_path%3Dx',
  ],
  [storeForDisplay, 'postgres://user:pw@host/db?a&b=&=c', 'postgres://user@host/db?a&b=&=c'],
  [storeForDisplay, 'postgres://user:pw@host/db?', 'postgres://user@host/db'],
  [storeForDisplay, 'postgres://user:pw@host/db?&&', 'postgres://user@host/db'],
  [storeForDisplay, '', ''],
  [storeForDisplay, 'memory:', 'memory:'],
  [storeForDisplay, 'sqlite:/srv/a:b@c?password=d', 'sqlite:/srv/a:b@c?password=d'],
];

const PATHS: readonly Case[] = [
  [pathForDisplay, '/kapacitor/v1/tasks', '/kapacitor/v1/tasks'],
  [pathForDisplay, '/tasks?u=name&p=secret', '/tasks'],
  [pathForDisplay, '/tasks?x=1#?p=secret', '/tasks'],
  [pathForDisplay, '/tasks#p=secret', '/tasks'],
  [pathForDisplay, '/a@b/tasks', '/a@b/tasks'],
  [pathForDisplay, 'http://host/tasks', 'http://host/tasks'],
  [pathForDisplay, 'http://host/a@b', 'http://host/a@b'],
  [pathForDisplay, 'http://name:secret@host:9092/tasks', 'http://host:9092/tasks'],
  [pathForDisplay, 'HTTPS://secret@[::1]/tasks?p=secret', 'HTTPS://[::1]/tasks'],
  [pathForDisplay, 'http://a:secret@b:secret@host/tasks', 'http://host/tasks'],
  [pathForDisplay, 'http://name:secret@host', 'http://host'],
  [pathForDisplay, 'http://host?u=name&p=x@secret', 'http://host'],
  [pathForDisplay, 'http://host:9092/tasks', 'http://host:9092/tasks'],
  [pathForDisplay, '//name:secret@host/tasks', '//host/tasks'],
  [pathForDisplay, '//secret@host/tasks', '//host/tasks'],
  [pathForDisplay, '///secret@host/tasks', '///host/tasks'],
  [pathForDisplay, '/x//secret@host/tasks', '/x//host/tasks'],
  [pathForDisplay, '/%2fname:secret@host/tasks', '/host/tasks'],
  [pathForDisplay, '/%2Fsecret%40host/tasks', '/host/tasks'],
  [pathForDisplay, '/%252f%252fname%253asecret%2540host/tasks', '/host/tasks'],
  [pathForDisplay, '/proxy/http://name:secret@host/tasks', '/proxy/http://host/tasks'],
  [pathForDisplay, '/proxy/name:secret@host', '/proxy/host'],
  [pathForDisplay, '/proxy/name@example.com:secret@host', '/proxy/host'],
  [pathForDisplay, 'http:name:secret@host/tasks', 'host/tasks'],
  [pathForDisplay, 'http:/name:secret@host/tasks', 'http:/host/tasks'],
  [pathForDisplay, 'http:/secret@host/tasks', 'http:/host/tasks'],
  [pathForDisplay, 'http:\\\\name:secret@host\\tasks', 'http:\\\\host\\tasks'],
  [pathForDisplay, '\\\\secret@host\\tasks', '\\\\host\\tasks'],
  [pathForDisplay, '/\\secret@host/tasks', '/\\host/tasks'],
  [pathForDisplay, 'http://name:sec/secret@host/tasks', 'http://host/tasks'],
  [pathForDisplay, 'http://name:sec%2Fsecret@host/tasks', 'http://host/tasks'],
  [pathForDisplay, 'http://name:sec%40secret@host/tasks', 'http://host/tasks'],
  [pathForDisplay, 'http://name:secret%40host/tasks', 'http://host/tasks'],
  [pathForDisplay, 'http://name:secret?secret@host/tasks', 'http://'],
  [pathForDisplay, 'http://name:secret#secret@host/tasks', 'http://'],
  [pathForDisplay, 'http://name:secret;secret@host/tasks', 'http://host/tasks'],
  [pathForDisplay, 'http://name:secret/tasks', 'http:///tasks'],
  [pathForDisplay, 'http:\\\\name:secret\\tasks', 'http:\\\\\\tasks'],
  [pathForDisplay, '/config%3fp=secret', '/config'],
  [pathForDisplay, '/config%3Fp=secret', '/config'],
  [pathForDisplay, '/config%253fp=secret', '/config'],
  [pathForDisplay, '/config%2525253Fp=secret', '/config'],
  [pathForDisplay, '/config%%33fp=secret', '/config'],
  [pathForDisplay, '/config%3%66p=secret', '/config'],
  [pathForDisplay, '/config%u003fp=secret', '/config'],
  [pathForDisplay, '/config%25u003Fp=secret', '/config'],
  [pathForDisplay, '/config%23p=secret', '/config'],
  [pathForDisplay, '/config%2523p=secret', '/config'],
  [pathForDisplay, '/config;pw=secret', '/config'],
  [pathForDisplay, '/config;secret/influxdb;pw=secret/x', '/config/influxdb/x'],
  [pathForDisplay, '/config%3bpw=secret', '/config'],
  [pathForDisplay, '/config%253Bpw=secret%2fsecret/x', '/config/x'],
  [pathForDisplay, '/config%u003bpw=secret', '/config'],
  [pathForDisplay, '/config;pw=a?secret', '/config'],
  [pathForDisplay, '/config&u=name&p=secret', '/config'],
  [pathForDisplay, '/config%26p%3dsecret', '/config'],
  [pathForDisplay, '/tasks/R&D/x', '/tasks/R&D/x'],
  [pathForDisplay, '/tasks/100%/50%25/x', '/tasks/100%/50%25/x'],
  [pathForDisplay, '/%63onfig/%u0063/../x', '/%63onfig/%u0063/../x'],
  [pathForDisplay, '//kapacitor/v1\\config', '//kapacitor/v1\\config'],
  [pathForDisplay, `/users/jane/keys/${KEY}`, '/users/jane/keys/(a key)'],
  [pathForDisplay, `/users//jane/keys/${KEY.slice(0, -1)}?x`, '/users//jane/keys/(a key)'],
  [pathForDisplay, `/${'x'.repeat(1_000)}/${KEY}`, `/${'x'.repeat(1_000)}/(a key)`],
  [pathForDisplay, '', ''],
  [pathForDisplay, `http://name:${'secret'.repeat(1_000)}@host/tasks`, 'http://host/tasks'],
  [pathForDisplay, `/${'x'.repeat(9_000)}`, `/${'x'.repeat(1_023)}`],
  [pathForDisplay, `/${'x'.repeat(9_000)}?p=secret`, `/${'x'.repeat(1_023)}`],
];

const CASES = [...VALUES, ...ERRORS, ...UNPRINTABLE, ...HASHES, ...TEXTS, ...STORES, ...PATHS];

describe('text that people read', () => {
  it.each(CASES.map(([show, input, output]) => ({ show, name: show.name, input, output })))(
    '$name gives $output',
    ({ show, input, output }) => {
      expect(show(input as never)).toBe(output);
    },
  );
});

describe('the path of a request for display', () => {
  it.each(['//a:b', '%25', '%', 'a@', '//a:b@', ';', '&', '&a=', '%25u003', '/', 'http://'])(
    'takes a moment only, however long the target is: %j',
    (part) => {
      const target = `/${part.repeat(16_000 / part.length)}`;
      const start = process.cpuUsage();
      for (let time = 0; time < 10; time += 1) pathForDisplay(target);
      expect(process.cpuUsage(start).user / 1_000).toBeLessThan(1_000);
    },
  );
});

it('the display form of a PostgreSQL URL is a valid URL if the original is one', () => {
  const url = 'postgres://user:pw@[::1]:5432/db?password=pw&schema=x';
  expect(isPostgresUrl(url)).toBe(true);
  expect(isPostgresUrl(storeForDisplay(url))).toBe(true);
});

/** An error whose properties cannot be read. */
function unreadable(): Error {
  return Object.defineProperty(new Error(), 'name', {
    get() {
      throw new Error('secret');
    },
  });
}
