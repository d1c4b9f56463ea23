import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { configFile, fromCode, fromFile, problemsOf, refusalOf } from './resolve.js';

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

  it('is in the error if the file is missing', () => {
    const path = join(temporaryFolder(), 'kapacitor.conf');
    const error = refusalOf(() => resolveConfig(path, {}, {}));
    expect(error.message).toBe(`cannot read the config file ${path}: there is no such file`);
    expect(error.cause).toMatchObject({ code: 'ENOENT' });
  });

  it('is in the error if it is a folder', () => {
    const path = temporaryFolder();
    expect(problemsOf(() => resolveConfig(path, {}, {}))).toEqual([
      `cannot read the config file ${path}: it is a folder: name the file in it`,
    ]);
  });

  it("is in the error, with the system's message, if the file cannot be read for another reason", () => {
    const path = join(configFile(''), 'kapacitor.conf');
    expect(refusalOf(() => resolveConfig(path, {}, {})).message).toMatch(
      new RegExp(`^cannot read the config file ${path}: ENOTDIR`),
    );
  });

  it('cannot be empty', () => {
    expect(problemsOf(() => resolveConfig('', {}, {}))).toEqual([
      'the path of the config file is empty: name a file, or give an object',
    ]);
  });

  it.each(['postgres://user:secret@host/db', 'sqlite:./secret.db', 'memory:', 'file:///etc/secret.conf'])(
    '%s, which is a URL, is refused and not repeated',
    (url) => {
      const error = refusalOf(() => resolveConfig(url, {}, {}));
      expect(error.message).toBe(
        'the path of a config file, or an object, must be given, not a URL: a store is written as ' +
          "kapacitorAuth({ auth: { store: 'sqlite:FILE' } })",
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

describe.each([
  { key: 'store', property: 'store', prefix: 'sqlite:' },
  { key: 'refused-passwords', property: 'refusedPasswords', prefix: '' },
  { key: 'audit-log', property: 'auditLog', prefix: '' },
] as const)('the path in [auth] $key', ({ key, property, prefix }) => {
  const variable = `KAPACITOR_AUTH_${key.replace('-', '_').toUpperCase()}`;
  const inFile = (path: string) => {
    const file = configFile(`[auth]\n${key} = '${prefix}${path}'\n`);
    return { file, value: resolveConfig(file, {}, {}).config.auth[property] };
  };

  it.each([
    ['./x/file', 'x/file'],
    ['file', 'file'],
    ['../file', '../file'],
    ['~name/file', '~name/file'],
  ])("starts at the file's folder in a file: %s", (path, expected) => {
    const { file, value } = inFile(path);
    expect(value).toBe(prefix + join(dirname(file), expected));
  });

  it.each([
    ['~/file', join(homedir(), 'file')],
    ['/srv/$& my $1', '/srv/$& my $1'],
  ])('may be in the home folder, or absolute: %s', (path, expected) => {
    expect(inFile(path).value).toBe(prefix + expected);
    expect(fromCode({ auth: { [property]: prefix + path } }).config.auth[property]).toBe(prefix + expected);
  });

  it('starts at the working folder in the environment and in code, also beside a file', () => {
    const expected = prefix + join(process.cwd(), 'file');
    const { file } = inFile('/elsewhere');
    const code = { auth: { [property]: `${prefix}./file` } };
    expect(resolveConfig(file, code, {}).config.auth[property]).toBe(expected);
    expect(resolveConfig(file, {}, { [variable]: `${prefix}file` }).config.auth[property]).toBe(expected);
    expect(fromCode(code).config.auth[property]).toBe(expected);
  });
});

describe('the path in data_dir', () => {
  it("starts at the file's folder, and may be in the home folder", () => {
    const path = configFile('data_dir = "../state"\n');
    expect(resolveConfig(path, {}, {}).config.auth.store).toBe(
      `sqlite:${join(dirname(path), '..', 'state', 'auth', 'users.db')}`,
    );
    expect(fromFile('data_dir = "~/k"\n').config.auth.store).toBe(`sqlite:${join(homedir(), 'k', 'auth', 'users.db')}`);
  });
});
