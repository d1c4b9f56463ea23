import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
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
  it('writes a complete file for its owner alone, and replaces a file only with --force', async () => {
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

  it('says why it cannot write', async () => {
    const { folder, users, store } = places();
    openRepository(users);
    expect(await run(['export', join(folder, 'nowhere', 'file'), ...store])).toMatchObject({
      exitCode: 2,
      stderr: `kapacitor-auth: cannot write ${join(folder, 'nowhere', 'file')}: there is no such folder\n`,
    });
  });
});

describe('backup', () => {
  it('copies an SQLite store into a file for its owner alone, which is a store itself', async () => {
    const { folder, users, store } = places();
    await openRepository(users).insert(userNamed('stan'));
    const copy = join(folder, 'copy.db');
    expect(await run(['backup', copy, ...store])).toEqual({ exitCode: 0, stdout: `sqlite:${copy}\n`, stderr: '' });
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    const shown = await run(['user', 'show', 'stan', '--json', '--store', `sqlite:${copy}`]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ name: 'stan' });
  });

  it('keeps an existing file', async () => {
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
    'refuses %j, because no store could have this name',
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
