import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/cli.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const { hash: HASH } = userNamed('stan');
describe('check-config', () => {
  it('reports every problem, and shows each setting with its source', async () => {
    const file = join(temporaryFolder(), 'kapacitor.conf');
    writeFileSync(
      file,
      '[http]\nauth_enabled = true\n[auth]\nenabled = true\nbcrypt-cost = 40\nstore = "sqlite:./users.db"\n',
    );
    const env = { KAPACITOR_AUTH_CACHE_EXPIRATION: '1h' };
    const { exitCode, stdout, stderr } = await run(['check-config', file], { env });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    expect(stdout.match(/^problem: .*/gm)).toEqual([
      `problem: ${file}, line 2: [http] auth_enabled: this key is not known: did you mean auth-enabled?`,
      `problem: ${file}, line 5: [auth] bcrypt-cost: must be an integer from 4 to 20, not 40`,
    ]);
    expect(stdout).toMatch(/^\[auth\] cache-expiration +"1h" +KAPACITOR_AUTH_CACHE_EXPIRATION$/m);
    const json = await run(['check-config', '--config', file, '--json'], { env });
    expect(json.exitCode).toBe(1);
    const report = JSON.parse(json.stdout);
    expect(Object.keys(report)).toEqual(['problems', 'warnings', 'settings']);
    expect(report.settings).toContainEqual({ section: 'auth', key: 'enabled', value: 'true', from: `${file}, line 4` });
  });

  it('shows no table for a file that cannot be read', async () => {
    const file = join(temporaryFolder(), 'typo.conf');
    expect(await run(['check-config', file])).toEqual({
      exitCode: 1,
      stdout: `problem: cannot read the config file ${file}: there is no such file\n`,
      stderr: '',
    });
  });

  it('reports no problem, and the warnings', async () => {
    const file = join(temporaryFolder(), 'kapacitor.conf');
    writeFileSync(file, '[auth]\nenabled = true\n');
    const { exitCode, stdout } = await run(['check-config', file]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^warning: authentication is off: .*\nNo problems\.\n\nSETTING +VALUE +FROM\n/);
  });

  it('shows the content of a file, without control characters', async () => {
    const file = join(temporaryFolder(), 'kapacitor.conf');
    writeFileSync(file, `[auth]\n"x\\u001b[2J\\u009by" = 1\n"${HASH}" = 1\n`);
    for (const options of [[], ['--json']]) {
      const { stdout } = await run(['check-config', file, ...options]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(stdout).not.toMatch(/[\u0000-\u0009\u001b\u007f-\u009f]/);
      expect(stdout).not.toContain(HASH.slice(7, 20));
    }
  });

  it('works without a file', async () => {
    const { exitCode, stderr } = await run(['check-config']);
    expect(exitCode).toBe(0);
    expect(stderr).toBe(
      'kapacitor-auth: no config file is named: these are the defaults in code, and the environment\n',
    );
  });
});
