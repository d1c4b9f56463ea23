import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/cli.js';
import { openRepository } from '../support/sqlite-repository.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const { hash: HASH } = userNamed('stan');
const LINE = `{"name":"stan","type":"normal","permissions":["api"],"enabled":true,"hash":"${HASH}"}\n`;

function places() {
  const folder = temporaryFolder();
  const users = join(folder, 'users', 'users.db');
  return { folder, users, store: ['--store', `sqlite:${users}`] };
}

describe('import', () => {
  it('makes a store, and prints a summary', async () => {
    const { folder, users, store } = places();
    const file = join(folder, 'users.jsonl');
    writeFileSync(file, LINE + LINE.replace('stan', '..'));
    const refused = 'Refused:\n  "..": username must not be "." or ".."\n';
    const dry = await run(['import', file, '--dry-run', ...store]);
    expect(dry).toEqual({
      exitCode: 0,
      stdout: `A dry run: nothing is stored.\nJSON lines: 1 new, 0 unchanged, 0 replaced, 0 kept, 1 refused\n${refused}`,
      stderr: '',
    });
    expect(existsSync(users)).toBe(false);
    expect(await run(['import', file, ...store])).toEqual({
      exitCode: 0,
      stdout: `JSON lines: 1 new, 0 unchanged, 0 replaced, 0 kept, 1 refused\n${refused}`,
      stderr: `kapacitor-auth: made the user store sqlite:${users}\n`,
    });
    expect(openRepository(users).find('stan')).toMatchObject({ permissions: ['api'], hash: HASH });
    const again = await run(['import', file, '--json', ...store]);
    expect(JSON.parse(again.stdout)).toEqual({
      format: 'JSON lines',
      dryRun: false,
      new: 0,
      unchanged: 1,
      replaced: 0,
      kept: { count: 0, names: [] },
      undefinedPermissions: [],
      keys: { new: 0, expired: 0, ignored: 0 },
      refused: { count: 1, users: [{ name: '..', reason: 'username must not be "." or ".."' }] },
    });
  });

  it('keeps users who differ, unless --overwrite replaces them', async () => {
    const { users, store } = places();
    const repository = openRepository(users);
    await repository.insert(userNamed('stan'));
    const input = LINE;
    expect((await run(['import', '-', ...store], { input })).stdout).toBe(
      'JSON lines: 0 new, 0 unchanged, 0 replaced, 1 kept, 0 refused\n' +
        'Kept, although they differ from the file (--overwrite replaces them):\n  stan\n',
    );
    expect(repository.find('stan')).toMatchObject({ permissions: [] });
    expect((await run(['import', '-', '--overwrite', ...store], { input })).stdout).toContain('1 replaced');
    expect(openRepository(users).find('stan')).toMatchObject({ permissions: ['api'] });
  });

  it('prints a limited number of names', async () => {
    const { users, store } = places();
    const names = Array.from({ length: 25 }, (_, index) => `user${index}`);
    await openRepository(users).insertMany(names.map((name) => userNamed(name)));
    const input = names.map((name) => LINE.replace('stan', name)).join('');
    expect((await run(['import', '-', ...store], { input })).stdout).toContain('  user19\n  … and 5 more\n');
  });

  it('gives the users of an htpasswd file the requested type and permissions, and refuses these for other formats', async () => {
    const { users, store } = places();
    const options = ['--type', 'normal', '--permission', 'api'];
    const result = await run(['import', '-', ...options, ...store], { input: `stan:${HASH}\nold:{SHA}W6ph5Mm5Pz8=\n` });
    expect(result.stdout).toBe(
      'htpasswd: 1 new, 0 unchanged, 0 replaced, 0 kept, 1 refused\n' +
        'Refused:\n  "old": only bcrypt hashes (htpasswd -B) can be imported\n',
    );
    expect(openRepository(users).find('stan')).toMatchObject({ permissions: ['api'] });
    expect(await run(['import', '-', ...options, ...store], { input: LINE })).toMatchObject({
      exitCode: 2,
      stderr: 'kapacitor-auth: --type and --permission are for htpasswd files: this file (JSON lines) has its own\n',
    });
  });

  it('prints no hash that stands in place of a name, in text and in JSON', async () => {
    const { store } = places();
    for (const input of [`${HASH}:stan\n`, LINE.replace('"stan"', JSON.stringify(HASH))]) {
      for (const options of [[], ['--json']]) {
        const { stdout, stderr } = await run(
          ['import', '-', '-n', '--type', 'normal', ...options, ...store].filter(
            (word) => input.includes(':stan') || !/type|normal/.test(word),
          ),
          { input },
        );
        expect(stdout).toContain('(a hash)');
        expect(stdout + stderr).not.toContain(HASH.slice(7, 20));
      }
    }
  });

  it('prints how many hashes are costly', async () => {
    const { store } = places();
    const input = LINE.replace(HASH, HASH.replace(/^(\$2.\$)\d\d/, '$115'));
    expect((await run(['import', '-', '-n', '--json', ...store], { input })).stderr).toBe(
      'kapacitor-auth: 1 hash has a cost over 14. Such a user can log in only if bcrypt-cost is at most 4 lower than that cost: ' +
        'set bcrypt-cost, or change the password\n',
    );
  });

  it('makes no store for an invalid file, and says what is wrong with it', async () => {
    const { users, store } = places();
    expect(await run(['import', '-', ...store], { input: `${LINE}{"name":` })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'kapacitor-auth: standard input, line 2: this is not JSON: the file is cut off here. Export it again\n',
    });
    expect(await run(['import', '/nowhere', ...store])).toMatchObject({
      exitCode: 1,
      stderr: 'kapacitor-auth: cannot read /nowhere: there is no such file\n',
    });
    expect(existsSync(users)).toBe(false);
  });

  it('works on a store only, not on a server', async () => {
    for (const args of [['import', 'x'], ['export', '-'], ['backup', 'x'], ['hash'], ['check-config']]) {
      expect(await run([...args, '-url', 'http://root:secret@host'])).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: 'kapacitor-auth: this command works on a store, and not on a server: leave out --url\n',
      });
    }
  });
});
