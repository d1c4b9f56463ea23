import { describe, expect, it } from 'vitest';
import { defaultHashingThreads } from '../../lib/config/setting.js';
import { fromFile } from './resolve.js';

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
  it('sets what [auth], [http] and data_dir contain; other sections are ignored', () => {
    expect(fromFile(KAPACITOR_CONF)).toEqual({
      config: {
        permissions: {},
        http: {
          authEnabled: true,
          queryCredentials: false,
          realm: 'Kapacitor',
          public: [],
          refusals: 'answer',
          apiPath: '/kapacitor/v1',
          sessions: false,
          usersPage: false,
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
          recordLogins: true,
        },
      },
      store: 'sqlite:/srv/kapacitor/auth/users.db',
      warnings: [],
    });
  });

  it('may use any notation of TOML', () => {
    for (const text of [
      'auth.enabled = true\nhttp.auth-enabled = true\n',
      'auth = { enabled = true }\nhttp = { auth-enabled = true }\n',
      '["auth"]\n"enabled" = true\n[ \'http\' ]\n\'auth-enabled\' = true\n',
    ]) {
      expect(fromFile(text).config).toMatchObject({ http: { authEnabled: true }, auth: { enabled: true } });
    }
  });

  it('may have CRLF line ends and a byte order mark', () => {
    const { config } = fromFile(`\ufeff${KAPACITOR_CONF.replaceAll('\n', '\r\n')}`);
    expect(config).toMatchObject({ http: { authEnabled: true }, auth: { bcryptCost: 12 } });
  });

  it.each(['""', 'false'])('may have %s for the meta server, which count as absent', (empty) => {
    const keys = ['addr', 'username', 'password', 'internal-shared-secret', 'use-tls', 'ca', 'cert', 'key'];
    const lines = [...keys, 'insecure-skip-verify'].map((key) => `meta-${key} = ${empty}`);
    expect(fromFile(`[auth]\n${lines.join('\n')}\n`).config).toEqual(fromFile('').config);
  });
});

describe('a TLS server', () => {
  it.each([
    ['', { certificate: '/etc/ssl/kapacitor.pem', privateKey: '/etc/ssl/kapacitor.pem' }],
    ['https-certificate = "/c.pem"', { certificate: '/c.pem', privateKey: '/c.pem' }],
    ['https-certificate = "/c.pem"\nhttps-private-key = ""', { certificate: '/c.pem', privateKey: '/c.pem' }],
    ['https-certificate = "/c.pem"\nhttps-private-key = "/k.pem"', { certificate: '/c.pem', privateKey: '/k.pem' }],
  ])("reads the key from the certificate's file unless a key file is set: %j", (lines, expected) => {
    expect(fromFile(`[http]\nhttps-enabled = true\n${lines}\n`).config.http.https).toEqual(expected);
  });

  it('does not exist while https-enabled is false', () => {
    expect(fromFile('[http]\nhttps-certificate = "/c.pem"\n').config.http.https).toBeUndefined();
  });
});
