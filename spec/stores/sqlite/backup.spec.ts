import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqliteUserRepository, StoreError } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { removePartialBackups, writeBackup } from '../../../lib/stores/sqlite/backup.js';
import { Connection } from '../../../lib/stores/sqlite/connection.js';
import { isActiveAdmin } from '../../../lib/users/user.js';
import { integrityOf } from '../../support/integrity.js';
import { openRepository } from '../../support/sqlite-repository.js';
import { StoreProcess } from '../../support/store-process.js';
import { userNamed } from '../../support/stored-user.js';
import { lostInStorm } from '../../support/storm.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const modeOf = (path: string) => statSync(path).mode & 0o777;

/** A store with an admin, and a folder for backups. */
async function setUp() {
  const folder = temporaryFolder();
  const file = join(folder, 'auth', 'users.db');
  const repository = openRepository(file);
  await repository.insert(userNamed('root', { type: 'admin' }));
  const backups = join(folder, 'backups');
  mkdirSync(backups, { mode: 0o700 });
  return { repository, file, backups };
}

describe('a backup', () => {
  it('is a store with every answered user and key, without the deleted keys, and with an admin, while other processes write', async () => {
    const { repository, file, backups } = await setUp();
    await repository.insert(userNamed('other'));
    const [writer, admins] = await Promise.all([StoreProcess.start(file), StoreProcess.start(file)]);
    writer.storm('new');
    void Promise.allSettled([admins.ask('handOn', ['root', 'other'])]);
    for (let round = 1; round <= 4; round += 1) {
      await expect.poll(() => writer.created.length, { interval: 5, timeout: 10_000 }).toBeGreaterThan(100 * round);
      const answered = [...writer.created];
      const copy = join(backups, `${round}.db`);
      // In a process with a thread that writes, and in one without.
      if (round % 2) await repository.backup(copy);
      else await writer.ask('backup', copy);
      const backup = openRepository(copy);
      expect(await lostInStorm(backup, answered)).toEqual([]);
      expect(backup.hasAdmin()).toBe(true);
      let [users, active] = [0, 0];
      for await (const user of backup.snapshot()) {
        users += 1;
        if (isActiveAdmin(user)) active += 1;
      }
      expect(users).toBeGreaterThanOrEqual(answered.length + 2);
      expect([1, 2]).toContain(active);
      expect(await backup.insert(userNamed('later'))).toBe(true);
      expect(integrityOf(copy)).toBe('ok');
    }
  });

  it('is readable only by its owner, and leaves no other file', async () => {
    const { repository, backups } = await setUp();
    const file = join(backups, 'x'.repeat(240));
    await repository.backup(file);
    expect(modeOf(file)).toBe(0o600);
    expect(readdirSync(backups)).toEqual(['x'.repeat(240)]);
  });

  it('has no changed or deleted hash', async () => {
    const { repository, backups } = await setUp();
    const old = `$2b$10$${'old'.repeat(17)}..`;
    await repository.insertMany(Array.from({ length: 100 }, (_, index) => userNamed(`user${index}`, { hash: old })));
    for (let index = 0; index < 50; index += 1) {
      await repository.replace(userNamed(`user${index}`, { revision: '2' }), '1');
      await repository.remove(`user${index + 50}`);
    }
    await repository.backup(join(backups, 'one.db'));
    expect(readFileSync(join(backups, 'one.db')).includes(old)).toBe(false);
    expect(openRepository(join(backups, 'one.db')).find('user49')).toMatchObject({ revision: '2' });
  });

  it.each<[string, (file: string) => unknown]>([
    ['a file', (file) => writeFileSync(file, 'mine')],
    ['an empty file', (file) => writeFileSync(file, '')],
    ['a folder', (file) => mkdirSync(file)],
    ['a link to nowhere', (file) => symlinkSync('nowhere', file)],
  ])('is refused if %s is there, which stays as it is', async (_what, prepare) => {
    const { repository, backups } = await setUp();
    const file = join(backups, 'there');
    prepare(file);
    const error = await repository.backup(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect((error as Error).message).toContain(`cannot back the user store up to ${file}: something is there already`);
    expect((error as Error).message).toContain('Name a file that is not there yet');
    expect(readdirSync(backups)).toEqual(['there']);
  });

  it.each([
    ['/proc/backup', 'ENOENT'],
    ['/nowhere/at/all', 'there is no folder /nowhere/at. Name a file'],
  ])('is refused in a place without write access: %s', async (file, reason) => {
    const { repository } = await setUp();
    await expect(repository.backup(file)).rejects.toThrow(`cannot back the user store up to ${file}: ${reason}`);
  });

  it('is refused below a file', async () => {
    const { repository, file } = await setUp();
    const below = join(file, 'backup.db');
    await expect(repository.backup(below)).rejects.toThrow(`cannot back the user store up to ${below}: ENOTDIR`);
  });

  it('is refused if the file of the store was replaced, and leaves nothing behind', async () => {
    const { repository, file, backups } = await setUp();
    renameSync(file, `${file}.old`);
    writeFileSync(file, '');
    await expect(repository.backup(join(backups, 'one.db'))).rejects.toThrow(`${file} is another file now`);
    expect(readdirSync(backups)).toEqual([]);
  });

  it('is refused while another process has the store locked', async () => {
    const { repository, backups } = await setUp();
    vi.spyOn(Connection.prototype, 'run').mockImplementationOnce(() => {
      throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });
    });
    await expect(repository.backup(join(backups, 'one.db'))).rejects.toThrow('has the user store locked');
    expect(readdirSync(backups)).toEqual([]);
    await repository.backup(join(backups, 'one.db'));
  });

  it('does not replace a store or another backup', async () => {
    const { repository, file, backups } = await setUp();
    await expect(repository.backup(file)).rejects.toThrow('something is there already');
    await repository.backup(join(backups, 'one.db'));
    await expect(repository.backup(join(backups, 'one.db'))).rejects.toThrow('something is there already');
  });

  it('leaves nothing behind after a failure', async () => {
    const folder = temporaryFolder();
    const full = async (to: string) => {
      writeFileSync(to, 'half of it');
      throw new Error('No space left on device');
    };
    await expect(writeBackup(join(folder, 'backup'), full)).rejects.toThrow('No space left on device');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is removed with all its files after an interruption', async () => {
    const folder = temporaryFolder();
    const interrupted = async (to: string) => {
      writeFileSync(to, 'half of it');
      removePartialBackups();
      expect(readdirSync(folder)).toEqual([]);
      throw new Error('interrupted');
    };
    await expect(writeBackup(join(folder, 'backup'), interrupted)).rejects.toThrow('interrupted');
    await writeBackup(join(folder, 'backup'), async (to) => writeFileSync(to, ''));
    removePartialBackups();
    expect(readdirSync(folder)).toEqual(['backup']);
  });

  it('does not replace a file that appears meanwhile', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'backup');
    const copyAndBeLate = async (to: string) => {
      writeFileSync(to, 'copied');
      writeFileSync(file, 'mine');
    };
    await expect(writeBackup(file, copyAndBeLate)).rejects.toThrow('something is there already');
    expect(readdirSync(folder)).toEqual(['backup']);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('delays close() while it runs, and none begins afterwards', async () => {
    const { repository, backups } = await setUp();
    await repository.insertMany(Array.from({ length: 5_000 }, (_, index) => userNamed(`user${index}`)));
    let isDone = false;
    const backup = repository.backup(join(backups, 'one.db')).then(() => {
      isDone = true;
    });
    const refused = repository.backup(join(backups, 'file', 'below')).catch((error: unknown) => error);
    await repository.close();
    expect(isDone).toBe(true);
    await backup;
    expect(await refused).toBeInstanceOf(StoreError);
    await expect(repository.backup(join(backups, 'two.db'))).rejects.toThrow('is closed');
    const copy = new SqliteUserRepository(join(backups, 'one.db'));
    expect(copy.find('user4999')).toEqual(userNamed('user4999'));
    await copy.close();
  });
});
