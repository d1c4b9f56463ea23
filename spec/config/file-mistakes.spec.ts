import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { configFile, fromFile, fromFileWithUsers, problemsOf } from './resolve.js';

const HTTP_KEYS =
  'auth-enabled, query-credentials, realm, allowed-hosts, public, refusals, api-path, sessions, users-page, bind-address, https-enabled, ' +
  'https-certificate, https-private-key, shared-secret, shared-secret-file, log-enabled, write-tracing, pprof-enabled, shutdown-timeout';
const AUTH_KEYS =
  'enabled, cache-expiration, bcrypt-cost, minimum-password-length, refused-passwords, failure-limit, failure-window, ' +
  'hashing-concurrency, hashing-queue, store, store-grace, admin-username, admin-password, admin-password-file, record-logins, audit-log';

describe('a value in a file', () => {
  it('is not repeated if it may be a store with a password', () => {
    expect(problemsOf(() => fromFileWithUsers('[auth]\nstore = "mysql://user:secret@host/db"\n'))).toEqual([
      'kapacitor.conf, line 2: [auth] store: must be "sqlite:FILE", "memory:", "postgres://USER:PASSWORD@HOST/DATABASE" ' +
        'or, in code, a repository: an object with the methods find, list, insert, replace, remove',
    ]);
  });

  it.each([
    ['[auth] enabled', '"true"', 'true or false, not "true": write  enabled = true'],
    ['[auth] enabled', '"yes"', 'true or false, not "yes"'],
    ['[http] auth-enabled', '"yes"', 'true or false, not "yes"'],
    ['[http] https-enabled', '0', 'true or false, not 0'],
    ['[http] bind-address', '9092', expect.stringMatching(/^an address with a port /)],
  ])('%s = %s is refused, even without users', (name, value, expected) => {
    const [section, key] = name.split(' ');
    const [problem, ...others] = problemsOf(() => fromFile(`${section}\n${key} = ${value}\n`));
    expect(problem?.replace(`kapacitor.conf, line 2: ${name}: must be `, '')).toEqual(expected);
    expect(others).toEqual([]);
  });

  it.each([
    ['https-certificate', 'true'],
    ['https-private-key', '1.5'],
  ])('[http] %s = %s is refused if https-enabled is true, even without users', (key, value) => {
    expect(problemsOf(() => fromFile(`[http]\nhttps-enabled = true\n${key} = ${value}\n`))).toEqual([
      `kapacitor.conf, line 3: [http] ${key}: must be a text in quotes, not ${value}`,
    ]);
  });

  it.each(['""', '3', 'false'])('data_dir = %s is refused', (value) => {
    expect(problemsOf(() => fromFileWithUsers(`data_dir = ${value}\n`))).toEqual([
      `kapacitor.conf, line 1: data_dir: must be the path of a folder, in quotes, not ${value}`,
    ]);
  });
});

describe('an unknown key', () => {
  it.each([
    ['http', 'auth-enable', 'auth-enabled'],
    ['http', 'auth_enabled', 'auth-enabled'],
    ['http', 'Auth-Enabled', 'auth-enabled'],
    ['http', 'authEnabled', 'auth-enabled'],
    ['http', '"auth-enabled "', 'auth-enabled'],
    ['http', 'bindaddress', 'bind-address'],
    ['http', 'log-enable', 'log-enabled'],
    ['http', 'enabled', '[auth] enabled'],
    ['http', 'bcrypt-cost', '[auth] bcrypt-cost'],
    ['auth', 'bcrypt_cost', 'bcrypt-cost'],
    ['auth', 'cache-expires-after', undefined],
    ['auth', 'stor', 'store'],
    ['auth', 'minimum_password_length', 'minimum-password-length'],
    ['auth', 'min-password-length', 'minimum-password-length'],
    ['auth', 'refused-password', 'refused-passwords'],
    ['auth', 'failures-limit', 'failure-limit'],
    ['http', 'failure-window', '[auth] failure-window'],
    ['auth', 'hash-concurrency', 'hashing-concurrency'],
    ['auth', 'hashingQueue', 'hashing-queue'],
    ['auth', 'store_grace', 'store-grace'],
    ['auth', 'Enabled', 'enabled'],
    ['auth', 'auth-enabled', '[http] auth-enabled'],
    ['auth', 'auth_enabled', '[http] auth-enabled'],
    ['auth', 'log-enabled', '[http] log-enabled'],
    ['auth', '"a(b"', undefined],
    ['auth', '__proto__', undefined],
    ['http', 'meta-addr', undefined],
    ['http', 'cors', undefined],
  ])('in [%s] %s is an error, with a suggestion or a list of keys', (section, key, meant) => {
    const keys = section === 'http' ? HTTP_KEYS : AUTH_KEYS;
    const hint = meant === undefined ? `: [${section}] has ${keys}` : `: did you mean ${meant}?`;
    expect(problemsOf(() => fromFileWithUsers(`[${section}]\n${key} = true\n`))).toEqual([
      `kapacitor.conf, line 2: [${section}] ${key}: this key is not known${hint}`,
    ]);
  });

  it('may be a section of its own', () => {
    expect(problemsOf(() => fromFileWithUsers('[http]\n[http.auth]\nenabled = true\n'))).toEqual([
      'kapacitor.conf, line 2: [http] auth: this key is not known: did you mean [auth]?',
    ]);
  });
});

describe('a setting in the wrong place', () => {
  it.each([
    ['auth-enabled = true', 'auth-enabled: belongs below [http]: move it there'],
    ['"auth-enabled" = true', 'auth-enabled: belongs below [http]: move it there'],
    ['enabled = true', 'enabled: belongs below [auth]: move it there'],
    ['bcrypt-cost = 12', 'bcrypt-cost: belongs below [auth]: move it there'],
    ['minimum-password-length = 8', 'minimum-password-length: belongs below [auth]: move it there'],
    ['auth_enabled = true', 'auth_enabled: this key is not known: did you mean [http] auth-enabled?'],
    ['data-dir = "/x"', 'data-dir: this key is not known: did you mean data_dir?'],
  ])('%s before any section is an error', (line, problem) => {
    expect(problemsOf(() => fromFileWithUsers(`# first\n${line}\n[http]\n`))).toEqual([
      `kapacitor.conf, line 2: ${problem}`,
    ]);
  });

  it.each([
    ['the last section', '[http]\n[stats]\nenabled = true\nauth-enabled = true\n', 4, '[stats]'],
    ['a section that is not known', '[authentication]\n# on\n\nauth-enabled = true\n', 4, '[authentication]'],
    ['a nested one', '[udf.functions]\n[udf.functions.avg]\nauth-enabled = true\n', 3, '[udf.functions.avg]'],
    ['one of several', '[[udp]]\nenabled = true\n[[udp]]\nauth-enabled = true\n', 4, '[udp]'],
  ])('auth-enabled in %s is an error, because it would have no effect there', (_, text, line, section) => {
    expect(problemsOf(() => fromFileWithUsers(text))).toEqual([
      `kapacitor.conf, line ${line}: ${section} auth-enabled: belongs below [http]: move it there`,
    ]);
  });

  it.each([
    ['htttp', 'http'],
    ['HTTP', 'http'],
    ['https', 'http'],
    ['Auth', 'auth'],
    ['"auth "', 'auth'],
  ])('[%s] is an error: did you mean [%s]?', (section, meant) => {
    expect(problemsOf(() => fromFileWithUsers(`hostname = "x"\n[${section}]\nauth-enabled = true\n`))).toEqual([
      `kapacitor.conf, line 2: [${section}]: this section is not known: did you mean [${meant}]?`,
    ]);
  });

  it('[[htttp]] is an error as well', () => {
    expect(problemsOf(() => fromFileWithUsers('[[htttp]]\n[[htttp]]\n'))).toEqual([
      'kapacitor.conf, line 1: [htttp]: this section is not known: did you mean [http]?',
    ]);
  });

  it.each([
    ['[[http]]', 'an array'],
    ['http = 3', 'a number'],
    ['http = "on"', 'a text'],
    ['http = true', 'a boolean'],
    ['http = 2026-01-01', 'a date'],
  ])('%s is an error: http must be a section', (line, what) => {
    expect(problemsOf(() => fromFileWithUsers(`\n${line}\n`))).toEqual([
      `kapacitor.conf, line 2: [http]: must be a section, with a line  [http]  above its settings, not ${what}`,
    ]);
  });
});

describe('a meta server', () => {
  it.each(['meta-addr = "secret:8091"', 'meta-password = "secret"', 'meta-use-tls = true', 'meta-ca = 3'])(
    'is not supported: %s names the line, and does not repeat the value',
    (line) => {
      expect(problemsOf(() => fromFileWithUsers(`[auth]\nenabled = true\n${line}\n`))).toEqual([
        `kapacitor.conf, line 3: [auth] ${line.split(' ')[0]}: a meta server is not supported: remove the line, and keep the users in [auth] store`,
      ]);
    },
  );
});

describe('the problems of a file', () => {
  it('are all reported, one a line, with those of the environment and of code first', () => {
    const path = configFile('auth-enabled = true\n[auth]\nbcrypt-cost = 3\nstor = ""\n[htttp]\n');
    const problems = problemsOf(() =>
      resolveConfig(path, { http: { authEnabled: 1 as never } }, { KAPACITOR_AUTH_ENABLED: 'yes' }),
    );
    expect(problems.map((problem) => problem.split(': ').slice(0, 2).join(': '))).toEqual([
      'http.authEnabled: must be true or false, not 1',
      'KAPACITOR_AUTH_ENABLED: must be true or false, not "yes"',
      'kapacitor.conf, line 1: auth-enabled',
      'kapacitor.conf, line 3: [auth] bcrypt-cost',
      'kapacitor.conf, line 4: [auth] stor',
      'kapacitor.conf, line 5: [htttp]',
    ]);
  });

  it.each([
    ['comments', '# [auth]\n# bcrypt-cost = 1\n[auth] # ]\n# bcrypt-cost = 2\nbcrypt-cost = 3 # = 4\n', 5],
    ['quoted keys and headers', '[x]\nbcrypt-cost = 3\n\n[ "auth" ]\n  "bcrypt-cost"=3\n', 5],
    ['dotted keys', '\nauth.bcrypt-cost = 3\n', 2],
    ['dotted keys with blanks and quotes', '\nauth . "bcrypt-cost" = 3\n', 2],
    ['inline tables, where the section is', '\n\nauth = { bcrypt-cost = 3 }\n', 3],
    ['the same key elsewhere', '[other]\nbcrypt-cost = 3\n[auth]\nenabled = false\nbcrypt-cost = 3\n', 5],
    ['longer keys', '[other]\nx = 1\n[auth]\nbcrypt-cost = 3\n', 4],
    ['CRLF line ends', '\r\n[auth]\r\n\r\nbcrypt-cost = 3\r\n', 4],
    ['a byte order mark', '\ufeff[auth]\nbcrypt-cost = 3\n', 2],
    [
      'multi-line strings',
      '[x]\na = """\n[auth]\nbcrypt-cost = 1\n\\""" """\n[auth]\nbcrypt-cost = 3\n[y]\nb = """ """\n',
      7,
    ],
    ['literal ones', "[x]\na = '''\n[auth]\nbcrypt-cost = 1\n\\'''\n[auth]\nbcrypt-cost = 3\n", 7],
    ['quotes in comments', '# """ it\'s\n[auth]\nbcrypt-cost = 3\n# """\n', 3],
    [
      'quotes in strings',
      '[x]\na = \'"""\'\nb = "\\"\'\'\'"\nc = ""\n[auth]\nbcrypt-cost = 3\nd = \'"""\'\ne = "\'\'\'"\n',
      6,
    ],
  ])('have the right line, even beside %s', (_, text, line) => {
    expect(problemsOf(() => fromFileWithUsers(text))).toContain(
      `kapacitor.conf, line ${line}: [auth] bcrypt-cost: must be an integer from 4 to 20, not 3`,
    );
  });

  it('have no line if the key is written with escapes', () => {
    expect(problemsOf(() => fromFileWithUsers('"au\\u0074h".bcrypt-cost = 3\n'))).toEqual([
      'kapacitor.conf: [auth] bcrypt-cost: must be an integer from 4 to 20, not 3',
    ]);
  });
});
