import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { ConfigError } from '../../lib/errors.js';
import type { FirstAdmin } from '../../lib/users/first-admin.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { configFile, fromCode, fromEnvironment, fromFile, problemsOf, refusalOf } from './resolve.js';

const ON = '[http]\nauth-enabled = true\n[auth]\nenabled = true\n';
const PASSWORD = 'correct horse';

/** A file with a password that is gone when the test is over. */
function passwordFile(content: string | Uint8Array): string {
  const path = join(temporaryFolder(), 'admin-password');
  writeFileSync(path, content);
  return path;
}

/** What the function says that is handed on for a file. */
async function readBy(admin: FirstAdmin | undefined): Promise<string> {
  if (typeof admin?.password !== 'function') throw new Error('there is no function that reads a file');
  return admin.password();
}

async function passwordOf(path: string): Promise<string> {
  return readBy(fromCode({ auth: { admin: { name: 'root', passwordFile: path } } }).admin);
}

async function refusalOfFile(path: string): Promise<ConfigError> {
  const error = await passwordOf(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  return error as ConfigError;
}

/** POSIX has it. */
const MAKE_PIPE = 'mkfifo';

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
  ])('comes from %s: the configuration shows the name, and the password is handed on beside it', (_, resolve) => {
    const { config, admin } = resolve();
    expect(admin).toEqual({ name: 'root', password: PASSWORD });
    expect(config.auth.admin).toEqual({ name: 'root' });
    expect(JSON.stringify(config)).not.toContain(PASSWORD);
  });

  it.each(['ユーザー', 'Größe', 'a@b.example-1_x', 'x'.repeat(200)])('may have the name %s', (name) => {
    expect(fromFile(`${ON}admin-username = "${name}"\nadmin-password = "${PASSWORD}"\n`).admin?.name).toBe(name);
  });

  it('may have a password with any characters, which is handed on as it was given', () => {
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
  ])('has no property in code that is not known: %j', (config, problem) => {
    expect(problemsOf(() => fromCode(config))).toEqual([problem]);
  });

  it('has no property in code that is written with a dot', () => {
    const [problem, ...others] = problemsOf(() => fromCode({ auth: { 'admin.name': 'root' } }));
    expect(problem).toMatch(/^auth\.admin\.name is not known: auth has enabled, .*, admin, auditLog$/);
    expect(others).toEqual([]);
  });

  it('is absent where its properties are undefined, as the environment may leave them', () => {
    expect(fromCode({ auth: { admin: { name: undefined, password: undefined } } }).admin).toBeUndefined();
    expect(fromCode({ auth: { admin: undefined } }).admin).toBeUndefined();
    expect(
      fromEnvironment({ KAPACITOR_AUTH_ADMIN_USERNAME: '', KAPACITOR_AUTH_ADMIN_PASSWORD: '' }).admin,
    ).toBeUndefined();
  });
});

describe('where the first admin comes from', () => {
  const FILE = `${ON}admin-username = "file"\nadmin-password = "of the file"\n`;

  it('name and password are looked up each for itself', () => {
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

  it("a password file of the environment goes with a file's name, and before a file's password", async () => {
    const path = passwordFile('of the secret\n');
    const { admin } = fromFile(FILE, { KAPACITOR_AUTH_ADMIN_PASSWORD_FILE: path });
    expect(admin?.name).toBe('file');
    await expect(readBy(admin)).resolves.toBe('of the secret');
  });

  it('a password of code goes before a password file of the environment', () => {
    const environment = { KAPACITOR_AUTH_ADMIN_PASSWORD_FILE: '/run/secrets/admin' };
    const { admin } = fromCode({ auth: { admin: { name: 'root', password: PASSWORD } } }, environment);
    expect(admin?.password).toBe(PASSWORD);
  });

  it('a password of the overrides goes before one of the configuration in code', () => {
    const { admin } = resolveConfig(
      { auth: { admin: { name: 'root', passwordFile: '/run/secrets/admin' } } },
      { auth: { admin: { password: PASSWORD } } },
      {},
    );
    expect(admin).toEqual({ name: 'root', password: PASSWORD });
  });
});

describe('a first admin that cannot be', () => {
  it.each([
    ['admin-username = "root"', 5, 'admin-username: the first admin has a name and no password: set '],
    ['admin-password = "hunter2222"', 5, 'admin-password: the first admin has a password and no name: set '],
    ['admin-password-file = "x"', 5, 'admin-password-file: the first admin has a password and no name: set '],
  ])('is half of one in a file: %s', (line, number, problem) => {
    const [first, ...others] = problemsOf(() => fromFile(`${ON}${line}\n`));
    expect(first).toContain(`kapacitor.conf, line ${number}: [auth] ${problem}`);
    expect(first).not.toContain('hunter2');
    expect(others).toEqual([]);
  });

  it('is half of one in the environment, and the message says what to set', () => {
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_AUTH_ADMIN_USERNAME: 'root' }))).toEqual([
      'KAPACITOR_AUTH_ADMIN_USERNAME: the first admin has a name and no password: set admin-password-file, ' +
        'KAPACITOR_AUTH_ADMIN_PASSWORD_FILE, or auth.admin.passwordFile in code',
    ]);
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_AUTH_ADMIN_PASSWORD: 'hunter2222' }))).toEqual([
      'KAPACITOR_AUTH_ADMIN_PASSWORD: the first admin has a password and no name: set admin-username, ' +
        'KAPACITOR_AUTH_ADMIN_USERNAME, or auth.admin.name in code',
    ]);
  });

  it('is half of one in code', () => {
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
  ])('has a password that no user can have, which is not repeated: %s', (_, password) => {
    const problems = problemsOf(() => fromCode({ auth: { admin: { name: 'root', password } } }));
    expect(problems).toEqual([
      'auth.admin.password: must be a password, in quotes: 1 to 72 bytes of well-formed Unicode, without control characters',
    ]);
  });

  it('has a password in a file that no user can have, or that is not in quotes, which is not repeated', () => {
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

  it('has a password that the rules for new ones refuse', () => {
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

describe('a first admin while there are no users', () => {
  const OFF = { KAPACITOR_HTTP_AUTH_ENABLED: 'false', KAPACITOR_AUTH_ENABLED: 'false' };

  it('is not made, and a warning says so: a container may be given one all the same', () => {
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

  it('is not warned of where none is set', () => {
    expect(fromEnvironment(OFF).warnings.join()).not.toContain('admin is made');
  });
});

describe("the file of the first admin's password", () => {
  it.each([
    ['a relative path in a file', 'secret.txt', (folder: string) => join(folder, 'secret.txt')],
    ['a path in the home folder', '~/secret.txt', () => join(homedir(), 'secret.txt')],
    ['an absolute path', '/run/secrets/x', () => '/run/secrets/x'],
  ])('is found as other paths of the configuration are: %s', async (_, written, expected) => {
    const path = configFile(`${ON}admin-username = "root"\nadmin-password-file = "${written}"\n`);
    const { admin } = resolveConfig(path, {}, {});
    await expect(readBy(admin)).rejects.toThrow(
      `[auth] admin-password-file: cannot read ${expected(dirname(path))}: there is no such file`,
    );
  });

  it('is read when it is needed, and not before', async () => {
    const path = join(temporaryFolder(), 'later');
    const { admin } = fromCode({ auth: { admin: { name: 'root', passwordFile: path } } });
    writeFileSync(path, PASSWORD);
    await expect(readBy(admin)).resolves.toBe(PASSWORD);
  });

  it.each([
    ['no line end', PASSWORD],
    ['a line end', `${PASSWORD}\n`],
    ['a line end of Windows', `${PASSWORD}\r\n`],
    ['a byte order mark', `\ufeff${PASSWORD}\n`],
  ])('has a password with %s at its end, or before it, that is not part of it', async (_, content) => {
    await expect(passwordOf(passwordFile(content))).resolves.toBe(PASSWORD);
  });

  it('has a password whose blanks are part of it', async () => {
    await expect(passwordOf(passwordFile('  two words \n'))).resolves.toBe('  two words ');
  });

  it.each([
    ['nothing', '', 'is empty: write the password in it'],
    ['a line end alone', '\n', 'is empty: write the password in it'],
  ])('is refused with %s in it', async (_, content, problem) => {
    const path = passwordFile(content);
    const error = await refusalOfFile(path);
    expect(error.message).toBe(`[auth] admin-password-file: ${path} ${problem}`);
    expect(error.cause).toBeUndefined();
  });

  it.each([
    ['two lines', 'hunter2\nhunter2\n', 'password must not contain control characters'],
    ['two line ends', 'hunter2\n\n', 'password must not contain control characters'],
    ['too many bytes', 'hunter2'.repeat(11), 'password must be at most 72 bytes'],
  ])('is refused with %s in it, which are not repeated', async (_, content, problem) => {
    const path = passwordFile(content);
    const error = await refusalOfFile(path);
    expect(error.message).toBe(
      `[auth] admin-password-file: ${path}: ${problem}: write the password in it, and nothing else`,
    );
    expect(error.stack).not.toContain('hunter2');
  });

  it('is refused when it is not UTF-8, without its bytes', async () => {
    const path = passwordFile(Buffer.from('hunter2é', 'latin1'));
    const error = await refusalOfFile(path);
    expect(error.message).toBe(
      `[auth] admin-password-file: cannot read ${path}: it is not a text in UTF-8: save it as UTF-8`,
    );
    expect(error.cause).toBeUndefined();
  });

  it('is refused when it is a folder, or cannot be read for another reason', async () => {
    const folder = join(temporaryFolder(), 'a folder');
    mkdirSync(folder);
    const error = await refusalOfFile(folder);
    expect(error.message).toBe(
      `[auth] admin-password-file: cannot read ${folder}: it is a folder: name the file in it`,
    );
    const below = join(passwordFile(''), 'x');
    expect((await refusalOfFile(below)).message).toMatch(
      new RegExp(`^\\[auth\\] admin-password-file: cannot read ${below}: ENOTDIR`),
    );
  });

  it('is refused at once when it waits for somebody to write, has no end, or is no password’s', async () => {
    const folder = temporaryFolder();
    execFileSync(MAKE_PIPE, [join(folder, 'pipe')]);
    for (const path of [join(folder, 'pipe'), '/dev/zero']) {
      expect((await refusalOfFile(path)).message).toBe(
        `[auth] admin-password-file: cannot read ${path}: it is no regular file`,
      );
    }
    const long = passwordFile('x'.repeat(5_000));
    expect((await refusalOfFile(long)).message).toBe(
      `[auth] admin-password-file: cannot read ${long}: it has 5000 bytes, and may have 4096`,
    );
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
  ])('is warned of: %i', (mode, shown) => {
    expect(warningsFor(LINES, mode)).toEqual([
      `kapacitor.conf, line 6: [auth] admin-password: other users of this machine may read the file (its mode is ${shown}): ` +
        'chmod 600 it, or name a file of its own with admin-password-file',
    ]);
  });

  it('is not warned of when only its owner may, or when there is no password in it', () => {
    expect(warningsFor(LINES, 0o600)).toEqual([]);
    expect(warningsFor(LINES, 0o400)).toEqual([]);
    expect(warningsFor(LINES.replace('admin-password =', 'admin-password-file ='), 0o644)).toEqual([]);
  });
});
