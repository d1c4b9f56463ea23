import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { kapacitorAuth } from '../../lib/index.js';
import { run } from '../support/cli.js';
import { openRepository } from '../support/sqlite-repository.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

import { failed } from './stores.js';

describe('a store', () => {
  it('is not made by commands that only read', async () => {
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

  it('comes from the config file, with its rules, for --config before and after the command', async () => {
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

  it('may have no server, and its file may have other wrong settings', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'kapacitor.conf');
    openRepository(join(folder, 'users.db'));
    writeFileSync(file, '[auth]\nenabled = false\nstore = "sqlite:users.db"\n');
    expect((await run(['user', 'list', '--config', file])).stderr).toBe(
      `kapacitor-auth: [auth] enabled is false in ${file}: a server with this configuration has no users\n`,
    );
    const env = { KAPACITOR_AUTH_ENABLED: 'false', KAPACITOR_HTTP_AUTH_ENABLED: 'false' };
    const listed = await run(['user', 'list', '--store', `sqlite:${join(folder, 'users.db')}`], { env });
    expect(listed.stderr).toBe(
      'kapacitor-auth: [auth] enabled is false in the environment: a server with this configuration has no users\n',
    );
    writeFileSync(file, '[auth]\nenable = true\n[http]\nauth-enabled = "yes"\n');
    const { exitCode, stderr } = await run(['user', 'list', '--config', file]);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(
      /^kapacitor-auth: .*line 2: .*did you mean enabled\?\n.*line 4: \[http\] auth-enabled: must be true or false/,
    );
  });

  it('cannot be in the memory of a server', async () => {
    const result = await run(['user', 'list'], { env: { KAPACITOR_AUTH_STORE: 'memory:' } });
    expect(result).toEqual(
      failed(2, 'memory: is the memory of a server. Name that server with --url http://USER@HOST:9092'),
    );
  });

  it('that cannot be opened causes an error', async () => {
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
  it('is printed once by a command that changes it, and not by one that reads', async () => {
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

  it('is the default store in code, which an app without settings has made in the folder', async () => {
    const folder = temporaryFolder();
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
    const auth = kapacitorAuth({ auth: { bcryptCost: 4, admin: { name: 'root', password: 'rootPassword' } } });
    await auth.ready;
    const added = await run(['user', 'add', 'stan', '--password-stdin'], { input: 'aPassword' });
    const file = join(folder, '.kapacitor-auth', 'users.db');
    expect(added.stderr).toBe(`kapacitor-auth: using the default store: the users are in sqlite:${file}\n`);
    expect(await auth.users.get('stan')).toMatchObject({ name: 'stan' });
    await auth.close();
  });
});
/** A config file whose users are off, as Kapacitor's own are, and an htpasswd file. */
function places(...auth: readonly string[]) {
  const folder = temporaryFolder();
  const config = join(folder, 'kapacitor.conf');
  writeFileSync(config, ['data_dir = "data"', '[auth]', 'enabled = false', ...auth, ''].join('\n'));
  writeFileSync(join(folder, 'htpasswd'), `stan:${userNamed('stan').hash}:a comment\n`);
  return { config, htpasswd: join(folder, 'htpasswd'), folder };
}

describe('the command line with a config file whose users are switched off', () => {
  it('imports users before they are switched on, and prints notes about obstacles', async () => {
    const { config, htpasswd } = places('bcrypt-cost = 0', 'meta-addr = "192.0.2.1:8091"');
    const imported = await run(['import', htpasswd, '--config', config]);
    expect(imported.exitCode).toBe(0);
    expect(imported.stdout).toContain('htpasswd: 1 new,');
    expect(imported.stderr).toContain(
      `kapacitor-auth: ${config}, line 4: [auth] bcrypt-cost: must be an integer from 4 to 20, not 0 ` +
        '(ignored: [auth] enabled is false)\n',
    );
    expect(imported.stderr).toContain('[auth] meta-addr: a meta server is not supported: ');
    expect((await run(['user', 'show', 'stan', '--config', config, '--json'])).exitCode).toBe(0);
  });

  it.each(['store = "sqlit:./users.db"', 'refused-passwords = 5', 'audit-log = ""'])(
    'refuses a wrong setting that it needs: %s',
    async (line) => {
      const { config, htpasswd } = places(line);
      const { exitCode, stdout, stderr } = await run(['import', htpasswd, '--config', config]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
      expect(stderr).toContain(`${config}, line 4: [auth] ${line.split(' ')[0]}: must be `);
    },
  );

  it('accepts --store in place of a wrong store', async () => {
    const { config, htpasswd, folder } = places('store = "sqlit:./users.db"');
    const args = ['--config', config, '--store', `sqlite:${join(folder, 'users.db')}`];
    expect((await run(['import', htpasswd, ...args])).exitCode).toBe(0);
  });

  it('requires 8 characters in a new password, or fewer if the file says so', async () => {
    const add = (config: string) =>
      run(['user', 'add', 'stan', '--password-stdin', '--config', config], { input: '1234567' });
    expect(await add(places().config)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('password must be at least 8 characters'),
    });
    expect((await add(places('minimum-password-length = 0').config)).exitCode).toBe(0);
  });

  it('ends check-config with exit code 0', async () => {
    const { config } = places('bcrypt-cost = 0', 'meta-addr = "192.0.2.1:8091"', 'store = "sqlit:./users.db"');
    const { exitCode, stdout } = await run(['check-config', config]);
    expect(exitCode).toBe(0);
    expect(stdout.match(/^warning: .*\(ignored: \[auth\] enabled is false\)$/gm)).toHaveLength(3);
    expect(stdout).toContain('No problems.\n');
  });
});
