import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { configFile, fromFile, problemsOf, refusalOf } from './resolve.js';

/** In the style of Kapacitor's own, with the traps of one: nested tables, other `enabled` and `bind-address` keys. */
const KAPACITOR_CONF = `
# The name of this node. [http] is further down.
hostname = "node-1"
data_dir = "/srv/kapacitor"
skip-config-overrides = false
default-retention-policy = ""

[auth]
  enabled = true              # a comment
  cache-expiration = "1h30m"
  bcrypt-cost = 12
  meta-addr = ""
  meta-use-tls = false

[http]
  bind-address = "127.0.0.1:9092"
  auth-enabled = true
  log-enabled = true
  write-tracing = false
  pprof-enabled = false
  shutdown-timeout = "10s"
  https-enabled = false
  https-certificate = "/etc/ssl/kapacitor.pem"

[tls]
  min-version = "tls1.2"
[config-override]
  enabled = true
[logging]
  file = "STDERR"
  level = "INFO"
[load]
  enabled = false
[replay]
  dir = "/srv/kapacitor/replay"
[storage]
  boltdb = "/srv/kapacitor/kapacitor.db"
[deadman]
  global = false
  message = """{{ .ID }}
[http]
auth-enabled = false
"""

[[influxdb]]
  enabled = true
  name = "a"
  urls = [
    "http://a:8086",   # the first
    "http://b:8086",
  ]
  password = 'p"""w'
  timeout = 0
  [influxdb.subscriptions]
    my_database = [ "default", "longterm" ]
  [influxdb.excluded-subscriptions]

[[influxdb]]
  name = "b"
  [influxdb.subscriptions]

[kubernetes]
  enabled = false
[smtp]
  enabled = false
  password = "hunter2"
[slack]
  enabled = false
  store = "x"
  realm = "x"
[httppost]
  enabled = true
[[httppost-endpoint]]
  headers = { "X-Key" = "a", b = [ 1, 2 ] }
[udf.functions]
  [udf.functions.goavg]
    prog = "./avg"
    args = []
    [udf.functions.goavg.env]
      PYTHONPATH = "./x"
[[udp]]
  enabled = false
  bind-address = ":9100"
  at = 2026-01-01T00:00:00Z
[stats]
  enabled = true
  stats-interval = "10s"
`;

describe('a kapacitor.conf', () => {
  it('says what stands in [auth], [http] and data_dir; its other sections are left alone', () => {
    expect(fromFile(KAPACITOR_CONF)).toEqual({
      config: {
        http: {
          authEnabled: true,
          queryCredentials: false,
          realm: 'Kapacitor',
          bindAddress: { host: '127.0.0.1', port: 9092 },
          https: undefined,
        },
        auth: { enabled: true, cacheExpiration: 5_400_000, bcryptCost: 12, store: 'lmdb:/srv/kapacitor/auth' },
      },
      warnings: [],
    });
  });

  it.each([
    ['http', 'auth-enabled = false', { http: { authEnabled: false } }],
    ['http', 'query-credentials = true', { http: { queryCredentials: true } }],
    ['http', 'realm = "my realm"', { http: { realm: 'my realm' } }],
    ['http', 'bind-address = ":80"', { http: { bindAddress: { host: undefined, port: 80 } } }],
    ['auth', 'enabled = true', { auth: { enabled: true } }],
    ['auth', 'cache-expiration = "500ms"', { auth: { cacheExpiration: 500 } }],
    ['auth', 'bcrypt-cost = 4', { auth: { bcryptCost: 4 } }],
    ['auth', 'bcrypt-cost = 20', { auth: { bcryptCost: 20 } }],
    ['auth', 'store = "memory:"', { auth: { store: 'memory:' } }],
  ])('sets [%s] %s', (section, line, expected) => {
    expect(fromFile(`[${section}]\n${line}\n`).config).toMatchObject(expected);
  });

  it('takes other ways of TOML to write the same', () => {
    for (const text of [
      'auth.enabled = true\nhttp.auth-enabled = true\n',
      'auth = { enabled = true }\nhttp = { auth-enabled = true }\n',
      '["auth"]\n"enabled" = true\n[ \'http\' ]\n\'auth-enabled\' = true\n',
    ]) {
      expect(fromFile(text).config).toMatchObject({ http: { authEnabled: true }, auth: { enabled: true } });
    }
  });

  it('takes CRLF line ends and a byte order mark', () => {
    const { config } = fromFile(`\ufeff${KAPACITOR_CONF.replaceAll('\n', '\r\n')}`);
    expect(config).toMatchObject({ http: { authEnabled: true }, auth: { bcryptCost: 12 } });
  });

  it.each(['""', 'false'])('takes %s for everything that has to do with a meta server', (empty) => {
    const keys = ['addr', 'username', 'password', 'internal-shared-secret', 'use-tls', 'ca', 'cert', 'key'];
    const lines = [...keys, 'insecure-skip-verify'].map((key) => `meta-${key} = ${empty}`);
    expect(fromFile(`[auth]\n${lines.join('\n')}\n`).config).toEqual(fromFile('').config);
  });
});

describe('a server that speaks TLS', () => {
  it.each([
    ['', { certificate: '/etc/ssl/kapacitor.pem', privateKey: '/etc/ssl/kapacitor.pem' }],
    ['https-certificate = "/c.pem"', { certificate: '/c.pem', privateKey: '/c.pem' }],
    ['https-certificate = "/c.pem"\nhttps-private-key = ""', { certificate: '/c.pem', privateKey: '/c.pem' }],
    ['https-certificate = "/c.pem"\nhttps-private-key = "/k.pem"', { certificate: '/c.pem', privateKey: '/k.pem' }],
  ])("takes the key out of the certificate's file unless there is one of its own: %j", (lines, expected) => {
    expect(fromFile(`[http]\nhttps-enabled = true\n${lines}\n`).config.http.https).toEqual(expected);
  });

  it('is none as long as https-enabled is false', () => {
    expect(fromFile('[http]\nhttps-certificate = "/c.pem"\n').config.http.https).toBeUndefined();
  });
});

describe('bind-address', () => {
  it.each([
    [':9092', undefined, 9092],
    ['localhost:9092', 'localhost', 9092],
    ['0.0.0.0:0', '0.0.0.0', 0],
    ['[::1]:0', '::1', 0],
    ['[::]:65535', '::', 65_535],
    ['[]:80', undefined, 80],
  ])('%s is read as Go does', (text, host, port) => {
    expect(fromFile(`[http]\nbind-address = "${text}"\n`).config.http.bindAddress).toEqual({ host, port });
  });

  it.each([
    '',
    '9092',
    ':',
    'localhost',
    'localhost:',
    '::1:9092',
    '[::1]',
    ':65536',
    ':-1',
    ':http',
    ':9092 ',
    'a b:1',
    'http://a:1',
  ])('%j is refused', (text) => {
    expect(problemsOf(() => fromFile(`[http]\nbind-address = "${text}"\n`))).toEqual([
      'kapacitor.conf, line 2: [http] bind-address: must be an address with a port from 0 to 65535, ' +
        `such as ":9092", "localhost:9092" or "[::1]:9092", not "${text}"`,
    ]);
  });
});

describe('the path of the file', () => {
  it('may be relative to the working folder', () => {
    const path = relative(process.cwd(), configFile('[auth]\nbcrypt-cost = 5\n'));
    expect(resolveConfig(path, {}, {}).config.auth.bcryptCost).toBe(5);
  });

  it('may begin with ~/', () => {
    const home = temporaryFolder();
    vi.stubEnv('HOME', home);
    writeFileSync(join(home, 'kapacitor.conf'), '[auth]\nbcrypt-cost = 5\n');
    expect(homedir()).toBe(home);
    expect(resolveConfig('~/kapacitor.conf', {}, {}).config.auth.bcryptCost).toBe(5);
  });

  it('is named when there is no such file', () => {
    const path = join(temporaryFolder(), 'kapacitor.conf');
    const error = refusalOf(() => resolveConfig(path, {}, {}));
    expect(error.message).toBe(`cannot read the config file ${path}: there is no such file`);
    expect(error.cause).toMatchObject({ code: 'ENOENT' });
  });

  it('is named when it is a folder', () => {
    const path = temporaryFolder();
    expect(problemsOf(() => resolveConfig(path, {}, {}))).toEqual([
      `cannot read the config file ${path}: it is a folder: name the file in it, such as kapacitor.conf`,
    ]);
  });

  it('is named, with what the system says, when the file cannot be read for another reason', () => {
    const path = join(configFile(''), 'kapacitor.conf');
    expect(refusalOf(() => resolveConfig(path, {}, {})).message).toMatch(
      new RegExp(`^cannot read the config file ${path}: ENOTDIR`),
    );
  });

  it('is not to be empty', () => {
    expect(problemsOf(() => resolveConfig('', {}, {}))).toEqual([
      'the path of the config file is empty: name a file, or give an object',
    ]);
  });

  it.each(['postgres://user:secret@host/db', 'lmdb:./secret', 'memory:', 'file:///etc/secret.conf'])(
    '%s, which is a URL, is refused and not repeated',
    (url) => {
      const error = refusalOf(() => resolveConfig(url, {}, {}));
      expect(error.message).toBe(
        'the path of a config file, or an object, must be given, not a URL: a store is written as ' +
          "kapacitorAuth({ auth: { store: 'lmdb:FOLDER' } })",
      );
      expect(error.cause).toBeUndefined();
    },
  );

  it('may have a colon in it', () => {
    const folder = join(temporaryFolder(), 'a:b');
    mkdirSync(folder);
    writeFileSync(join(folder, 'kapacitor.conf'), '');
    expect(resolveConfig(join(folder, 'kapacitor.conf'), {}, {}).config.auth.enabled).toBe(false);
  });
});

describe('the path of the store', () => {
  it("starts at the file's folder in a file", () => {
    const path = configFile('[auth]\nstore = "lmdb:./users"\n');
    expect(resolveConfig(path, {}, {}).config.auth.store).toBe(`lmdb:${join(dirname(path), 'users')}`);
  });

  it("starts at the file's folder in a file for data_dir as well", () => {
    const path = configFile('data_dir = "../state"\n');
    expect(resolveConfig(path, {}, {}).config.auth.store).toBe(`lmdb:${join(dirname(path), '..', 'state', 'auth')}`);
  });

  it('starts at the working folder in the environment and in code, also beside a file', () => {
    const path = configFile('[auth]\nstore = "memory:"\n');
    const expected = `lmdb:${join(process.cwd(), 'users')}`;
    expect(resolveConfig(path, { auth: { store: 'lmdb:./users' } }, {}).config.auth.store).toBe(expected);
    expect(resolveConfig(path, {}, { KAPACITOR_AUTH_STORE: 'lmdb:users' }).config.auth.store).toBe(expected);
    expect(resolveConfig({ auth: { store: 'lmdb:users' } }, {}, {}).config.auth.store).toBe(expected);
  });

  it.each([
    ['store = "lmdb:~/users"', 'users'],
    ['store = "lmdb:~"', '.'],
  ])('expands the home folder: %s', (line, below) => {
    expect(fromFile(`[auth]\n${line}\n`).config.auth.store).toBe(`lmdb:${join(homedir(), below)}`);
  });

  it('takes ~ with a name behind it for a folder of that name', () => {
    const path = configFile('[auth]\nstore = "lmdb:~name/users"\n');
    expect(resolveConfig(path, {}, {}).config.auth.store).toBe(`lmdb:${join(dirname(path), '~name', 'users')}`);
  });

  it('expands the home folder in data_dir', () => {
    expect(fromFile('data_dir = "~/k"\n').config.auth.store).toBe(`lmdb:${join(homedir(), 'k', 'auth')}`);
  });

  it('may be absolute', () => {
    expect(fromFile('[auth]\nstore = "lmdb:/srv/users"\n').config.auth.store).toBe('lmdb:/srv/users');
  });

  it('may have $ and blanks in it', () => {
    expect(fromFile("[auth]\nstore = 'lmdb:/srv/$& my $1'\n").config.auth.store).toBe('lmdb:/srv/$& my $1');
  });
});
