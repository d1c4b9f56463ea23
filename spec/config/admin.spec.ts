import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import {
  configFile,
  fromCode,
  fromEnvironment,
  fromFile,
  ON,
  passwordReadBy,
  problemsOf,
  refusalOf,
} from './resolve.js';

const PASSWORD = 'correct horse';

describe('the first admin', () => {
  it('is none by default', () => {
    expect(fromCode({}).admin).toBeUndefined();
    expect(fromCode({}).config.auth.admin).toBeUndefined();
    expect(fromFile(ON).admin).toBeUndefined();
  });

  it.each([
    ['a file', () => fromFile(`${ON}admin-username = "root"\nadmin-password = "${PASSWORD}"\n`)],
    [
      'the environment',
      () => fromEnvironment({ KAPACITOR_AUTH_ADMIN_USERNAME: 'root', KAPACITOR_AUTH_ADMIN_PASSWORD: PASSWORD }),
    ],
    ['code', () => fromCode({ auth: { admin: { name: 'root', password: PASSWORD } } })],
  ])('comes from %s: the configuration shows the name, and never the password', (_, resolve) => {
    const { config, admin } = resolve();
    expect(admin).toEqual({ name: 'root', password: PASSWORD });
    expect(config.auth.admin).toEqual({ name: 'root' });
    expect(JSON.stringify(config)).not.toContain(PASSWORD);
  });

  it.each(['ユーザー', 'Größe', 'a@b.example-1_x', 'x'.repeat(200)])('may have the name %s', (name) => {
    expect(fromFile(`${ON}admin-username = "${name}"\nadmin-password = "${PASSWORD}"\n`).admin?.name).toBe(name);
  });

  it('may have a password with any characters, which is kept as given', () => {
    const password = ' Pässwörd\u3000密码 "\' # ';
    expect(fromCode({ auth: { admin: { name: 'root', password } } }).admin?.password).toBe(password);
  });

  it.each([
    [null, 'null'],
    ['root', 'a text'],
    [['root', 'secret'], 'an array'],
    [new Map(), 'a map'],
  ])('is an object in code, and not %j', (admin, what) => {
    expect(problemsOf(() => fromCode({ auth: { admin } }))).toEqual([`auth.admin must be an object, not ${what}`]);
  });

  it.each([
    [{ auth: { admin: { pasword: 'hunter2' } } }, 'auth.admin.pasword is not known: did you mean auth.admin.password?'],
    [
      { auth: { admin: { password_file: 'hunter2' } } },
      'auth.admin.password_file is not known: did you mean auth.admin.passwordFile?',
    ],
    [
      { auth: { admin: { type: 'admin' } } },
      'auth.admin.type is not known: auth.admin has name, password, passwordFile',
    ],
    [{ auth: { admins: { name: 'root' } } }, 'auth.admins is not known: did you mean auth.admin?'],
    [{ http: { admin: { name: 'root' } } }, 'http.admin is not known: did you mean auth.admin?'],
    [{ admin: { name: 'root' } }, 'admin is not known: did you mean auth.admin?'],
  ])('may not have an unknown property in code: %j', (config, problem) => {
    expect(problemsOf(() => fromCode(config))).toEqual([problem]);
  });

  it('may not have a property with a dot in its name in code', () => {
    const [problem, ...others] = problemsOf(() => fromCode({ auth: { 'admin.name': 'root' } }));
    expect(problem).toMatch(/^auth\.admin\.name is not known: auth has enabled, .*, admin, recordLogins, auditLog$/);
    expect(others).toEqual([]);
  });

  it('is absent if its properties are undefined, as unset environment variables are', () => {
    expect(fromCode({ auth: { admin: { name: undefined, password: undefined } } }).admin).toBeUndefined();
    expect(fromCode({ auth: { admin: undefined } }).admin).toBeUndefined();
    expect(
      fromEnvironment({ KAPACITOR_AUTH_ADMIN_USERNAME: '', KAPACITOR_AUTH_ADMIN_PASSWORD: '' }).admin,
    ).toBeUndefined();
  });
});

describe('the sources of the first admin', () => {
  const FILE = `${ON}admin-username = "file"\nadmin-password = "of the file"\n`;

  it('name and password are looked up separately', () => {
    expect(fromFile(FILE, { KAPACITOR_AUTH_ADMIN_USERNAME: 'environment' }).admin).toEqual({
      name: 'environment',
      password: 'of the file',
    });
    const overrides = { auth: { admin: { name: 'code' } } };
    const environment = { KAPACITOR_AUTH_ADMIN_PASSWORD: 'of the environment' };
    expect(resolveConfig(configFile(FILE), overrides, environment).admin).toEqual({
      name: 'code',
      password: 'of the environment',
    });
  });

  it('a password file of the environment combines with the name of a file, and replaces the password of a file', async () => {
    const path = join(temporaryFolder(), 'secret');
    writeFileSync(path, 'of the secret\n');
    const { admin } = fromFile(FILE, { KAPACITOR_AUTH_ADMIN_PASSWORD_FILE: path });
    expect(admin?.name).toBe('file');
    await expect(passwordReadBy(admin)).resolves.toBe('of the secret');
  });

  it('a password in code precedes a password file of the environment', () => {
    const environment = { KAPACITOR_AUTH_ADMIN_PASSWORD_FILE: '/run/secrets/admin' };
    const { admin } = fromCode({ auth: { admin: { name: 'root', password: PASSWORD } } }, environment);
    expect(admin?.password).toBe(PASSWORD);
  });

  it('a password in the overrides precedes one in the first argument', () => {
    const { admin } = resolveConfig(
      { auth: { admin: { name: 'root', passwordFile: '/run/secrets/admin' } } },
      { auth: { admin: { password: PASSWORD } } },
      {},
    );
    expect(admin).toEqual({ name: 'root', password: PASSWORD });
  });
});

describe('a first admin is refused if it', () => {
  it.each([
    ['admin-username = "root"', 5, 'admin-username: the first admin has a name and no password: set '],
    ['admin-password = "hunter2222"', 5, 'admin-password: the first admin has a password and no name: set '],
    ['admin-password-file = "x"', 5, 'admin-password-file: the first admin has a password and no name: set '],
  ])('has only a name or only a password in a file: %s', (line, number, problem) => {
    const [first, ...others] = problemsOf(() => fromFile(`${ON}${line}\n`));
    expect(first).toContain(`kapacitor.conf, line ${number}: [auth] ${problem}`);
    expect(first).not.toContain('hunter2');
    expect(others).toEqual([]);
  });

  it('has only one of them in the environment: the message says which variable to set', () => {
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_AUTH_ADMIN_USERNAME: 'root' }))).toEqual([
      'KAPACITOR_AUTH_ADMIN_USERNAME: the first admin has a name and no password: set admin-password-file, ' +
        'KAPACITOR_AUTH_ADMIN_PASSWORD_FILE, or auth.admin.passwordFile in code',
    ]);
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_AUTH_ADMIN_PASSWORD: 'hunter2222' }))).toEqual([
      'KAPACITOR_AUTH_ADMIN_PASSWORD: the first admin has a password and no name: set admin-username, ' +
        'KAPACITOR_AUTH_ADMIN_USERNAME, or auth.admin.name in code',
    ]);
  });

  it('has only a name in code', () => {
    const problems = problemsOf(() => fromCode({ auth: { admin: { name: 'root', password: undefined } } }));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^auth\.admin\.name: the first admin has a name and no password: /);
  });

  it('has both a password and a file with one', () => {
    const lines = 'admin-username = "root"\nadmin-password-file = "x"\nadmin-password = "hunter2222"\n';
    expect(problemsOf(() => fromFile(`${ON}${lines}`))).toEqual([
      'kapacitor.conf, line 7: [auth] admin-password: a password and a file with one ' +
        '(kapacitor.conf, line 6: [auth] admin-password-file) are both set: remove one of the two',
    ]);
    const admin = { name: 'root', password: 'hunter2222', passwordFile: 'x' };
    expect(problemsOf(() => fromCode({ auth: { admin } }))).toEqual([
      'auth.admin.password: a password and a file with one (auth.admin.passwordFile) are both set: remove one of the two',
    ]);
  });

  it.each(['', 'a b', 'a/b', 'root\n', '..', '.', 'x'.repeat(257)])('has the name %j', (name) => {
    const expected = `must be a user's name: letters, numbers, -, ., @ and _, in quotes, at most 256 bytes, not . or .., not ${JSON.stringify(name)}`;
    const lines = `admin-username = ${JSON.stringify(name)}\nadmin-password = "${PASSWORD}"\n`;
    expect(problemsOf(() => fromFile(`${ON}${lines}`))).toEqual([
      `kapacitor.conf, line 5: [auth] admin-username: ${expected}`,
    ]);
    expect(problemsOf(() => fromCode({ auth: { admin: { name, password: PASSWORD } } }))).toEqual([
      `auth.admin.name: ${expected}`,
    ]);
  });

  it.each([
    ['nothing', ''],
    ['a line end', 'hunter2222\n'],
    ['too many bytes', 'hunter22'.repeat(10)],
    ['half a character', 'hunter2222\ud800'],
    ['a number', 12345678],
    ['an object', { hunter2: 'hunter2' }],
  ])('has a password that no user can have, without repeating it: %s', (_, password) => {
    const problems = problemsOf(() => fromCode({ auth: { admin: { name: 'root', password } } }));
    expect(problems).toEqual([
      'auth.admin.password: must be a password, in quotes: 1 to 72 bytes of well-formed Unicode, without control characters',
    ]);
  });

  it('has a password in a file that no user can have or that is not in quotes, without repeating it', () => {
    const expected = 'must be a password, in quotes: 1 to 72 bytes of well-formed Unicode, without control characters';
    for (const value of ['""', '"hunter2222\\n"', '22222222', '["hunter2222"]']) {
      const error = refusalOf(() => fromFile(`${ON}admin-username = "root"\nadmin-password = ${value}\n`));
      expect(error.message.replace(/^.*(?=kapacitor\.conf)/, '')).toBe(
        `kapacitor.conf, line 6: [auth] admin-password: ${expected}`,
      );
      expect(error.stack).not.toMatch(/hunter|2222/);
    }
    const error = refusalOf(() => fromFile(`${ON}admin-username = "root"\nadmin-password: hunter2222\n`));
    expect(error.message).toMatch(/line 6: admin-password: this is not TOML: write {2}admin-password = "…"$/);
  });

  it('has a password in the environment that no user can have', () => {
    const environment = { KAPACITOR_AUTH_ADMIN_USERNAME: 'root', KAPACITOR_AUTH_ADMIN_PASSWORD: 'hunter2222\t' };
    expect(problemsOf(() => fromEnvironment(environment))).toEqual([
      'KAPACITOR_AUTH_ADMIN_PASSWORD: must be a password, in quotes: 1 to 72 bytes of well-formed Unicode, without control characters',
    ]);
  });

  it('has a password that the rules for new passwords refuse', () => {
    expect(problemsOf(() => fromCode({ auth: { admin: { name: 'root', password: 'hunter2' } } }))).toEqual([
      'auth.admin.password: password must be at least 8 characters',
    ]);
    expect(
      problemsOf(() => fromCode({ auth: { admin: { name: 'Administrator', password: 'administrator' } } })),
    ).toEqual(['auth.admin.password: password must not be the username']);
    const auth = { minimumPasswordLength: 7, admin: { name: 'root', password: 'hunter2' } };
    expect(fromCode({ auth }).admin?.password).toBe('hunter2');
  });

  it('has an empty path for its password', () => {
    expect(problemsOf(() => fromCode({ auth: { admin: { name: 'root', passwordFile: '' } } }))).toEqual([
      'auth.admin.passwordFile: must be the path of a file, in quotes, not ""',
    ]);
  });
});

describe('a first admin without users', () => {
  const OFF = { KAPACITOR_HTTP_AUTH_ENABLED: 'false', KAPACITOR_AUTH_ENABLED: 'false' };

  it('is not made, and causes a warning', () => {
    const environment = {
      ...OFF,
      KAPACITOR_AUTH_ADMIN_USERNAME: 'root',
      KAPACITOR_AUTH_ADMIN_PASSWORD_FILE: '/run/secrets/admin',
    };
    const { admin, config, warnings } = fromEnvironment(environment);
    expect(admin).toBeUndefined();
    expect(config.auth.admin).toBeUndefined();
    expect(warnings).toContain(
      'KAPACITOR_AUTH_ADMIN_USERNAME: there are no users ([auth] enabled = false), and no first admin is made',
    );
  });

  it('causes no warning if it is not set', () => {
    expect(fromEnvironment(OFF).warnings.join()).not.toContain('admin is made');
  });
});

describe('a file with a password that others may read', () => {
  const LINES = `${ON}admin-username = "root"\nadmin-password = "${PASSWORD}"\n`;

  function warningsFor(content: string, mode: number): string[] {
    const path = configFile(content);
    chmodSync(path, mode);
    const { warnings } = resolveConfig(path, {}, {});
    return warnings.map((warning) => warning.replace(`${dirname(path)}/`, ''));
  }

  it.each([
    [0o644, '0644'],
    [0o640, '0640'],
    [0o604, '0604'],
    [0o602, '0602'],
  ])('causes a warning: %i', (mode, shown) => {
    expect(warningsFor(LINES, mode)).toEqual([
      `kapacitor.conf, line 6: [auth] admin-password: other users of this machine may read the file (its mode is ${shown}): ` +
        'chmod 600 it, or name a file of its own with admin-password-file',
    ]);
  });

  it('causes none if only its owner may read it, or if it contains no password', () => {
    expect(warningsFor(LINES, 0o600)).toEqual([]);
    expect(warningsFor(LINES, 0o400)).toEqual([]);
    expect(warningsFor(LINES.replace('admin-password =', 'admin-password-file ='), 0o644)).toEqual([]);
  });
});
