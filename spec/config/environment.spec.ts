import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromEnvironment, fromFile, problemsOf } from './resolve.js';

describe('the environment', () => {
  it.each([
    ['KAPACITOR_HTTP_AUTH_ENABLED', 'false', { http: { authEnabled: false } }],
    ['KAPACITOR_HTTP_QUERY_CREDENTIALS', 'true', { http: { queryCredentials: true } }],
    ['KAPACITOR_HTTP_REALM', 'my realm', { http: { realm: 'my realm' } }],
    ['KAPACITOR_HTTP_BIND_ADDRESS', 'localhost:80', { http: { bindAddress: { host: 'localhost', port: 80 } } }],
    ['KAPACITOR_AUTH_CACHE_EXPIRATION', '1h30m', { auth: { cacheExpiration: 5_400_000 } }],
    ['KAPACITOR_AUTH_BCRYPT_COST', '12', { auth: { bcryptCost: 12 } }],
    ['KAPACITOR_AUTH_BCRYPT', '12', { auth: { bcryptCost: 12 } }],
    ['KAPACITOR_AUTH_MINIMUM_PASSWORD_LENGTH', '12', { auth: { minimumPasswordLength: 12 } }],
    ['KAPACITOR_AUTH_REFUSED_PASSWORDS', '/etc/refused.txt', { auth: { refusedPasswords: '/etc/refused.txt' } }],
    ['KAPACITOR_AUTH_FAILURE_LIMIT', '5', { auth: { failureLimit: 5 } }],
    ['KAPACITOR_AUTH_FAILURE_WINDOW', '1h30m', { auth: { failureWindow: 5_400_000 } }],
    ['KAPACITOR_AUTH_HASHING_CONCURRENCY', '2', { auth: { hashingConcurrency: 2 } }],
    ['KAPACITOR_AUTH_HASHING_QUEUE', '64', { auth: { hashingQueue: 64 } }],
    ['KAPACITOR_AUTH_STORE', 'memory:', { auth: { store: 'memory:' } }],
    ['KAPACITOR_AUTH_STORE', 'postgres://user@host/db', { auth: { store: 'postgres://user@host/db' } }],
    ['KAPACITOR_AUTH_STORE_GRACE', '1h30m', { auth: { storeGrace: 5_400_000 } }],
    ['KAPACITOR_DATA_DIR', '/var/lib/kapacitor', { auth: { store: 'sqlite:/var/lib/kapacitor/auth/users.db' } }],
    [
      'KAPACITOR_DATA_DIR',
      'folder',
      { auth: { store: `sqlite:${join(process.cwd(), 'folder', 'auth', 'users.db')}` } },
    ],
  ])('sets %s=%s', (variable, value, expected) => {
    expect(fromEnvironment({ [variable]: value }).config).toMatchObject(expected);
  });

  it('sets KAPACITOR_AUTH_ENABLED', () => {
    const { config } = fromFile('[http]\nauth-enabled = true\n', { KAPACITOR_AUTH_ENABLED: 'true' });
    expect(config).toMatchObject({ http: { authEnabled: true }, auth: { enabled: true } });
  });

  it('sets the files for a server that speaks TLS', () => {
    const environment = {
      KAPACITOR_HTTP_HTTPS_ENABLED: 'true',
      KAPACITOR_HTTP_HTTPS_CERTIFICATE: '/etc/cert.pem',
      KAPACITOR_HTTP_HTTPS_PRIVATE_KEY: '/etc/key.pem',
    };
    const { https } = fromEnvironment(environment).config.http;
    expect(https).toEqual({ certificate: '/etc/cert.pem', privateKey: '/etc/key.pem' });
  });

  it.each(['1', 't', 'T', 'TRUE', 'true', 'True'])("takes %s for true, as Go's ParseBool does", (value) => {
    const { config } = fromEnvironment({ KAPACITOR_HTTP_QUERY_CREDENTIALS: value });
    expect(config.http.queryCredentials).toBe(true);
  });

  it.each(['0', 'f', 'F', 'FALSE', 'false', 'False'])("takes %s for false, as Go's ParseBool does", (value) => {
    expect(fromEnvironment({ KAPACITOR_HTTP_AUTH_ENABLED: value }).config.http.authEnabled).toBe(false);
  });

  it.each(['yes', 'no', 'on', 'off', 'tRUE', ' ', 'true ', '"true"', '2', 'enabled'])(
    'refuses %j for a switch: a typo in it must not be silent',
    (value) => {
      expect(problemsOf(() => fromEnvironment({ KAPACITOR_HTTP_AUTH_ENABLED: value }))).toEqual([
        `KAPACITOR_HTTP_AUTH_ENABLED: must be true or false, not ${JSON.stringify(value)}`,
      ]);
    },
  );

  it.each(['KAPACITOR_HTTP_AUTH_ENABLED', 'KAPACITOR_AUTH_BCRYPT', 'KAPACITOR_DATA_DIR', 'KAPACITOR_AUTH_META_ADDR'])(
    'takes an empty %s for one that is not set',
    (variable) => {
      expect(fromEnvironment({ [variable]: '' })).toEqual(fromEnvironment({}));
      expect(fromEnvironment({ [variable]: undefined })).toEqual(fromEnvironment({}));
    },
  );

  it('takes both names of the cost when they say the same', () => {
    const environment = { KAPACITOR_AUTH_BCRYPT: '12', KAPACITOR_AUTH_BCRYPT_COST: '12' };
    expect(fromEnvironment(environment).config.auth.bcryptCost).toBe(12);
  });

  it('refuses both names of the cost when they differ', () => {
    const environment = { KAPACITOR_AUTH_BCRYPT: '12', KAPACITOR_AUTH_BCRYPT_COST: '13' };
    expect(problemsOf(() => fromEnvironment(environment))).toEqual([
      'KAPACITOR_AUTH_BCRYPT_COST and KAPACITOR_AUTH_BCRYPT are both set, to different values: unset one',
    ]);
  });

  it.each(['3', '21', '-5', '10.0', '1e1', ' 10', '10 ', '0x0a', 'ten', '９'])('refuses %j for the cost', (value) => {
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_AUTH_BCRYPT: value }))).toEqual([
      `KAPACITOR_AUTH_BCRYPT: must be an integer from 4 to 20, not ${JSON.stringify(value)}`,
    ]);
  });

  it.each(['600', '10 m', '-1h', 'never'])('refuses %j for the cache', (value) => {
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_AUTH_CACHE_EXPIRATION: value }))).toEqual([
      `KAPACITOR_AUTH_CACHE_EXPIRATION: must be a duration such as "10m", "1h30m", "500ms" or "0", not ${JSON.stringify(value)}`,
    ]);
  });

  it('does not repeat a store that it refuses, because it may hold a password', () => {
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_AUTH_STORE: 'mysql://user:secret@host/db' }))).toEqual([
      'KAPACITOR_AUTH_STORE: must be "sqlite:FILE", "memory:", "postgres://USER:PASSWORD@HOST/DATABASE" or, in code, ' +
        'a repository: an object with the methods find, list, insert, replace, remove',
    ]);
  });

  it('refuses a meta server, without repeating the value', () => {
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_AUTH_META_PASSWORD: 'secret' }))).toEqual([
      'KAPACITOR_AUTH_META_PASSWORD: a meta server is not supported: unset it, and keep the users in [auth] store',
    ]);
  });

  it('takes a meta switch that is off', () => {
    expect(fromEnvironment({ KAPACITOR_AUTH_META_USE_TLS: 'false' })).toEqual(fromEnvironment({}));
  });

  it('reports every variable that is wrong, one a line', () => {
    const environment = { KAPACITOR_HTTP_AUTH_ENABLED: 'yes', KAPACITOR_AUTH_BCRYPT: '3', KAPACITOR_AUTH_META_CA: 'x' };
    expect(problemsOf(() => fromEnvironment(environment))).toHaveLength(3);
  });
});

describe('misspelt variables', () => {
  it.each([
    ['KAPACITOR_HTTP_AUTH_ENABLE', 'KAPACITOR_HTTP_AUTH_ENABLED'],
    ['KAPACITOR_HTTP_AUTHENABLED', 'KAPACITOR_HTTP_AUTH_ENABLED'],
    ['KAPACITOR_HTPP_AUTH_ENABLED', 'KAPACITOR_HTTP_AUTH_ENABLED'],
    ['KAPACITOR_AUTH_AUTH_ENABLED', 'KAPACITOR_HTTP_AUTH_ENABLED'],
    ['KAPACITOR_HTTP_BCRYPT_COST', 'KAPACITOR_AUTH_BCRYPT_COST'],
    ['KAPACITOR_AUTH_BCRYPT_COSTS', 'KAPACITOR_AUTH_BCRYPT_COST'],
    ['KAPACITOR_AUTH_CACHE_EXPIRATON', 'KAPACITOR_AUTH_CACHE_EXPIRATION'],
    ['KAPACITOR_AUTH_MINIMUM_PASSWORD_LENGHT', 'KAPACITOR_AUTH_MINIMUM_PASSWORD_LENGTH'],
    ['KAPACITOR_AUTH_REFUSED_PASSWORD', 'KAPACITOR_AUTH_REFUSED_PASSWORDS'],
    ['KAPACITOR_HTTP_FAILURE_LIMIT', 'KAPACITOR_AUTH_FAILURE_LIMIT'],
    ['KAPACITOR_AUTH_FAILURES_WINDOW', 'KAPACITOR_AUTH_FAILURE_WINDOW'],
    ['KAPACITOR_AUTH_HASH_CONCURRENCY', 'KAPACITOR_AUTH_HASHING_CONCURRENCY'],
    ['KAPACITOR_AUTH_HASHING_QUEUES', 'KAPACITOR_AUTH_HASHING_QUEUE'],
    ['KAPACITOR_AUTH_STORE_GRACES', 'KAPACITOR_AUTH_STORE_GRACE'],
    ['KAPACITOR_AUTH_ADMIN_PASSWORD_FIEL', 'KAPACITOR_AUTH_ADMIN_PASSWORD_FILE'],
    ['KAPACITOR_AUTH_ADMIN_PASWORD', 'KAPACITOR_AUTH_ADMIN_PASSWORD'],
    ['KAPACITOR_AUTH_ADMIN_USER', 'KAPACITOR_AUTH_ADMIN_USERNAME'],
    ['KAPACITOR_HTTP_ADMIN_USERNAME', 'KAPACITOR_AUTH_ADMIN_USERNAME'],
    ['KAPACITOR_AUTH_AUDITLOG', 'KAPACITOR_AUTH_AUDIT_LOG'],
    ['KAPACITOR_HTTP_ENABLED', 'KAPACITOR_AUTH_ENABLED'],
    ['KAPACITOR_HTTP_SHUTDOWN_TIMEOUTS', 'KAPACITOR_HTTP_SHUTDOWN_TIMEOUT'],
  ])('%s gives a warning that names %s', (variable, meant) => {
    expect(fromEnvironment({ [variable]: 'hunter2' }).warnings).toEqual([
      `the environment variable ${variable} is not known: did you mean ${meant}?`,
    ]);
  });

  it.each([
    'KAPACITOR_AUTH_SERVICE_HOST',
    'KAPACITOR_AUTH_SERVICE_PORT',
    'KAPACITOR_AUTH_PORT',
    'KAPACITOR_HTTP_PORT',
    'KAPACITOR_HTTP_PORT_9092_TCP',
    'KAPACITOR_HTTP_PORT_9092_TCP_ADDR',
    'KAPACITOR_HTTP_SERVICE_PORT_HTTP',
    'KAPACITOR_HTTP_SHUTDOWN_TIMEOUT',
    'KAPACITOR_HTTP_LOG_ENABLED',
    'KAPACITOR_AUTH',
    'KAPACITOR_HTTP_',
    'KAPACITOR_SMTP_ENABLED',
    'KAPACITOR_SLACK_0_ENABLED',
    'KAPACITOR_UDP_0_BIND_ADDRESS',
    'KAPACITOR_HOSTNAME',
    'KAPACITOR_HTTPPOST_0_ENDPOINT',
    'AUTH_ENABLED',
    'PATH',
  ])('%s, which is Kubernetes’, Kapacitor’s or another’s, gives none', (variable) => {
    expect(fromEnvironment({ [variable]: 'tcp://10.0.0.1:9092' }).warnings).toEqual([]);
  });
});
