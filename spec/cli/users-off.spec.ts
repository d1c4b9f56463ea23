import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/cli.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A config file whose users are off, as Kapacitor's own are, and an htpasswd file. */
function places(...auth: readonly string[]) {
  const folder = temporaryFolder();
  const config = join(folder, 'kapacitor.conf');
  writeFileSync(config, ['data_dir = "data"', '[auth]', 'enabled = false', ...auth, ''].join('\n'));
  writeFileSync(join(folder, 'htpasswd'), `stan:${userNamed('stan').hash}:a comment\n`);
  return { config, htpasswd: join(folder, 'htpasswd'), folder };
}

describe('the command line with a config file whose users are off', () => {
  it('imports users before they are switched on, and notes what would be in their way', async () => {
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
    'is refused what it works by: %s',
    async (line) => {
      const { config, htpasswd } = places(line);
      const { exitCode, stdout, stderr } = await run(['import', htpasswd, '--config', config]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
      expect(stderr).toContain(`${config}, line 4: [auth] ${line.split(' ')[0]}: must be `);
    },
  );

  it('takes a store that is named instead of one that is wrong', async () => {
    const { config, htpasswd, folder } = places('store = "sqlit:./users.db"');
    const args = ['--config', config, '--store', `sqlite:${join(folder, 'users.db')}`];
    expect((await run(['import', htpasswd, ...args])).exitCode).toBe(0);
  });

  it('asks for 8 characters in a new password, and for fewer where the file says 0', async () => {
    const add = (config: string) =>
      run(['user', 'add', 'stan', '--password-stdin', '--config', config], { input: '1234567' });
    expect(await add(places().config)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('password must be at least 8 characters'),
    });
    expect((await add(places('minimum-password-length = 0').config)).exitCode).toBe(0);
  });

  it('has check-config end with 0', async () => {
    const { config } = places('bcrypt-cost = 0', 'meta-addr = "192.0.2.1:8091"', 'store = "sqlit:./users.db"');
    const { exitCode, stdout } = await run(['check-config', config]);
    expect(exitCode).toBe(0);
    expect(stdout.match(/^warning: .*\(ignored: \[auth\] enabled is false\)$/gm)).toHaveLength(3);
    expect(stdout).toContain('No problems.\n');
  });
});
