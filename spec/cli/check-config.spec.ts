import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/cli.js';
import { openRepository } from '../support/sqlite-repository.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const { hash: HASH } = userNamed('stan');

/** A config file whose store is not there yet. */
function filesWith(definitions: string) {
  const folder = temporaryFolder();
  const file = join(folder, 'kapacitor.conf');
  const store = join(folder, 'users.db');
  const lines = ['[http]', 'auth-enabled = true', '[auth]', 'enabled = true', `store = "sqlite:${store}"`];
  writeFileSync(file, `${lines.join('\n')}\n${definitions}`);
  return { file, store };
}

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

  it('warns of permissions that users have and the file does not define, and leaves the store as it was', async () => {
    const { file, store } = filesWith('[permissions.clerk]\n"/orders" = "read"\n');
    const repository = openRepository(store);
    await repository.insert(userNamed('kim', { permissions: ['api', 'clerk', 'clrk'] }));
    await repository.close();
    const before = readFileSync(store);
    const warning =
      'users have permissions that are not defined, and that open nothing: "clrk" (did you mean "clerk"?). Define them ' +
      'under "permissions" in the configuration, or take them away from these users: "kapacitor-auth user list" shows who has them';
    const { exitCode, stdout, stderr } = await run(['check-config', file]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(`warning: ${warning}\nNo problems.\n`);
    const json = await run(['check-config', file, '--json']);
    expect(JSON.parse(json.stdout).warnings).toEqual([warning]);
    expect(readFileSync(store)).toEqual(before);
  });

  it('makes no store, and does not look into one if there are problems', async () => {
    const { file, store } = filesWith('');
    expect(await run(['check-config', file])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(existsSync(store)).toBe(false);
    const wrong = filesWith('[permissions.Clerk]\n"/orders" = "read"\n');
    writeFileSync(wrong.store, 'this is no store');
    expect(await run(['check-config', wrong.file])).toMatchObject({ exitCode: 1, stderr: '' });
  });

  it('says that the permissions are not checked if the store cannot be read, which is no problem', async () => {
    const { file, store } = filesWith('');
    writeFileSync(store, 'this is no store');
    const sqlite = await run(['check-config', file]);
    expect(sqlite).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('No problems.') });
    expect(sqlite.stderr).toMatch(
      /^kapacitor-auth: the permissions of the users in sqlite:\S+ are not checked: cannot open the user store in /,
    );
    const env = { KAPACITOR_AUTH_STORE: 'postgres://app:secret@127.0.0.1:1/app' };
    const postgres = await run(['check-config', file], { env });
    expect(postgres).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('No problems.') });
    expect(postgres.stderr).toMatch(
      /^kapacitor-auth: the permissions of the users in postgres:\/\/\S+ are not checked: connect ECONNREFUSED/,
    );
    expect(postgres.stderr).not.toContain('secret');
  });

  it('works without a file', async () => {
    const { exitCode, stderr } = await run(['check-config']);
    expect(exitCode).toBe(0);
    expect(stderr).toBe(
      'kapacitor-auth: no config file is named: these are the defaults in code, and the environment\n',
    );
  });
});
