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

  it('is named when there is no such file', () => {
    const path = join(temporaryFolder(), 'kapacitor.conf');
    const error = refusalOf(() => resolveConfig(path, {}, {}));
    expect(error.message).toBe(`cannot read the config file ${path}: there is no such file`);
    expect(error.cause).toMatchObject({ code: 'ENOENT' });
  });

  it('is named when it is a folder', () => {
    const path = temporaryFolder();
    expect(problemsOf(() => resolveConfig(path, {}, {}))).toEqual([
      `cannot read the config file ${path}: it is a folder: name the file in it`,
    ]);
  });

  it('is named, with what the system says, when the file cannot be read for another reason', () => {
    const path = join(configFile(''), 'kapacitor.conf');
    expect(refusalOf(() => resolveConfig(path, {}, {})).message).toMatch(
      new RegExp(`^cannot read the config file ${path}: ENOTDIR`),
    );
  });

  it('is not to be empty', () => {
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

describe('the path of the store', () => {
  it("starts at the file's folder in a file", () => {
    const path = configFile('[auth]\nstore = "sqlite:./users.db"\n');
    expect(resolveConfig(path, {}, {}).config.auth.store).toBe(`sqlite:${join(dirname(path), 'users.db')}`);
  });

  it("starts at the file's folder in a file for data_dir as well", () => {
    const path = configFile('data_dir = "../state"\n');
    expect(resolveConfig(path, {}, {}).config.auth.store).toBe(
      `sqlite:${join(dirname(path), '..', 'state', 'auth', 'users.db')}`,
    );
  });

  it('starts at the working folder in the environment and in code, also beside a file', () => {
    const path = configFile('[auth]\nstore = "memory:"\n');
    const expected = `sqlite:${join(process.cwd(), 'users.db')}`;
    expect(resolveConfig(path, { auth: { store: 'sqlite:./users.db' } }, {}).config.auth.store).toBe(expected);
    expect(resolveConfig(path, {}, { KAPACITOR_AUTH_STORE: 'sqlite:users.db' }).config.auth.store).toBe(expected);
    expect(resolveConfig({ auth: { store: 'sqlite:users.db' } }, {}, {}).config.auth.store).toBe(expected);
  });

  it('expands the home folder', () => {
    const { store } = fromFile('[auth]\nstore = "sqlite:~/users.db"\n').config.auth;
    expect(store).toBe(`sqlite:${join(homedir(), 'users.db')}`);
  });

  it('takes ~ with a name behind it for a folder of that name', () => {
    const path = configFile('[auth]\nstore = "sqlite:~name/users.db"\n');
    expect(resolveConfig(path, {}, {}).config.auth.store).toBe(`sqlite:${join(dirname(path), '~name', 'users.db')}`);
  });

  it('expands the home folder in data_dir', () => {
    expect(fromFile('data_dir = "~/k"\n').config.auth.store).toBe(`sqlite:${join(homedir(), 'k', 'auth', 'users.db')}`);
  });

  it('may be absolute', () => {
    expect(fromFile('[auth]\nstore = "sqlite:/srv/users.db"\n').config.auth.store).toBe('sqlite:/srv/users.db');
  });

  it('may have $ and blanks in it', () => {
    expect(fromFile("[auth]\nstore = 'sqlite:/srv/$& my $1'\n").config.auth.store).toBe('sqlite:/srv/$& my $1');
  });
});

describe('the path of the refused passwords', () => {
  it("starts at the file's folder in a file", () => {
    const path = configFile('[auth]\nrefused-passwords = "refused.txt"\n');
    const expected = join(dirname(path), 'refused.txt');
    expect(resolveConfig(path, {}, {}).config.auth.refusedPasswords).toBe(expected);
  });

  it('starts at the working folder in the environment and in code, also beside a file', () => {
    const path = configFile('[auth]\nrefused-passwords = "/etc/refused.txt"\n');
    const auth = { refusedPasswords: 'refused.txt' };
    const environment = { KAPACITOR_AUTH_REFUSED_PASSWORDS: './refused.txt' };
    const expected = join(process.cwd(), 'refused.txt');
    expect(resolveConfig(path, { auth }, {}).config.auth.refusedPasswords).toBe(expected);
    expect(resolveConfig(path, {}, environment).config.auth.refusedPasswords).toBe(expected);
    expect(fromCode({ auth }).config.auth.refusedPasswords).toBe(expected);
  });

  it('may be in the home folder, or absolute', () => {
    const { auth } = fromFile('[auth]\nrefused-passwords = "~/refused.txt"\n').config;
    expect(auth.refusedPasswords).toBe(join(homedir(), 'refused.txt'));
    expect(fromCode({ auth: { refusedPasswords: '/srv/$& my $1' } }).config.auth.refusedPasswords).toBe(
      '/srv/$& my $1',
    );
  });
});
