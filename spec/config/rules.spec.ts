import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import type { KapacitorAuthConfig } from '../../lib/config/options.js';
import { AUTH } from '../../lib/config/settings.js';
import { configFile, fromCode, fromEnvironment, fromFile, problemsOf, reportOf, settingOf } from './resolve.js';

const OFF = '[auth]\nenabled = false\n';
const ON = '[auth]\nenabled = true\n';

/** The warnings about ignored values, without the folder of the file. */
function ignoredIn(warnings: readonly string[]): string[] {
  return warnings
    .filter((warning) => warning.includes('(ignored: '))
    .map((warning) => warning.replaceAll(/\/\S*\/(?=kapacitor\.conf)/g, ''));
}

describe('a value that matters only with users', () => {
  it.each([
    ['auth', 'bcrypt-cost = 0', 'must be an integer from 4 to 20, not 0'],
    ['auth', 'bcrypt-cost = "12"', 'must be an integer from 4 to 20, not "12": write  bcrypt-cost = 12'],
    ['auth', 'cache-expiration = 600', 'must be a duration such as "10m", "1h30m", "500ms" or "0", not 600'],
    ['auth', 'minimum-password-length = -1', 'must be an integer from 0 to 72, not -1'],
    ['auth', 'refused-passwords = ""', /^must be the path of a file with a password on each line /],
    ['auth', 'failure-limit = true', 'must be an integer from 0 to 1000000, not true'],
    ['auth', 'failure-window = 5', /^must be a duration /],
    ['auth', 'hashing-concurrency = 0', 'must be an integer from 1 to 1023, not 0'],
    ['auth', 'hashing-queue = 0', 'must be an integer from 1 to 100000, not 0'],
    ['auth', 'store = "mysql://user:hunter2@host"', /^must be "sqlite:FILE", /],
    ['auth', 'store-grace = 5', /^must be a duration /],
    ['auth', 'admin-username = "a b"', /^must be a user's name/],
    ['auth', 'admin-password = ""', /^must be a password, in quotes: /],
    ['auth', 'admin-password-file = 1', 'must be the path of a file, in quotes, not 1'],
    ['auth', 'audit-log = ""', 'must be the path of a file, in quotes, not ""'],
    ['http', 'realm = 3', /^must be a text without control characters, /],
    ['http', 'query-credentials = "yes"', 'must be true or false, not "yes"'],
  ])('in [%s] causes a warning without users, and an error with them: %s', (section, line, problem) => {
    const text = `[${section}]\n${line}\n`;
    const subject = `kapacitor.conf, line 2: [${section}] ${line.split(' ')[0]}: `;
    const [warning = '', ...others] = ignoredIn(fromFile(text).warnings);
    expect(others).toEqual([]);
    expect(warning.startsWith(subject)).toBe(true);
    expect(warning.endsWith(' (ignored: [auth] enabled is false)')).toBe(true);
    expect(warning.slice(subject.length).replace(/ \(ignored: .*/, '')).toMatch(problem);
    expect(warning).not.toContain('hunter2');
    const store = line.startsWith('store-grace') ? { KAPACITOR_AUTH_STORE: 'postgres://host/db' } : {};
    const problems = problemsOf(() => fromFile(text, { KAPACITOR_AUTH_ENABLED: 'true', ...store }));
    expect(problems).toEqual([warning.replace(' (ignored: [auth] enabled is false)', '')]);
  });

  it('causes a warning in the environment and in code as well', () => {
    const environment = { KAPACITOR_AUTH_BCRYPT_COST: '0', KAPACITOR_AUTH_META_ADDR: 'a', KAPACITOR_AUTH_META_CA: 'b' };
    expect(ignoredIn(fromFile('', environment).warnings)).toEqual([
      'KAPACITOR_AUTH_BCRYPT_COST: must be an integer from 4 to 20, not "0" (ignored: [auth] enabled is false)',
      'KAPACITOR_AUTH_META_ADDR, KAPACITOR_AUTH_META_CA: a meta server is not supported: unset them, and keep the ' +
        'users in [auth] store (ignored: [auth] enabled is false)',
    ]);
    const off = { http: { authEnabled: false }, auth: { enabled: false, bcryptCost: 0, store: 5 } };
    expect(ignoredIn(fromCode(off).warnings)).toEqual([
      'auth.bcryptCost: must be an integer from 4 to 20, not 0 (ignored: [auth] enabled is false)',
      expect.stringMatching(/^auth\.store: must be .* \(ignored: \[auth\] enabled is false\)$/),
    ]);
  });

  it('counts if the strongest source switches the users on', () => {
    const bad = 'bcrypt-cost = 0\n';
    expect(problemsOf(() => fromFile(`${OFF}${bad}`, { KAPACITOR_AUTH_ENABLED: 'true' }))).toHaveLength(1);
    expect(problemsOf(() => resolveConfig(configFile(`${OFF}${bad}`), { auth: { enabled: true } }, {}))).toHaveLength(
      1,
    );
    expect(ignoredIn(fromFile(`${ON}${bad}`, { KAPACITOR_AUTH_ENABLED: 'false' }).warnings)).toHaveLength(1);
  });

  it('counts if it is unknown whether there are users, and everything is reported at once', () => {
    expect(problemsOf(() => fromFile('[auth]\nenabled = "yes"\nbcrypt-cost = 0\nmeta-addr = "x"\n'))).toHaveLength(3);
    expect(problemsOf(() => fromFile('[auth]\nenable = true\nbcrypt-cost = 0\n'))).toHaveLength(2);
    expect(problemsOf(() => fromFile('[http]\nauth-enabled = true\n[auth]\nbcrypt-cost = 0\n'))).toHaveLength(2);
  });

  it('is not compared with other settings: a first admin without a password, more hashing than threads', () => {
    const text = `${OFF}admin-username = "root"\nhashing-concurrency = 100\nadmin-password = "short"\n`;
    expect(ignoredIn(fromFile(text, {}).warnings)).toEqual([
      expect.stringMatching(
        /^\[auth\] hashing-concurrency must be at most 3, not 100: .* \(ignored: \[auth\] enabled is false\)$/,
      ),
    ]);
    expect(ignoredIn(fromFile(`${OFF}admin-password = "short"\n`).warnings)).toEqual([]);
    expect(problemsOf(() => fromFile(text.replace('false', 'true')))).toHaveLength(2);
  });

  it('counts for a caller that needs it without users', () => {
    const path = configFile(`${OFF}bcrypt-cost = 0\nfailure-limit = -1\n`);
    expect(problemsOf(() => resolveConfig(path, {}, {}, [AUTH.bcryptCost]))).toEqual([
      'kapacitor.conf, line 3: [auth] bcrypt-cost: must be an integer from 4 to 20, not 0',
    ]);
  });
});

describe('a value that another setting makes useless', () => {
  it.each([
    [
      '[http]\nhttps-certificate = 3\nhttps-private-key = true\n',
      ['[http] https-enabled is false', '[http] https-enabled is false'],
    ],
    [`${ON}failure-limit = 0\nfailure-window = 5\n`, ['[auth] failure-limit is 0']],
    [`${ON}failure-window = "0"\nfailure-limit = -5\n`, ['[auth] failure-window is 0']],
    [`data_dir = ""\n${ON}store = "memory:"\n`, ['[auth] store says where the users are']],
    [`${ON}store = "memory:"\nstore-grace = 5\n`, ['the users are not in PostgreSQL']],
  ])('causes a warning: %j', (text, reasons) => {
    const warnings = ignoredIn(fromFile(text).warnings);
    expect(warnings.map((warning) => /\(ignored: (.*)\)$/.exec(warning)?.[1])).toEqual(reasons);
  });

  it.each([
    ['[http]\nhttps-enabled = true\nhttps-certificate = 3\n', 1],
    ['[http]\nhttps-enabled = "yes"\nhttps-certificate = 3\n', 2],
    [`${ON}failure-limit = 1\nfailure-window = 5\n`, 1],
    [`${ON}failure-limit = -1\nfailure-window = 5\n`, 2],
    [`${ON}data_dir = 1\n`, 1],
    [`data_dir = ""\n${ON}store = "nowhere"\n`, 2],
    [`${ON}store = "nowhere"\nstore-grace = 5\n`, 2],
  ])('is an error if the other setting does not make it useless, or is wrong itself: %j', (text, count) => {
    expect(problemsOf(() => fromFile(text))).toHaveLength(count);
  });
});

describe('a value that is overridden', () => {
  const FILE = `${ON}bcrypt-cost = 0\n`;
  const FILE_PROBLEM = 'kapacitor.conf, line 3: [auth] bcrypt-cost: must be an integer from 4 to 20, not 0';

  it.each([
    ['the environment', {}, { KAPACITOR_AUTH_BCRYPT_COST: '12' }, 'KAPACITOR_AUTH_BCRYPT_COST'],
    ['its other variable', {}, { KAPACITOR_AUTH_BCRYPT: '12' }, 'KAPACITOR_AUTH_BCRYPT'],
    ['code', { auth: { bcryptCost: 12 } }, {}, 'auth.bcryptCost'],
    ['both', { auth: { bcryptCost: 12 } }, { KAPACITOR_AUTH_BCRYPT: '5' }, 'auth.bcryptCost'],
  ])(
    'in the file by %s causes a warning that names the source that counts',
    (_what, code: KapacitorAuthConfig, environment, by) => {
      const { config, warnings } = resolveConfig(configFile(FILE), code, environment);
      expect(config.auth.bcryptCost).toBe(12);
      expect(ignoredIn(warnings)).toEqual([`${FILE_PROBLEM} (ignored: ${by} overrides it)`]);
    },
  );

  it('in the environment by code causes a warning, even if two variables contradict each other', () => {
    const code = { auth: { bcryptCost: 12 } };
    expect(ignoredIn(fromEnvironment({ KAPACITOR_AUTH_BCRYPT_COST: 'x' }, code).warnings)).toEqual([
      'KAPACITOR_AUTH_BCRYPT_COST: must be an integer from 4 to 20, not "x" (ignored: auth.bcryptCost overrides it)',
    ]);
    const twice = { KAPACITOR_AUTH_BCRYPT_COST: '5', KAPACITOR_AUTH_BCRYPT: '6' };
    const { config, warnings } = fromEnvironment(twice, code);
    expect(config.auth.bcryptCost).toBe(12);
    expect(ignoredIn(warnings)).toEqual([
      'KAPACITOR_AUTH_BCRYPT_COST and KAPACITOR_AUTH_BCRYPT are both set, to different values: unset one ' +
        '(ignored: auth.bcryptCost overrides it)',
    ]);
  });

  it('causes a warning for a switch as well', () => {
    const { config, warnings } = fromFile('[http]\nauth-enabled = "yes"\n[auth]\nenabled = "yes"\n', {
      KAPACITOR_HTTP_AUTH_ENABLED: 'true',
      KAPACITOR_AUTH_ENABLED: 'true',
    });
    expect(config).toMatchObject({ http: { authEnabled: true }, auth: { enabled: true } });
    expect(ignoredIn(warnings)).toHaveLength(2);
  });

  it("may be a first admin's password that a password file overrides, and vice versa", () => {
    const admin = `${ON}admin-username = "root"\n`;
    const file = { KAPACITOR_AUTH_ADMIN_PASSWORD_FILE: '/run/secrets/admin' };
    const overridden = fromFile(`${admin}admin-password = ""\n`, file);
    expect(overridden.admin).toMatchObject({ name: 'root', password: expect.any(Function) });
    expect(ignoredIn(overridden.warnings)).toEqual([
      expect.stringMatching(/admin-password: .* \(ignored: KAPACITOR_AUTH_ADMIN_PASSWORD_FILE overrides it\)$/),
    ]);
    const other = fromFile(`${admin}admin-password-file = ""\n`, { KAPACITOR_AUTH_ADMIN_PASSWORD: 'correct horse' });
    expect(other.admin).toEqual({ name: 'root', password: 'correct horse' });
    expect(ignoredIn(other.warnings)).toHaveLength(1);
    // The missing name is an error all the same.
    expect(problemsOf(() => fromFile(`${ON}admin-password = ""\n`, file))).toEqual([
      expect.stringMatching(/^KAPACITOR_AUTH_ADMIN_PASSWORD_FILE: the first admin has a password and no name: /),
    ]);
  });

  it('is an error if the overriding value is wrong as well', () => {
    expect(problemsOf(() => fromFile(FILE, { KAPACITOR_AUTH_BCRYPT: '0' }))).toEqual([
      'KAPACITOR_AUTH_BCRYPT: must be an integer from 4 to 20, not "0"',
      FILE_PROBLEM,
    ]);
  });

  it('does not excuse a wrong value of a stronger source', () => {
    expect(problemsOf(() => fromFile(`${ON}bcrypt-cost = 12\n`, { KAPACITOR_AUTH_BCRYPT: '0' }))).toHaveLength(1);
  });

  it('does not excuse a misspelt key', () => {
    const environment = { KAPACITOR_AUTH_BCRYPT_COST: '12', KAPACITOR_HTTP_AUTH_ENABLED: 'true' };
    expect(problemsOf(() => fromFile(`${ON}bcrypt-costs = 12\n`, environment))).toHaveLength(1);
    expect(problemsOf(() => fromFile(`${ON}[http]\nauth-enabled: true\n`, environment))).toHaveLength(1);
  });

  it('appears in check-config with the value and the source that count', () => {
    const report = reportOf(FILE, { KAPACITOR_AUTH_BCRYPT: '12' });
    expect(report.problems).toEqual([]);
    expect(ignoredIn(report.warnings)).toEqual([`${FILE_PROBLEM} (ignored: KAPACITOR_AUTH_BCRYPT overrides it)`]);
    expect(settingOf(report, 'bcrypt-cost')).toEqual({ value: '12', from: 'KAPACITOR_AUTH_BCRYPT' });
  });
});

describe('authentication without users', () => {
  const PROBLEM =
    'authentication is on ([http] auth-enabled) while there are no users ([auth] enabled = false): ' +
    'write  enabled = true  below [auth], or set KAPACITOR_AUTH_ENABLED=true, or auth.enabled to true in code';

  it.each([
    ['[auth] enabled = false', '[http]\nauth-enabled = true\n[auth]\nenabled = false\n', {}],
    ['no [auth] at all', '[http]\nauth-enabled = true\n', {}],
    ['the environment', '', { KAPACITOR_HTTP_AUTH_ENABLED: '1' }],
  ])('is an error that says what to write: %s', (_, text, environment) => {
    expect(problemsOf(() => fromFile(text, environment))).toEqual([PROBLEM]);
  });

  it('is an error in code, where authentication is on by default', () => {
    expect(problemsOf(() => resolveConfig({ auth: { enabled: false } }, {}, {}))).toEqual([PROBLEM]);
  });

  it('is allowed if both are off', () => {
    const { config } = resolveConfig({ auth: { enabled: false }, http: { authEnabled: false } }, {}, {});
    expect(config).toMatchObject({ auth: { enabled: false }, http: { authEnabled: false } });
  });
});
