import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/cli/cli-error.js';
import { chooseConfig, chooseStore, chooseTarget, parseServerUrl } from '../../lib/cli/target.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const EMPTY = '/nowhere';
const URL = 'http://root:secret@host:9092';

function folderWithConfig(): { folder: string; file: string } {
  const folder = temporaryFolder();
  const file = join(folder, 'kapacitor.conf');
  writeFileSync(file, '');
  return { folder, file };
}

describe('the users of a command', () => {
  it.each([
    ['a store', { store: 'sqlite:./users.db' }, { kind: 'store', store: 'sqlite:./users.db', file: undefined }],
    ['a config file', { config: 'a.conf' }, { kind: 'store', store: undefined, file: 'a.conf' }],
    [
      'a store with the rules of a file',
      { store: 'sqlite:./users.db', config: 'a.conf' },
      { store: 'sqlite:./users.db', file: 'a.conf' },
    ],
  ])('come from %s, whatever the environment says', (_what, options, expected) => {
    const { folder } = folderWithConfig();
    const environment = { KAPACITOR_URL: URL, KAPACITOR_CONFIG_PATH: 'b.conf', KAPACITOR_AUTH_STORE: 'sqlite:./b.db' };
    expect(chooseTarget(options, environment, folder)).toMatchObject(expected);
  });

  it('are those of the named server', () => {
    expect(chooseTarget({ url: URL }, {}, EMPTY)).toEqual({
      kind: 'server',
      address: { base: 'http://host:9092', user: 'root', password: 'secret' },
      skipVerify: false,
    });
  });

  it('come from KAPACITOR_URL, then KAPACITOR_CONFIG_PATH, then kapacitor.conf in the folder, then KAPACITOR_AUTH_STORE', () => {
    const { folder, file } = folderWithConfig();
    const store = { KAPACITOR_AUTH_STORE: 'sqlite:./users.db' };
    const path = { ...store, KAPACITOR_CONFIG_PATH: 'b.conf' };
    expect(chooseTarget({}, { ...path, KAPACITOR_URL: URL }, folder)).toMatchObject({ kind: 'server' });
    expect(chooseTarget({}, path, folder)).toMatchObject({ file: 'b.conf', isFound: false });
    expect(chooseTarget({}, store, folder)).toMatchObject({ kind: 'store', file, isFound: true });
    expect(chooseTarget({}, store, EMPTY)).toEqual({
      kind: 'store',
      store: undefined,
      file: undefined,
      isFound: false,
    });
  });

  it('are those of the default store of kapacitorAuth() in the folder, after everything else', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, '.kapacitor-auth'));
    expect(() => chooseTarget({}, {}, folder)).toThrow(UsageError);
    writeFileSync(join(folder, '.kapacitor-auth', 'users.db'), '');
    const found = { kind: 'store', store: undefined, file: undefined, isFound: true };
    expect(chooseTarget({}, {}, folder)).toEqual(found);
    expect(chooseStore({}, { KAPACITOR_URL: URL, KAPACITOR_DATA_DIR: '' }, folder)).toEqual(found);
    expect(chooseTarget({}, { KAPACITOR_URL: URL }, folder)).toMatchObject({ kind: 'server' });
    expect(chooseTarget({}, { KAPACITOR_AUTH_STORE: 'sqlite:./users.db' }, folder)).toMatchObject({ isFound: false });
    expect(() => chooseTarget({}, { KAPACITOR_DATA_DIR: '/srv' }, folder)).toThrow(UsageError);
    writeFileSync(join(folder, 'kapacitor.conf'), '');
    expect(chooseTarget({}, {}, folder)).toMatchObject({ file: join(folder, 'kapacitor.conf') });
  });

  it('must be named if nothing names them', () => {
    expect(() => chooseTarget({}, { KAPACITOR_URL: '' }, EMPTY)).toThrow(
      'name the users: a store with --store sqlite:FILE or --store postgres://USER:PASSWORD@HOST/DATABASE, ' +
        'a config file with --config FILE, or a server with --url http://USER@HOST:9092. ' +
        'This folder has neither kapacitor.conf nor .kapacitor-auth/users.db',
    );
  });

  it.each([{ store: 'sqlite:./users.db' }, { config: 'a.conf' }])(
    'cannot be those of a server and %j at once',
    (options) => {
      expect(() => chooseTarget({ url: URL, ...options }, {}, EMPTY)).toThrow(
        new UsageError('--url names a server, and --store and --config a store: leave one of them out'),
      );
    },
  );

  it('come from a store for a command that needs one, whatever KAPACITOR_URL says', () => {
    const { folder, file } = folderWithConfig();
    expect(chooseStore({}, { KAPACITOR_URL: URL }, folder)).toMatchObject({ file });
    expect(chooseConfig({}, { KAPACITOR_URL: URL }, EMPTY)).toEqual({
      kind: 'store',
      store: undefined,
      file: undefined,
      isFound: false,
    });
    expect(() => chooseStore({ url: URL }, {}, folder)).toThrow(
      new UsageError('this command works on a store, and not on a server: leave out --url'),
    );
  });

  it.each(['hunter2', 'postgres://user:p@ss/word@host/db', 'mysql://user:secret@host/db'])(
    'cannot be in the store %s, and the error does not repeat it',
    (store) => {
      expect(() => chooseTarget({ store }, {}, EMPTY)).toThrow(
        new UsageError(
          '--store must be sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE, where the password is percent-encoded',
        ),
      );
    },
  );

  it.each([
    ['./users', 'sqlite:./users/users.db'],
    ['sqlite:./users/', 'sqlite:./users/users.db'],
    ['sqlite:', 'sqlite:./users/users.db'],
    ['sqlite:///srv/users.db', 'sqlite:/srv/users.db'],
  ])('cannot be in the store %s, and the error suggests another one', (store, meant) => {
    expect(() => chooseTarget({ store }, {}, EMPTY)).toThrow(
      new UsageError(
        '--store must be sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE, where the password is percent-encoded: ' +
          `did you mean ${meant}?`,
      ),
    );
  });

  it.each(['memory:', 'memory', ':memory:'])('cannot be in memory: %s', (store) => {
    expect(() => chooseTarget({ store }, {}, EMPTY)).toThrow(
      new UsageError('memory: is the memory of a server. Name that server with --url http://USER@HOST:9092'),
    );
  });

  it('are read with -skipVerify and KAPACITOR_UNSAFE_SSL as in Kapacitor', () => {
    const skips = (options: object, value: string) =>
      chooseTarget({ url: URL, ...options }, { KAPACITOR_UNSAFE_SSL: value }, EMPTY);
    expect(skips({ skipVerify: true }, '')).toMatchObject({ skipVerify: true });
    expect(skips({ skipVerify: true }, 'maybe')).toMatchObject({ skipVerify: true });
    expect(skips({}, 'true')).toMatchObject({ skipVerify: true });
    expect(skips({}, '0')).toMatchObject({ skipVerify: false });
    expect(() => skips({}, 'maybe')).toThrow(new UsageError('KAPACITOR_UNSAFE_SSL must be true or false'));
  });
});

describe('the URL of a server', () => {
  it.each([
    ['http://host:9092', { base: 'http://host:9092', user: undefined, password: undefined }],
    ['https://root@host/', { base: 'https://host', user: 'root', password: undefined }],
    ['http://root:@host', { base: 'http://host', user: 'root', password: undefined }],
    [
      'http://Gr%C3%B6%C3%9Fe:p%40ss%2Fword@host/auth/',
      { base: 'http://host/auth', user: 'Größe', password: 'p@ss/word' },
    ],
    ['http://[::1]:9092', { base: 'http://[::1]:9092', user: undefined, password: undefined }],
  ])('%s is split into its parts', (url, expected) => {
    expect(parseServerUrl(url, '--url')).toEqual(expected);
  });

  it.each([
    'localhost:9092',
    'ftp://root:secret@host',
    'http://root:se@cret@host',
    'http://root:se/cret@host',
    'http://root:se#cret@host',
    'http://root:%zz@host',
    'http://',
    'http://root:secret@host:99999',
  ])('%s is refused, and the error does not repeat it', (url) => {
    let message = '';
    try {
      parseServerUrl(url, 'KAPACITOR_URL');
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      message = (error as Error).message;
    }
    expect(message).toMatch(
      /^KAPACITOR_URL must be a URL such as http:\/\/USER@HOST:9092 or https:\/\/USER:PASSWORD@HOST:9092/,
    );
    expect(message).not.toMatch(/cret|%zz/);
  });
});
