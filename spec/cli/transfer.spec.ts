import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
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

describe('export', () => {
  it('writes a file for its owner alone, as a whole, and over another one only when forced', async () => {
    const { folder, users, store } = places();
    await openRepository(users).insert(userNamed('stan', { permissions: ['api'] }));
    const file = join(folder, 'users.jsonl');
    expect(await run(['export', file, ...store])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: `kapacitor-auth: exported 1 user to ${file}\n`,
    });
    expect(readFileSync(file, 'utf8')).toBe(LINE);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, 'mine');
    expect(await run(['export', file, ...store])).toMatchObject({
      exitCode: 1,
      stderr: `kapacitor-auth: ${file} exists already: --force replaces it\n`,
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect((await run(['export', file, '--force', ...store])).exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(LINE);
    expect(readdirSync(folder).sort()).toEqual(['users', 'users.jsonl']);
  });

  it('writes to standard output', async () => {
    const { users, store } = places();
    await openRepository(users).insert(userNamed('stan', { permissions: ['api'] }));
    const expected = { exitCode: 0, stdout: LINE, stderr: 'kapacitor-auth: exported 1 user\n' };
    expect(await run(['export', '-', ...store])).toEqual(expected);
    expect(await run(['export', ...store])).toEqual(expected);
  });

  it('says where it cannot write', async () => {
    const { folder, users, store } = places();
    openRepository(users);
    expect(await run(['export', join(folder, 'nowhere', 'file'), ...store])).toMatchObject({
      exitCode: 2,
      stderr: `kapacitor-auth: cannot write ${join(folder, 'nowhere', 'file')}: there is no such folder\n`,
    });
  });
});

describe('import', () => {
  it('makes a store, and says what it has done', async () => {
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
      refused: { count: 1, users: [{ name: '..', reason: 'username must not be "." or ".."' }] },
    });
  });

  it('keeps whoever differs unless it is told to replace them', async () => {
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

  it('names no more than it is good to read', async () => {
    const { users, store } = places();
    const names = Array.from({ length: 25 }, (_, index) => `user${index}`);
    await openRepository(users).insertMany(names.map((name) => userNamed(name)));
    const input = names.map((name) => LINE.replace('stan', name)).join('');
    expect((await run(['import', '-', ...store], { input })).stdout).toContain('  user19\n  … and 5 more\n');
  });

  it('gives the users of an htpasswd file what is asked for, and no others', async () => {
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

  it('repeats no hash that stands where the name should, in either form', async () => {
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

  it('says how many hashes take seconds', async () => {
    const { store } = places();
    const input = LINE.replace(HASH, HASH.replace(/^(\$2.\$)\d\d/, '$115'));
    expect((await run(['import', '-', '-n', '--json', ...store], { input })).stderr).toBe(
      'kapacitor-auth: 1 hash has a cost over 14. Such a user can log in only if bcrypt-cost is at most 4 lower than that cost: ' +
        'set bcrypt-cost, or change the password\n',
    );
  });

  it('makes no store of a file that is no good, and says what is wrong with it', async () => {
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

  it('works on a store, and not on a server', async () => {
    for (const args of [['import', 'x'], ['export', '-'], ['backup', 'x'], ['hash'], ['check-config']]) {
      expect(await run([...args, '-url', 'http://root:secret@host'])).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: 'kapacitor-auth: this command works on a store, and not on a server: leave out --url\n',
      });
    }
  });
});

describe('backup', () => {
  it('copies an SQLite store into a file for its owner alone, which is a store', async () => {
    const { folder, users, store } = places();
    await openRepository(users).insert(userNamed('stan'));
    const copy = join(folder, 'copy.db');
    expect(await run(['backup', copy, ...store])).toEqual({ exitCode: 0, stdout: `sqlite:${copy}\n`, stderr: '' });
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    const shown = await run(['user', 'show', 'stan', '--json', '--store', `sqlite:${copy}`]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ name: 'stan' });
  });

  it('leaves a file alone that is there already', async () => {
    const { folder, users, store } = places();
    await openRepository(users).insert(userNamed('stan'));
    const other = join(folder, 'other.db');
    writeFileSync(other, 'kept');
    const refused = await run(['backup', other, ...store]);
    expect(refused).toMatchObject({ exitCode: 4, stdout: '' });
    expect(refused.stderr).toMatch(/^kapacitor-auth: cannot back .*other\.db/);
    expect(readFileSync(other, 'utf8')).toBe('kept');
  });

  it.each(['sqlite:copy.db', 'copies/', 'copy.db ', ':memory:', ''])(
    'is not made in %j, which no store could be named after',
    async (file) => {
      const { folder, users, store } = places();
      openRepository(users);
      expect(await run(['backup', file, ...store])).toEqual({
        exitCode: 2,
        stdout: '',
        stderr:
          'kapacitor-auth: FILE must be the path of a file, such as copy.db: the copy is then the store sqlite:copy.db\n',
      });
      expect(readdirSync(folder)).toEqual(['users']);
    },
  );
});

describe('check-config', () => {
  it('finds every problem, and shows what settings come out as and from where', async () => {
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

  it('is content, and warns', async () => {
    const file = join(temporaryFolder(), 'kapacitor.conf');
    writeFileSync(file, '[auth]\nenabled = true\n');
    const { exitCode, stdout } = await run(['check-config', file]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^warning: authentication is off: .*\nNo problems\.\n\nSETTING +VALUE +FROM\n/);
  });

  it('shows what a file has in it, and gives no orders to a terminal', async () => {
    const file = join(temporaryFolder(), 'kapacitor.conf');
    writeFileSync(file, `[auth]\n"x\\u001b[2J\\u009by" = 1\n"${HASH}" = 1\n`);
    for (const options of [[], ['--json']]) {
      const { stdout } = await run(['check-config', file, ...options]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(stdout).not.toMatch(/[\u0000-\u0009\u001b\u007f-\u009f]/);
      expect(stdout).not.toContain(HASH.slice(7, 20));
    }
  });

  it('does without a file', async () => {
    const { exitCode, stderr } = await run(['check-config']);
    expect(exitCode).toBe(0);
    expect(stderr).toBe(
      'kapacitor-auth: no config file is named: these are the defaults in code, and the environment\n',
    );
  });
});
