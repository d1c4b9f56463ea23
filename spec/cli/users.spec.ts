import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { run } from '../support/cli.js';
import { openRepository } from '../support/sqlite-repository.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A store with an admin, and what runs commands on it. */
async function storeWith(...names: readonly string[]) {
  const file = join(temporaryFolder(), 'users.db');
  const repository = openRepository(file);
  await repository.insertMany([userNamed('root', { type: 'admin' }), ...names.map((name) => userNamed(name))]);
  const store = `sqlite:${file}`;
  return {
    repository,
    store,
    on: (args: readonly string[], input = '') => run(['--store', store, ...args], { input }),
  };
}

const done = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' });
const failed = (exitCode: number, message: string) => ({
  exitCode,
  stdout: '',
  stderr: `kapacitor-auth: ${message}\n`,
});

describe('user list', () => {
  it('prints a table for people and JSON for programs', async () => {
    const { on, repository } = await storeWith('stan');
    await repository.insert(userNamed('kim', { permissions: ['api', 'config_api'], enabled: false }));
    expect(await on(['user', 'list'])).toEqual(
      done(
        'NAME  TYPE    PERMISSIONS      ENABLED\n' +
          'kim   normal  api, config_api  no\n' +
          'root  admin   (everything)     yes\n' +
          'stan  normal  none             yes\n',
      ),
    );
    const { stdout } = await on(['user', 'list', 's*', '--json']);
    expect(stdout).toBe('[\n{"name":"stan","type":"normal","permissions":[],"enabled":true}\n]\n');
  });

  it('prints a head, or an empty array, where nobody is', async () => {
    const { on } = await storeWith();
    expect(await on(['user', 'list', 'x*'])).toEqual(done('NAME  TYPE  PERMISSIONS  ENABLED\n'));
    expect(await on(['user', 'list', 'x*', '--json'])).toEqual(done('[]\n'));
  });

  it('goes from page to page, to the limit', async () => {
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
  ])('says what is wrong with %j', async (args, exitCode, message) => {
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
      done('NAME      TYPE    PERMISSIONS  ENABLED\nユーザー  normal  none         yes\n'),
    );
    const { stdout } = await on(['user', 'show', 'ユーザー', '--json']);
    expect(JSON.parse(stdout)).toEqual({ name: 'ユーザー', type: 'normal', permissions: [], enabled: true });
  });

  it('finds a name that begins with a dash behind --', async () => {
    const { on } = await storeWith('-url');
    expect((await on(['user', 'show', '--json', '--', '-url'])).stdout).toContain('"name":"-url"');
  });

  it('says that there is none', async () => {
    const { on } = await storeWith();
    expect(await on(['user', 'show', 'Root'])).toEqual(
      failed(1, 'there is no user "Root". Names are case-sensitive: "user list" shows them'),
    );
  });
});

describe('user add', () => {
  it('adds a user who can log in, in a store that it makes', async () => {
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
      stdout: 'NAME  TYPE    PERMISSIONS        ENABLED\nstan  normal  api, write_points  yes\n',
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
    expect(JSON.parse(admin.stdout)).toEqual({ name: 'kim', type: 'admin', permissions: [], enabled: false });
  });

  it('makes no store for what is refused', async () => {
    const file = join(temporaryFolder(), 'users', 'users.db');
    const on = (...args: string[]) =>
      run(['user', 'add', ...args, '--password-stdin', '--store', `sqlite:${file}`], { input: 'short' });
    expect(await on('stan')).toEqual(failed(1, 'password must be at least 8 characters'));
    expect(await on('..')).toEqual(failed(1, 'username must not be "." or ".."'));
    expect(existsSync(dirname(file))).toBe(false);
  });

  it('says who exists already, before it asks for a password', async () => {
    const { on } = await storeWith('stan');
    expect(await on(['user', 'add', 'stan'])).toEqual(failed(1, 'user "stan" already exists'));
  });

  it.each([
    [
      ['--permission', 'apis'],
      "option '--permission <P>' argument 'apis' is invalid. The permissions are none, api, config_api, write_points and all",
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
  it('change what is named, and keep the rest', async () => {
    const { on, repository } = await storeWith('stan');
    expect((await on(['user', 'set', 'stan', '--permission', 'api'])).stdout).toBe(
      'NAME  TYPE    PERMISSIONS  ENABLED\nstan  normal  api          yes\n',
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

  it('say what to change, and of whom', async () => {
    const { on } = await storeWith();
    expect(await on(['user', 'set', 'root'])).toEqual(
      failed(2, 'name what to change: --type admin or normal, --permission P, or both'),
    );
    expect((await on(['user', 'enable', 'stan'])).exitCode).toBe(1);
    expect((await on(['user', 'set', 'root', '--permission', 'api'])).stderr).toBe(
      'kapacitor-auth: root is an admin: an admin may do everything, and has no permissions\n',
    );
  });
});

describe('user delete', () => {
  it('deletes those who are named, each once', async () => {
    const { on, repository } = await storeWith('a', 'b', 'c');
    expect(await on(['user', 'delete', 'a', 'b', 'a', '--yes'])).toEqual(done('deleted a\ndeleted b\n'));
    expect(await on(['user', 'delete', 'c', '-y', '--json'])).toEqual(done('{"deleted":["c"]}\n'));
    expect(repository.find('a')).toBeUndefined();
  });

  it('deletes nobody if one of them is not there', async () => {
    const { on, repository } = await storeWith('a');
    expect(await on(['user', 'delete', 'a', 'x', 'y', '--yes'])).toEqual(
      failed(1, 'there is no user "x", "y". Names are case-sensitive: "user list" shows them'),
    );
    expect(repository.find('a')).toBeDefined();
  });

  it('tells who is deleted when the last admin is not', async () => {
    const { on } = await storeWith('a');
    expect(await on(['user', 'delete', 'a', 'root', '--yes'])).toEqual({
      ...failed(1, 'the last admin cannot be deleted or demoted'),
      stdout: 'deleted a\n',
    });
  });

  it('wants to be told that it is sure where it cannot ask', async () => {
    const { on } = await storeWith('a');
    expect(await on(['user', 'delete', 'a'])).toEqual(
      failed(2, 'there is no terminal to ask for confirmation: --yes deletes without asking'),
    );
  });
});

describe('can', () => {
  it('answers yes or no, with the reason and as the exit code', async () => {
    const { on, repository } = await storeWith();
    await repository.insert(userNamed('stan', { permissions: ['api'] }));
    expect(await on(['can', 'stan', 'get', '/kapacitor/v1/tasks'])).toEqual(
      done('yes: the permission api opens /api, the nearest entry above /api/tasks\n'),
    );
    const no = await on(['can', 'stan', 'POST', '/kapacitor/v1/write', '--json']);
    expect(no.exitCode).toBe(1);
    expect(JSON.parse(no.stdout)).toEqual({
      user: 'stan',
      method: 'POST',
      path: '/kapacitor/v1/write',
      allowed: false,
      privilege: 'write',
      resource: '/api/write',
      reason: expect.stringMatching(/^\/api\/write is opened by /),
    });
  });

  it('says who is not there, and what is written wrongly', async () => {
    const { on } = await storeWith();
    expect(await on(['can', 'stan', 'GET', '/x'])).toEqual(
      failed(1, 'there is no user "stan". Names are case-sensitive: "user list" shows them'),
    );
    expect(await on(['can', 'root', '/x', 'GET'])).toEqual(
      failed(2, 'the method comes before the path: can USER GET /kapacitor/v1/tasks'),
    );
    expect(await on(['can', 'root', 'GET', 'x'])).toEqual(
      failed(2, 'the path begins with a slash: /kapacitor/v1/tasks'),
    );
  });
});

describe('a store', () => {
  it('is not made by commands that change nobody', async () => {
    const file = join(temporaryFolder(), 'typo', 'users.db');
    for (const args of [
      ['user', 'list'],
      ['user', 'show', 'a'],
      ['user', 'enable', 'a'],
      ['export', '-'],
    ]) {
      expect(await run([...args, '--store', `sqlite:${file}`])).toEqual(
        failed(
          4,
          `there is no user store at sqlite:${file}: is the path right? "user add" and "import" make a store where there is none`,
        ),
      );
    }
    expect(existsSync(dirname(file))).toBe(false);
  });

  it('is that of the config file, with its rules, before and behind the command', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'kapacitor.conf');
    writeFileSync(
      file,
      '[auth]\nenabled = true\nstore = "sqlite:users.db"\nbcrypt-cost = 4\nminimum-password-length = 12\n',
    );
    const short = await run(['-config', file, 'user', 'add', 'stan', '--password-stdin'], { input: 'stanPasswor' });
    expect(short).toEqual(failed(1, 'password must be at least 12 characters'));
    const added = await run(['user', 'add', 'stan', '--password-stdin', '--config', file], { input: 'stanPassword' });
    expect(added.stderr).toBe(`kapacitor-auth: made the user store sqlite:${join(folder, 'users.db')}\n`);
    expect((await openRepository(join(folder, 'users.db')).find('stan'))?.hash).toMatch(/^\$2b\$04\$/);
    expect((await run(['user', 'list'], { env: { KAPACITOR_CONFIG_PATH: file } })).exitCode).toBe(0);
    expect(
      (await run(['user', 'list'], { env: { KAPACITOR_AUTH_STORE: `sqlite:${join(folder, 'users.db')}` } })).exitCode,
    ).toBe(0);
  });

  it('may be one that no server has, and of a config that is wrong', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'kapacitor.conf');
    openRepository(join(folder, 'users.db'));
    writeFileSync(file, '[auth]\nenabled = false\nstore = "sqlite:users.db"\n');
    expect((await run(['user', 'list', '--config', file])).stderr).toBe(
      `kapacitor-auth: [auth] enabled is false in ${file}: a server with this file has no users\n`,
    );
    writeFileSync(file, '[auth]\nenable = true\n[http]\nauth-enabled = "yes"\n');
    const { exitCode, stderr } = await run(['user', 'list', '--config', file]);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(
      /^kapacitor-auth: .*line 2: .*did you mean enabled\?\n.*line 4: \[http\] auth-enabled: must be true or false/,
    );
  });

  it('is none in the memory of a server', async () => {
    const result = await run(['user', 'list'], { env: { KAPACITOR_AUTH_STORE: 'memory:' } });
    expect(result).toEqual(
      failed(2, 'memory: is the memory of a server. Name that server with --url http://USER@HOST:9092'),
    );
  });

  it('that cannot be opened is told of', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'users.db');
    writeFileSync(file, 'x'.repeat(10_000), { mode: 0o600 });
    const { exitCode, stderr } = await run(['user', 'list', '--store', `sqlite:${file}`]);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/^kapacitor-auth: cannot open the user store .*users\.db: /);
    const down = await run(['user', 'list', '--store', 'postgres://app:secret@127.0.0.1:1/db']);
    expect(down.exitCode).toBe(4);
    expect(down.stderr).toMatch(/^kapacitor-auth: .*ECONNREFUSED/);
    expect(down.stderr).not.toContain('secret');
  });
});

describe('a store that nobody has named', () => {
  it('is named when it is changed, once, and not when it is read', async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'kapacitor.conf'),
      '[auth]\nenabled = true\nbcrypt-cost = 4\nstore = "sqlite:./users.db"\n',
    );
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
    const using = `kapacitor-auth: using ${join(folder, 'kapacitor.conf')}: the users are in sqlite:${join(folder, 'users.db')}\n`;
    const add = (name: string) => run(['user', 'add', name, '--password-stdin'], { input: 'aPassword' });
    expect((await add('stan')).stderr).toMatch(new RegExp(`^${using}kapacitor-auth: made the user store .*\n$`));
    expect((await add('kim')).stderr).toBe(using);
    const change = (...args: string[]) => run(['user', ...args]);
    expect((await change('disable', 'kim')).stderr).toBe(using);
    expect((await change('delete', 'kim', '-y')).stderr).toBe(using);
    expect((await change('list')).stderr).toBe('');
    expect((await change('enable', 'stan', '--config', join(folder, 'kapacitor.conf'))).stderr).toBe('');
    const env = { KAPACITOR_AUTH_STORE: `sqlite:${join(folder, 'users.db')}` };
    expect((await run(['user', 'disable', 'stan'], { env })).stderr).toBe('');
    const input = JSON.stringify({
      name: 'eve',
      type: 'normal',
      permissions: [],
      enabled: true,
      hash: userNamed('eve').hash,
    });
    expect((await run(['import', '-', '-n'], { input })).stderr).toBe('');
    expect((await run(['import', '-'], { input })).stderr).toBe(using);
  });
});
