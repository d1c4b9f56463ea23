import { describe, expect, it } from 'vitest';
import { defaultHashingThreads } from '../../lib/config/setting.js';
import { fromFile, problemsOf } from './resolve.js';

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
        auth: {
          enabled: true,
          cacheExpiration: 5_400_000,
          bcryptCost: 12,
          minimumPasswordLength: 8,
          refusedPasswords: undefined,
          failureLimit: 10,
          failureWindow: 600_000,
          hashingConcurrency: defaultHashingThreads({}),
          hashingQueue: 128,
          store: 'sqlite:/srv/kapacitor/auth/users.db',
          storeGrace: 60_000,
        },
      },
      store: 'sqlite:/srv/kapacitor/auth/users.db',
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
    ['auth', 'minimum-password-length = 12', { auth: { minimumPasswordLength: 12 } }],
    ['auth', 'refused-passwords = "/etc/refused.txt"', { auth: { refusedPasswords: '/etc/refused.txt' } }],
    ['auth', 'failure-limit = 5', { auth: { failureLimit: 5 } }],
    ['auth', 'failure-window = "1h"', { auth: { failureWindow: 3_600_000 } }],
    ['auth', 'hashing-concurrency = 2', { auth: { hashingConcurrency: 2 } }],
    ['auth', 'hashing-queue = 64', { auth: { hashingQueue: 64 } }],
    ['auth', 'store = "memory:"', { auth: { store: 'memory:' } }],
    ['auth', 'store = "postgres://user@host/db"', { auth: { store: 'postgres://user@host/db' } }],
    ['auth', 'store-grace = "1h"', { auth: { storeGrace: 3_600_000 } }],
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
