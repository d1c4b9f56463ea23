import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromEnvironment, problemsOf } from './resolve.js';

describe('the environment', () => {
  it.each([
    ['/var/lib/kapacitor', '/var/lib/kapacitor'],
    ['folder', join(process.cwd(), 'folder')],
  ])('sets KAPACITOR_DATA_DIR=%s', (value, folder) => {
    expect(fromEnvironment({ KAPACITOR_DATA_DIR: value }).config.auth.store).toBe(`sqlite:${folder}/auth/users.db`);
  });

  it('sets the files for a TLS server', () => {
    const environment = {
      KAPACITOR_HTTP_HTTPS_ENABLED: 'true',
      KAPACITOR_HTTP_HTTPS_CERTIFICATE: '/etc/cert.pem',
      KAPACITOR_HTTP_HTTPS_PRIVATE_KEY: '/etc/key.pem',
    };
    const { https } = fromEnvironment(environment).config.http;
    expect(https).toEqual({ certificate: '/etc/cert.pem', privateKey: '/etc/key.pem' });
  });

  it.each(['KAPACITOR_HTTP_AUTH_ENABLED', 'KAPACITOR_AUTH_BCRYPT', 'KAPACITOR_DATA_DIR', 'KAPACITOR_AUTH_META_ADDR'])(
    'treats an empty %s as unset',
    (variable) => {
      expect(fromEnvironment({ [variable]: '' })).toEqual(fromEnvironment({}));
      expect(fromEnvironment({ [variable]: undefined })).toEqual(fromEnvironment({}));
    },
  );

  it('accepts both names of the cost with the same value', () => {
    const environment = { KAPACITOR_AUTH_BCRYPT: '12', KAPACITOR_AUTH_BCRYPT_COST: '12' };
    expect(fromEnvironment(environment).config.auth.bcryptCost).toBe(12);
  });

  it('refuses both names of the cost with different values', () => {
    const environment = { KAPACITOR_AUTH_BCRYPT: '12', KAPACITOR_AUTH_BCRYPT_COST: '13' };
    expect(problemsOf(() => fromEnvironment(environment))).toEqual([
      'KAPACITOR_AUTH_BCRYPT_COST and KAPACITOR_AUTH_BCRYPT are both set, to different values: unset one',
    ]);
  });

  it('does not repeat a refused store, because it may contain a password', () => {
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

  it('accepts a meta switch that is off', () => {
    expect(fromEnvironment({ KAPACITOR_AUTH_META_USE_TLS: 'false' })).toEqual(fromEnvironment({}));
  });

  it('reports every wrong variable, one a line', () => {
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
  ])('%s cause a warning that names %s', (variable, meant) => {
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
  ])('do not include %s, which belongs to Kubernetes, Kapacitor or another program', (variable) => {
    expect(fromEnvironment({ [variable]: 'tcp://10.0.0.1:9092' }).warnings).toEqual([]);
  });
});
