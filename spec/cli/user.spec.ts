import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/cli.js';
import { openRepository } from '../support/sqlite-repository.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

import { done, failed, storeWith } from './stores.js';

describe('user list', () => {
  it('prints a table for people and JSON for programs', async () => {
    const { on, repository } = await storeWith('stan');
    await repository.insert(userNamed('kim', { permissions: ['api', 'config_api'], enabled: false }));
    expect(await on(['user', 'list'])).toEqual(
      done(
        'NAME  TYPE    PERMISSIONS      STATE\n' +
          'kim   normal  api, config_api  disabled\n' +
          'root  admin   (everything)     enabled\n' +
          'stan  normal  none             enabled\n',
      ),
    );
    const { stdout } = await on(['user', 'list', 's*', '--json']);
    expect(stdout).toMatch(
      /^\[\n\{"name":"stan","type":"normal","permissions":\[\],"enabled":true,"expires":null,.*\}\n\]\n$/,
    );
  });

  it('prints a head, or an empty array, if there are no users', async () => {
    const { on } = await storeWith();
    expect(await on(['user', 'list', 'x*'])).toEqual(done('NAME  TYPE  PERMISSIONS  STATE\n'));
    expect(await on(['user', 'list', 'x*', '--json'])).toEqual(done('[]\n'));
  });

  it('reads page by page, up to the limit', async () => {
    const names = Array.from({ length: 2_100 }, (_, index) => `user${String(index).padStart(4, '0')}`);
    const { on } = await storeWith(...names);
    const { stdout } = await on(['user', 'list', 'user*', '--json']);
    expect(JSON.parse(stdout).map(({ name }: { name: string }) => name)).toEqual(names);
    const limited = await on(['user', 'list', 'user*', '--limit', '1500']);
    expect(limited.stdout.trimEnd().split('\n')).toHaveLength(1_501);
    expect(await on(['user', 'list', '--limit', '0', '--json'])).toEqual(done('[]\n'));
  });

  it.each([
    [['user', 'list', '['], 2, 'invalid pattern "["'],
    [
      ['user', 'list', '--limit', '-1'],
      2,
      "option '--limit <N>' argument '-1' is invalid. It must be a number, 0 or more",
    ],
  ])('explains what is wrong with %j', async (args, exitCode, message) => {
    const { on } = await storeWith();
    const result = await on(args);
    expect(result.exitCode).toBe(exitCode);
    expect(result.stderr.split('\n')[0]).toBe(`kapacitor-auth: ${message}`);
  });
});

describe('user show', () => {
  it('prints one user', async () => {
    const { on } = await storeWith('ユーザー');
    expect(await on(['user', 'show', 'ユーザー'])).toEqual(
      done('NAME      TYPE    PERMISSIONS  STATE\nユーザー  normal  none         enabled\n'),
    );
    const { stdout } = await on(['user', 'show', 'ユーザー', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      ...{ name: 'ユーザー', type: 'normal', permissions: [], enabled: true },
      ...{
        expires: null,
        mustChangePassword: false,
        note: null,
        created: null,
        passwordChanged: null,
        lastLogin: null,
      },
    });
  });

  it('takes a name that begins with a dash after --', async () => {
    const { on } = await storeWith('-url');
    expect((await on(['user', 'show', '--json', '--', '-url'])).stdout).toContain('"name":"-url"');
  });

  it('fails for a missing user', async () => {
    const { on } = await storeWith();
    expect(await on(['user', 'show', 'Root'])).toEqual(
      failed(1, 'there is no user "Root". Names are case-sensitive: "user list" shows them'),
    );
  });
});

describe('user add', () => {
  it('adds a user who can log in, and makes the store', async () => {
    const file = join(temporaryFolder(), 'users.db');
    const result = await run(
      [
        'user',
        'add',
        'stan',
        '--permission',
        'api,write_points',
        '--permission',
        'none',
        '--password-stdin',
        '--store',
        `sqlite:${file}`,
      ],
      { input: 'stanPassword\r\nmore' },
    );
    expect(result).toEqual({
      exitCode: 0,
      stdout: 'NAME  TYPE    PERMISSIONS        STATE\nstan  normal  api, write_points  enabled\n',
      stderr: `kapacitor-auth: made the user store sqlite:${file}\n`,
    });
    const user = await openRepository(file).find('stan');
    const { default: bcrypt } = await import('bcrypt');
    expect(await bcrypt.compare('stanPassword', user?.hash ?? '')).toBe(true);
  });

  it('adds an admin, and one who is disabled', async () => {
    const { on } = await storeWith();
    const admin = await on(
      ['user', 'add', 'kim', '--type', 'admin', '--disabled', '--json', '--password-stdin'],
      'kimPassword',
    );
    expect(JSON.parse(admin.stdout)).toMatchObject({ name: 'kim', type: 'admin', permissions: [], enabled: false });
  });

  it('makes no store for a refused user', async () => {
    const file = join(temporaryFolder(), 'users', 'users.db');
    const on = (...args: string[]) =>
      run(['user', 'add', ...args, '--password-stdin', '--store', `sqlite:${file}`], { input: 'short' });
    expect(await on('stan')).toEqual(failed(1, 'password must be at least 8 characters'));
    expect(await on('..')).toEqual(failed(1, 'username must not be "." or ".."'));
    expect(existsSync(dirname(file))).toBe(false);
  });

  it('refuses an existing user before it asks for a password', async () => {
    const { on } = await storeWith('stan');
    expect(await on(['user', 'add', 'stan'])).toEqual(failed(1, 'user "stan" already exists'));
  });

  it.each([
    [
      ['--permission', 'api,Clerk'],
      "option '--permission <P>' argument 'api,Clerk' is invalid. The name of a permission has lower-case letters, digits, - and " +
        '_, begins with a letter, and has at most 64 characters: did you mean clerk?',
    ],
    [
      ['--permission', 'a b'],
      "option '--permission <P>' argument 'a b' is invalid. The name of a permission has lower-case letters, digits, - and _, " +
        'begins with a letter, and has at most 64 characters',
    ],
    [['--type', 'root'], "option '--type <TYPE>' argument 'root' is invalid. Allowed choices are admin, normal"],
    [
      ['--type', 'admin', '--permission', 'api'],
      'an admin may do everything, and has no permissions: leave out --permission or --type admin',
    ],
  ])('refuses %j', async (args, message) => {
    const { on } = await storeWith();
    const { exitCode, stderr } = await on(['user', 'add', 'stan', ...args]);
    expect({ exitCode, first: stderr.split('\n')[0] }).toEqual({ exitCode: 2, first: `kapacitor-auth: ${message}` });
  });
});

describe('user set, enable and disable', () => {
  it('change only what is named', async () => {
    const { on, repository } = await storeWith('stan');
    expect((await on(['user', 'set', 'stan', '--permission', 'api'])).stdout).toBe(
      'NAME  TYPE    PERMISSIONS  STATE\nstan  normal  api          enabled\n',
    );
    await on(['user', 'disable', 'stan']);
    expect(repository.find('stan')).toMatchObject({ permissions: ['api'], enabled: false });
    await on(['user', 'enable', 'stan']);
    await on(['user', 'set', 'stan', '--permission', 'none']);
    expect(repository.find('stan')).toMatchObject({ permissions: [], enabled: true });
    expect((await on(['user', 'set', 'stan', '--type', 'admin'])).stdout).toContain('(everything)');
    expect((await repository.find('stan'))?.hash).toBe(userNamed('stan').hash);
  });

  it('keep the last admin', async () => {
    const { on } = await storeWith();
    expect(await on(['user', 'set', 'root', '--type', 'normal'])).toEqual(
      failed(1, 'the last admin cannot be deleted or demoted'),
    );
    expect(await on(['user', 'disable', 'root'])).toEqual(failed(1, 'the last admin cannot be disabled'));
  });

  it('require a change and a user', async () => {
    const { on } = await storeWith();
    expect(await on(['user', 'set', 'root'])).toEqual(
      failed(
        2,
        'name what to change: --type admin or normal, --permission P, --expires END, --must-change-password or --note TEXT',
      ),
    );
    expect((await on(['user', 'enable', 'stan'])).exitCode).toBe(1);
    expect((await on(['user', 'set', 'root', '--permission', 'api'])).stderr).toBe(
      'kapacitor-auth: root is an admin: an admin may do everything, and has no permissions\n',
    );
  });
});

describe('user delete', () => {
  it('deletes each named user once', async () => {
    const { on, repository } = await storeWith('a', 'b', 'c');
    expect(await on(['user', 'delete', 'a', 'b', 'a', '--yes'])).toEqual(done('deleted a\ndeleted b\n'));
    expect(await on(['user', 'delete', 'c', '-y', '--json'])).toEqual(done('{"deleted":["c"],"failed":[]}\n'));
    expect(repository.find('a')).toBeUndefined();
  });

  it('deletes no user if one is missing', async () => {
    const { on, repository } = await storeWith('a');
    expect(await on(['user', 'delete', 'a', 'x', 'y', '--yes'])).toEqual(
      failed(1, 'there is no user "x", "y". Names are case-sensitive: "user list" shows them'),
    );
    expect(repository.find('a')).toBeDefined();
  });

  it('prints the deleted users if the last admin stays', async () => {
    const { on } = await storeWith('a');
    expect(await on(['user', 'delete', 'a', 'root', '--yes'])).toEqual({
      ...failed(1, 'root: the last admin cannot be deleted or demoted'),
      stdout: 'deleted a\n',
    });
  });

  it('requires --yes if it cannot ask', async () => {
    const { on } = await storeWith('a');
    expect(await on(['user', 'delete', 'a'])).toEqual(
      failed(2, 'there is no terminal to ask for confirmation: --yes deletes without asking'),
    );
  });
});
