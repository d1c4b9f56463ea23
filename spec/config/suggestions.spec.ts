import { describe, expect, it } from 'vitest';
import { suggest } from '../../lib/argument-checks.js';
import { fromCode, fromEnvironment, fromFile, problemsOf } from './resolve.js';

describe('a synonym of a setting', () => {
  it.each([
    ['http', 'username', '[auth] admin-username'],
    ['http', 'password', '[auth] admin-password'],
    ['http', 'user_name', '[auth] admin-username'],
    ['http', 'password-file', '[auth] admin-password-file'],
    ['auth', 'username', 'admin-username'],
    ['auth', 'userName', 'admin-username'],
    ['auth', 'User', 'admin-username'],
    ['auth', 'password', 'admin-password'],
    ['auth', 'bcrypt', 'bcrypt-cost'],
    ['auth', 'cache-expiry', 'cache-expiration'],
    ['auth', 'password-min-length', 'minimum-password-length'],
    ['auth', 'max-login-attempts', 'failure-limit'],
    ['auth', 'database', 'store'],
    ['auth', 'audit', 'audit-log'],
    ['http', 'auth', 'auth-enabled'],
    ['http', 'basic-auth', 'auth-enabled'],
    ['auth', 'authentication', '[http] auth-enabled'],
    ['auth', 'realms', '[http] realm'],
    ['http', 'port', 'bind-address'],
    ['http', 'tls-enabled', 'https-enabled'],
    ['http', 'ssl-enabled', 'https-enabled'],
    ['http', 'certificate', 'https-certificate'],
    ['http', 'tls-key', 'https-private-key'],
    ['http', 'trusted-hosts', 'allowed-hosts'],
    ['http', 'jwt-secret', 'shared-secret'],
    ['http', 'public-paths', 'public'],
    ['http', 'publc', 'public'],
    ['auth', 'unprotected', '[http] public'],
    ['http', 'api_path', 'api-path'],
    ['http', 'base-path', 'api-path'],
    ['http', 'refusal', 'refusals'],
  ])('in [%s] %s points to %s', (section, key, meant) => {
    expect(problemsOf(() => fromFile(`[${section}]\n${key} = "hunter2"\n`))).toEqual([
      `kapacitor.conf, line 2: [${section}] ${key}: this key is not known: did you mean ${meant}?`,
    ]);
  });

  it('is one problem, and the meant setting causes no other', () => {
    const text = '[http]\nusername = "root"\n[auth]\nenabled = true\nadmin-password = "correct horse"\n';
    expect(problemsOf(() => fromFile(text))).toHaveLength(1);
  });

  it('is ignored before any section, where other programs have such words', () => {
    const text = 'username = "x"\npassword = "x"\nport = 1\nhost = "x"\nstorage = "x"\n';
    expect(fromFile(text).config).toEqual(fromFile('').config);
  });

  it.each([
    ['KAPACITOR_HTTP_USERNAME', 'KAPACITOR_AUTH_ADMIN_USERNAME'],
    ['KAPACITOR_HTTP_PASSWORD', 'KAPACITOR_AUTH_ADMIN_PASSWORD'],
    ['KAPACITOR_AUTH_USERNAME', 'KAPACITOR_AUTH_ADMIN_USERNAME'],
    ['KAPACITOR_AUTH_PASSWORD_FILE', 'KAPACITOR_AUTH_ADMIN_PASSWORD_FILE'],
    ['KAPACITOR_AUTH_DB', 'KAPACITOR_AUTH_STORE'],
    ['KAPACITOR_HTTP_SSL_ENABLED', 'KAPACITOR_HTTP_HTTPS_ENABLED'],
    ['KAPACITOR_HTTP_ALLOWED_HOST', 'KAPACITOR_HTTP_ALLOWED_HOSTS'],
    ['KAPACITOR_HTTP_PUBLIC_PATHS', 'KAPACITOR_HTTP_PUBLIC'],
    ['KAPACITOR_HTTP_API_PREFIX', 'KAPACITOR_HTTP_API_PATH'],
    ['KAPACITOR_HTTP_REFUSAL', 'KAPACITOR_HTTP_REFUSALS'],
  ])('in the environment %s points to %s', (variable, meant) => {
    expect(fromEnvironment({ [variable]: 'hunter2' }).warnings).toEqual([
      `the environment variable ${variable} is not known: did you mean ${meant}?`,
    ]);
  });

  it.each([
    'KAPACITOR_PERMISSIONS',
    'KAPACITOR_PERMISSIONS_CLERK',
    'KAPACITOR_PERMISSION_CLERK',
    'KAPACITOR_AUTH_PERMISSIONS',
    'KAPACITOR_HTTP_PERMISSIONS',
  ])('in the environment %s has no effect, and the warning says where permissions are defined', (variable) => {
    expect(fromEnvironment({ [variable]: 'hunter2' }).warnings).toEqual([
      `the environment variable ${variable} has no effect: permissions are defined in the config file, below ` +
        '[permissions.NAME], or in code',
    ]);
  });

  it.each([
    'KAPACITOR_PERMISSIONS_SERVICE_HOST',
    'KAPACITOR_PERMISSIONS_PORT',
    'KAPACITOR_USERNAME',
    'KAPACITOR_PASSWORD',
    'KAPACITOR_HTTP_HOST',
    'KAPACITOR_AUTH_PORT_80_TCP_ADDR',
  ])('%s belongs to Chronograf or Kubernetes, and causes no warning', (variable) => {
    expect(fromEnvironment({ [variable]: 'x' }).warnings).toEqual([]);
  });

  it.each([
    [{ http: { username: 'root' } }, 'http.username is not known: did you mean auth.admin.name?'],
    [{ auth: { password: 'hunter2' } }, 'auth.password is not known: did you mean auth.admin.password?'],
    [{ auth: { admin: { username: 'root' } } }, 'auth.admin.username is not known: did you mean auth.admin.name?'],
    [{ username: 'root' }, 'username is not known: did you mean auth.admin.name?'],
    [{ auth: { saltRounds: 12 } }, 'auth.saltRounds is not known: did you mean auth.bcryptCost?'],
    [{ http: { trustedHosts: [] } }, 'http.trustedHosts is not known: did you mean http.allowedHosts?'],
    [{ http: { publicPaths: [] } }, 'http.publicPaths is not known: did you mean http.public?'],
    [{ http: { apiPrefix: '/' } }, 'http.apiPrefix is not known: did you mean http.apiPath?'],
    [{ public: [] }, 'public is not known: did you mean http.public?'],
    [
      { auth: { admin: { permissions: [] } } },
      'auth.admin.permissions is not known: auth.admin has name, password, passwordFile',
    ],
  ])('in code: %j', (config, problem) => {
    expect(problemsOf(() => fromCode(config))).toEqual([problem]);
  });
});

describe('a suggestion', () => {
  it.each(['flux-enabled', 'ping-auth-enabled', 'debug-pprof-enabled', 'unix-socket-enabled', 'max-row-limit'])(
    'is not made for %s, which has the same ending and belongs to another program',
    (key) => {
      const [problem] = problemsOf(() => fromFile(`[http]\n${key} = true\n`));
      expect(problem).toMatch(/: this key is not known: \[http\] has auth-enabled, /);
    },
  );

  it('is made for a slip in the distinctive part, and for its abbreviation', () => {
    const known = ['auth-enabled', 'log-enabled', 'minimum-password-length'];
    expect(suggest('aut-enabled', known)).toBe('auth-enabled');
    expect(suggest('lg-enabled', known)).toBe('log-enabled');
    expect(suggest('min-password-length', known)).toBe('minimum-password-length');
  });
});
