import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/cli.js';
import { openRepository } from '../support/sqlite-repository.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

import { done, failed } from './stores.js';

const DEFINITIONS = `[permissions.clerk]
  "/orders" = ["read", "write"]
[permissions.support]
  "/" = "read"
  "/secrets" = []
`;

/** A config file with permissions, its store, and what runs commands with that file. */
function places(definitions = DEFINITIONS, settings = '') {
  const folder = temporaryFolder();
  const config = join(folder, 'kapacitor.conf');
  const file = join(folder, 'users.db');
  const lines = ['[http]', 'auth-enabled = true', settings, '[auth]', 'enabled = true', `store = "sqlite:${file}"`];
  writeFileSync(config, `${lines.join('\n')}\n${definitions}`);
  return {
    folder,
    config,
    file,
    on: (args: readonly string[], input = '') => run([...args, '--config', config], { input }),
  };
}

/** The same with an admin and these users in the store. */
async function withUsers(users: Readonly<Record<string, readonly string[]>>, ...given: Parameters<typeof places>) {
  const place = places(...given);
  const repository = openRepository(place.file);
  const named = Object.entries(users).map(([name, permissions]) => userNamed(name, { permissions }));
  await repository.insertMany([userNamed('root', { type: 'admin' }), ...named]);
  return { ...place, repository };
}

describe('permissions of a config file', () => {
  it('are given to users by "user add" and "user set"', async () => {
    const { on } = places();
    const added = await on(
      ['user', 'add', 'kim', '--permission', 'support,api,clerk', '--password-stdin'],
      'kimPassword',
    );
    expect(added.stdout).toBe('NAME  TYPE    PERMISSIONS          STATE\nkim   normal  api, clerk, support  enabled\n');
    expect(await on(['user', 'set', 'kim', '--permission', 'clerk'])).toEqual(
      done('NAME  TYPE    PERMISSIONS  STATE\nkim   normal  clerk        enabled\n'),
    );
  });

  it('are refused if they are not defined, before a password is asked for or a store is made', async () => {
    const { on, file } = places();
    const known = 'permission "clrk" is not known: did you mean clerk?';
    expect(await on(['user', 'add', 'kim', '--permission', 'clrk'])).toEqual(failed(1, known));
    expect(existsSync(file)).toBe(false);
    const { on: onUsers } = await withUsers({ kim: [] });
    expect(await onUsers(['user', 'set', 'kim', '--permission', 'clrk'])).toEqual(failed(1, known));
    const htpasswd = join(temporaryFolder(), 'htpasswd');
    writeFileSync(htpasswd, `kim:${userNamed('kim').hash}\n`);
    expect(await on(['import', htpasswd, '--permission', 'clrk'])).toEqual(failed(1, known));
    expect(existsSync(file)).toBe(false);
    expect((await on(['import', htpasswd, '--permission', 'clerk'])).exitCode).toBe(0);
    expect((await on(['user', 'show', 'kim', '--json'])).stdout).toContain('"permissions":["clerk"]');
  });

  it('that are no longer defined stay with "user set", and are marked in lists', async () => {
    const { on } = await withUsers({ kim: ['api', 'clerk', 'former'], sam: ['api'] });
    expect(await on(['user', 'list'])).toEqual(
      done(
        'NAME  TYPE    PERMISSIONS                     STATE\n' +
          'kim   normal  api, clerk, former (undefined)  enabled\n' +
          'root  admin   (everything)                    enabled\n' +
          'sam   normal  api                             enabled\n',
      ),
    );
    expect((await on(['user', 'show', 'kim'])).stdout).toContain('former (undefined)');
    expect((await on(['user', 'show', 'kim', '--json'])).stdout).toContain('["api","clerk","former"]');
    expect((await on(['user', 'list', 'kim', '--json'])).stdout).toContain('["api","clerk","former"]');
    expect((await on(['user', 'set', 'kim', '--permission', 'former'])).exitCode).toBe(0);
    expect(await on(['user', 'set', 'sam', '--permission', 'former'])).toMatchObject({ exitCode: 1 });
  });

  it('decide what "can" answers, and an undefined one opens nothing', async () => {
    const { on } = await withUsers({ kim: ['clerk'], sam: ['former'] });
    expect(await on(['can', 'kim', 'POST', '/orders/5'])).toEqual(
      done('yes: clerk opens /orders for read and write, the nearest entry above /orders/5\n'),
    );
    expect((await on(['can', 'kim', 'DELETE', '/orders/5'])).stdout).toMatch(/^no: .*; DELETE needs delete/);
    expect((await on(['can', 'kim', 'GET', '/secrets'])).exitCode).toBe(1);
    expect(await on(['can', 'sam', 'GET', '/orders'])).toEqual({
      exitCode: 1,
      stdout: expect.stringMatching(/^no: /),
      stderr: 'kapacitor-auth: former is not defined as far as is known here, and opens nothing\n',
    });
  });

  it('name the resources of the configured API', async () => {
    const { on } = await withUsers({ kim: ['clerk'] }, DEFINITIONS, 'api-path = "/auth"');
    expect((await on(['can', 'kim', 'GET', '/auth/orders'])).exitCode).toBe(0);
    expect((await on(['can', 'kim', 'GET', '/kapacitor/v1/orders'])).exitCode).toBe(1);
  });
});

describe('permissions without a config file', () => {
  it('may be any, because the app may define them in code, and a note says so', async () => {
    const { file } = await withUsers({ kim: [] });
    const on = (args: readonly string[], input = '') => run([...args, '--store', `sqlite:${file}`], { input });
    const args = ['--permission', 'clerk,apis', '--password-stdin'];
    const added = await on(['user', 'add', 'sam', ...args], 'samPassword');
    expect(added).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('apis, clerk  enabled') });
    expect(added.stderr).toBe(
      'kapacitor-auth: no config file is named, so it is not known here whether the app defines clerk and apis. ' +
        'A permission that is not defined opens nothing: did you mean api?\n',
    );
    expect(await on(['user', 'set', 'kim', '--permission', 'clerk'])).toEqual({
      exitCode: 0,
      stdout: 'NAME  TYPE    PERMISSIONS  STATE\nkim   normal  clerk        enabled\n',
      stderr:
        'kapacitor-auth: no config file is named, so it is not known here whether the app defines clerk. ' +
        'A permission that is not defined opens nothing\n',
    });
    expect((await on(['user', 'list'])).stdout).not.toContain('undefined');
  });
});

describe('permission list', () => {
  it('shows what each permission opens, for people and for programs', async () => {
    const { on } = places();
    expect(await on(['permission', 'list'])).toEqual(
      done(
        'PERMISSION    PATH      PRIVILEGES\n' +
          'none          /         none\n' +
          'api           /         all\n' +
          '              /config   none\n' +
          '              /write    none\n' +
          'config_api    /ping     all\n' +
          '              /config   all\n' +
          'write_points  /ping     all\n' +
          '              /write    all\n' +
          'all           /         all\n' +
          '              /ping     all\n' +
          '              /config   all\n' +
          '              /write    all\n' +
          'clerk         /orders   read, write\n' +
          'support       /         read\n' +
          '              /secrets  none\n',
      ),
    );
    expect(JSON.parse((await on(['permission', 'list', '--json'])).stdout).permissions).toMatchObject({
      none: {},
      api: { '/': ['all'], '/config': [], '/write': [] },
      clerk: { '/orders': ['read', 'write'] },
      support: { '/': ['read'], '/secrets': [] },
    });
    const names = 'none\napi\nconfig_api\nwrite_points\nall\nclerk\nsupport\n';
    expect(await on(['permission', 'list', '--names'])).toEqual(done(names));
  });

  it('has Kapacitor’s permissions without a config file, and says that there may be more', async () => {
    expect(await run(['permission', 'list', '--names'])).toEqual({
      exitCode: 0,
      stdout: 'none\napi\nconfig_api\nwrite_points\nall\n',
      stderr:
        "kapacitor-auth: no config file is named: these are Kapacitor's permissions, and an app may define more in code\n",
    });
  });
});

describe('import and export', () => {
  const line = (name: string, permissions: readonly string[]) =>
    JSON.stringify({
      ...{ name, type: 'normal', permissions, enabled: true, hash: userNamed(name).hash },
      ...{ created: '2026-11-30T12:00:00.000Z' },
    });

  it('keep permissions of any names, and one warning lists those that are not defined', async () => {
    const { on, folder } = places();
    const file = join(folder, 'users.jsonl');
    const lines = [line('kim', ['api', 'clerk', 'clrk']), line('sam', ['former', 'support'])];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const warning =
      'kapacitor-auth: warning: users have permissions that are not defined, and that open nothing: ' +
      '"clrk" (did you mean "clerk"?), "former". They are kept: define them in the config file, or take them away\n';
    const dry = await on(['import', file, '--dry-run']);
    expect(dry).toMatchObject({ exitCode: 0, stderr: warning });
    const imported = await on(['import', file, '--json']);
    expect(JSON.parse(imported.stdout)).toMatchObject({ new: 2, undefinedPermissions: ['clrk', 'former'] });
    expect(imported.stderr).toContain(warning);
    const copy = join(folder, 'copy.jsonl');
    expect((await on(['export', copy])).exitCode).toBe(0);
    expect(readFileSync(copy, 'utf8')).toBe(readFileSync(file, 'utf8'));
    expect((await on(['import', copy])).stdout).toBe('JSON lines: 0 new, 2 unchanged, 0 replaced, 0 kept, 0 refused\n');
    const backup = join(folder, 'backup.db');
    expect((await on(['backup', backup])).exitCode).toBe(0);
    expect(openRepository(backup).find('kim')).toMatchObject({ permissions: ['api', 'clerk', 'clrk'] });
  });

  it('refuse a name that no permission can have, with its line', async () => {
    const { on, folder, file } = places();
    const path = join(folder, 'users.jsonl');
    writeFileSync(path, `${line('kim', ['clerk'])}\n${line('sam', ['Clerk!'])}\n`);
    expect(await on(['import', path])).toEqual(
      failed(
        1,
        `${path}, line 2: "permissions" must be an array of names: a name has lower-case letters, digits, - and _, begins ` +
          'with a letter, and has at most 64 characters',
      ),
    );
    expect(existsSync(file)).toBe(false);
  });

  it('do not warn without a config file, where the definitions are not known', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'users.jsonl');
    writeFileSync(path, `${line('kim', ['clerk'])}\n`);
    const { stderr } = await run(['import', path, '--store', `sqlite:${join(folder, 'users.db')}`]);
    expect(stderr).not.toContain('warning');
  });
});
