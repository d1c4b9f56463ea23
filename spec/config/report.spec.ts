import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { type ConfigReport, checkConfig } from '../../lib/config/report.js';
import { SETTINGS } from '../../lib/config/settings.js';
import { configFile, ON, reportOf, settingOf } from './resolve.js';

/** Each setting in another spelling, and in none that is its default. */
const EVERYTHING = `
data_dir = "state"
[http]
auth-enabled = true
query-credentials = true
realm = 'a "b" \\\\ c'
allowed-hosts = ["LocalHost", '.example.com']
public = ["/health", 'GET /status']
refusals = 'next'
api-path = "/"
sessions = { idle = '30m', texts = { signIn = "Log in" } }
users-page = true
bind-address = "[::1]:80"
https-enabled = false
https-certificate = "/c.pem"
https-private-key = "/k.pem"
shared-secret = "hunter2"
[auth]
enabled = true
cache-expiration = "90m"
bcrypt-cost = 12
minimum-password-length = 0
refused-passwords = "/dev/null"
failure-limit = 5
failure-window = 0
hashing-concurrency = 2
hashing-queue = 64
store = "postgres://user:hunter2@host/db?max=7"
store-grace = "500ms"
admin-username = "ユーザー"
admin-password = "hunter2"
record-logins = false
audit-log = "/var/log/audit.jsonl"
[permissions.clerk]
"/orders" = ["write", "read", "write"]
'/a "b"' = 'all'
"/secrets" = []
[permissions]
nothing = {}
`;

/** The lines that the report would be as a file: what is secret or none is left out. */
function asFile({ settings }: ConfigReport): string {
  const lines = (section: string) =>
    settings
      .filter((setting) => setting.section === section && !/^\((?:secret|none)\)$/.test(setting.value))
      .map(({ key, value }) => `${key} = ${value}`);
  return [
    ...lines(''),
    '[http]',
    ...lines('http'),
    '[auth]',
    ...lines('auth'),
    '[permissions]',
    ...lines('permissions'),
    '',
  ].join('\n');
}

describe('the report on a configuration', () => {
  it('gives the value and the source of each setting', () => {
    const report = reportOf(EVERYTHING);
    expect(report.problems).toEqual([]);
    expect(report.settings.map(({ section, key, value, from }) => [section, key, value, from])).toEqual([
      ['http', 'auth-enabled', 'true', 'kapacitor.conf, line 4'],
      ['http', 'query-credentials', 'true', 'kapacitor.conf, line 5'],
      ['http', 'realm', String.raw`"a \"b\" \\\\ c"`, 'kapacitor.conf, line 6'],
      ['http', 'allowed-hosts', '["LocalHost", ".example.com"]', 'kapacitor.conf, line 7'],
      ['http', 'public', '["/health", "GET /status"]', 'kapacitor.conf, line 8'],
      ['http', 'refusals', '"next"', 'kapacitor.conf, line 9'],
      ['http', 'api-path', '"/"', 'kapacitor.conf, line 10'],
      [
        'http',
        'sessions',
        '{ lifetime = "12h", idle = "30m", texts = { signIn = "Log in" } }',
        'kapacitor.conf, line 11',
      ],
      ['http', 'users-page', 'true', 'kapacitor.conf, line 12'],
      ['http', 'bind-address', '"[::1]:80"', 'kapacitor.conf, line 13'],
      ['http', 'https-enabled', 'false', 'kapacitor.conf, line 14'],
      ['http', 'https-certificate', '"/c.pem"', 'kapacitor.conf, line 15'],
      ['http', 'https-private-key', '"/k.pem"', 'kapacitor.conf, line 16'],
      ['http', 'shared-secret', '(secret)', 'kapacitor.conf, line 17'],
      ['http', 'shared-secret-file', '(none)', 'kapacitor.conf, line 17'],
      ['auth', 'enabled', 'true', 'kapacitor.conf, line 19'],
      ['auth', 'cache-expiration', '"1h30m"', 'kapacitor.conf, line 20'],
      ['auth', 'bcrypt-cost', '12', 'kapacitor.conf, line 21'],
      ['auth', 'minimum-password-length', '0', 'kapacitor.conf, line 22'],
      ['auth', 'refused-passwords', '"/dev/null"', 'kapacitor.conf, line 23'],
      ['auth', 'failure-limit', '5', 'kapacitor.conf, line 24'],
      ['auth', 'failure-window', '"0s"', 'kapacitor.conf, line 25'],
      ['auth', 'hashing-concurrency', '2', 'kapacitor.conf, line 26'],
      ['auth', 'hashing-queue', '64', 'kapacitor.conf, line 27'],
      ['auth', 'store', '"postgres://user@host/db?max=7"', 'kapacitor.conf, line 28'],
      ['auth', 'store-grace', '"500ms"', 'kapacitor.conf, line 29'],
      ['auth', 'admin-username', '"ユーザー"', 'kapacitor.conf, line 30'],
      ['auth', 'admin-password', '(secret)', 'kapacitor.conf, line 31'],
      ['auth', 'admin-password-file', '(none)', 'kapacitor.conf, line 31'],
      ['auth', 'record-logins', 'false', 'kapacitor.conf, line 32'],
      ['auth', 'audit-log', '"/var/log/audit.jsonl"', 'kapacitor.conf, line 33'],
      ['', 'data_dir', '"state"', 'kapacitor.conf, line 2'],
      [
        'permissions',
        'clerk',
        String.raw`{ "/orders" = ["read", "write"], "/a \"b\"" = ["all"], "/secrets" = [] }`,
        'kapacitor.conf, line 34',
      ],
      ['permissions', 'nothing', '{}', 'kapacitor.conf, line 39'],
    ]);
    expect(JSON.stringify(report)).not.toContain('hunter2');
  });

  it('has every setting, and "default" for one that no source sets', () => {
    const { settings } = reportOf(ON);
    expect(settings.map(({ section, key }) => `${section} ${key}`)).toEqual(
      SETTINGS.map(({ section, key }) => `${section} ${key}`),
    );
    expect(settings.filter(({ from }) => from !== 'default').map(({ key }) => key)).toEqual([
      'auth-enabled',
      'enabled',
    ]);
  });

  it('can be pasted into a file with the same meaning', () => {
    const written = EVERYTHING.replace(/admin-.*\n/g, '').replace(/shared-secret.*\n/, '');
    const path = configFile(written);
    const pasted = asFile(checkConfig(path, {}));
    expect(resolveConfig(configFile(pasted), {}, {}).config).toEqual(resolveConfig(path, {}, {}).config);
  });

  it('can be pasted into a file if all settings have defaults', () => {
    const path = configFile(ON);
    const pasted = asFile(checkConfig(path, {}));
    expect(resolveConfig(configFile(pasted), {}, {}).config).toEqual(resolveConfig(path, {}, {}).config);
  });

  it('names the variable that sets a value, even if it is the second name', () => {
    const environment = { KAPACITOR_AUTH_BCRYPT: '12', KAPACITOR_HTTP_REALM: 'a\x7fb', KAPACITOR_DATA_DIR: '/srv' };
    const report = reportOf(`${ON}bcrypt-cost = 11\n`, { ...environment, KAPACITOR_HTTP_REALM: 'x' });
    expect(settingOf(report, 'bcrypt-cost')).toEqual({ value: '12', from: 'KAPACITOR_AUTH_BCRYPT' });
    expect(settingOf(report, 'realm')).toEqual({ value: '"x"', from: 'KAPACITOR_HTTP_REALM' });
    expect(settingOf(report, 'data_dir')).toEqual({ value: '"/srv"', from: 'KAPACITOR_DATA_DIR' });
    expect(settingOf(report, 'store')).toEqual({ value: '"sqlite:/srv/auth/users.db"', from: 'default' });
  });

  it('names the file without a line where the line is not found', () => {
    const report = reportOf('"au\\u0074h".bcrypt-cost = 5\n');
    expect(settingOf(report, 'bcrypt-cost')).toEqual({ value: '5', from: 'kapacitor.conf' });
  });

  it('shows absolute paths', () => {
    const path = configFile(`${ON}store = "sqlite:./users.db"\naudit-log = "a\\u007fb"\n`);
    const report = checkConfig(path, { KAPACITOR_AUTH_REFUSED_PASSWORDS: 'refused.txt' });
    expect(settingOf(report, 'store')?.value).toBe(`"sqlite:${join(dirname(path), 'users.db')}"`);
    expect(settingOf(report, 'audit-log')?.value).toBe(`"${join(dirname(path), 'a\\u007fb')}"`);
    expect(settingOf(report, 'refused-passwords')?.value).toBe(`"${join(process.cwd(), 'refused.txt')}"`);
  });

  it('names the source that replaces a password, by a password or by a file', () => {
    const report = reportOf(`${ON}admin-username = "root"\nadmin-password = "correct horse"\n`, {
      KAPACITOR_AUTH_ADMIN_PASSWORD_FILE: '/dev/null',
    });
    const from = 'KAPACITOR_AUTH_ADMIN_PASSWORD_FILE';
    expect(settingOf(report, 'admin-password')).toEqual({ value: '(none)', from });
    expect(settingOf(report, 'admin-password-file')).toEqual({ value: '"/dev/null"', from });
  });

  it('covers the environment and the defaults in code without a file', () => {
    const report = checkConfig(undefined, { KAPACITOR_AUTH_STORE: 'memory:' });
    expect(report).toMatchObject({ problems: [], warnings: [] });
    expect(settingOf(report, 'auth-enabled')).toEqual({ value: 'true', from: 'default' });
    expect(settingOf(report, 'store')).toEqual({ value: '"memory:"', from: 'KAPACITOR_AUTH_STORE' });
    expect(settingOf(report, 'data_dir')).toEqual({ value: '(none)', from: 'default' });
  });

  it('writes nothing, and opens no store', () => {
    const path = configFile(`${ON}store = "sqlite:./users.db"\naudit-log = "./audit.jsonl"\n`);
    expect(checkConfig(path, {}).problems).toEqual([]);
    expect(readdirSync(dirname(path))).toEqual(['kapacitor.conf']);
    expect(existsSync(join(dirname(path), 'users.db'))).toBe(false);
  });
});
