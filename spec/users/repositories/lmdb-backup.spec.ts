import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LmdbUserRepository, StoreError } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { removePartialBackups, writeBackup } from '../../../lib/users/repositories/lmdb-backup.js';
import { isActiveAdmin } from '../../../lib/users/user.js';
import { startProcess } from '../../support/child-process.js';
import type { Question } from '../../support/lmdb-process.js';
import { openRepository } from '../../support/lmdb-repository.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const modeOf = (path: string) => statSync(path).mode & 0o777;

/** A store with an admin, and a folder for backups. */
async function setUp() {
  const folder = temporaryFolder();
  const store = join(folder, 'users');
  const repository = openRepository(store);
  await repository.insert(userNamed('root', { type: 'admin' }));
  const backups = join(folder, 'backups');
  mkdirSync(backups);
  return { repository, store, backups };
}

describe('a backup', () => {
  it('is a store with every user whose creation was answered, and an admin, while other processes write', async () => {
    const { repository, store, backups } = await setUp();
    await repository.insert(userNamed('other'));
    const [writer, admins] = await Promise.all([1, 2].map(() => startProcess('./lmdb-process.ts', [store])));
    const created: string[] = [];
    writer?.on('message', (message: { created: string }) => created.push(message.created));
    writer?.send({ do: 'storm', prefix: 'new' } satisfies Question);
    admins?.send({ do: 'hand on', names: ['root', 'other'] } satisfies Question);
    for (let round = 1; round <= 4; round += 1) {
      await expect.poll(() => created.length, { interval: 5, timeout: 10_000 }).toBeGreaterThan(200 * round);
      const answered = [...created];
      const folder = join(backups, String(round));
      await repository.backup(folder);
      const backup = openRepository(folder);
      for (const name of answered) expect(backup.find(name)?.name).toBe(name);
      expect(backup.hasAdmin()).toBe(true);
      let [users, active] = [0, 0];
      for await (const user of backup.snapshot()) {
        users += 1;
        if (isActiveAdmin(user)) active += 1;
      }
      expect(users).toBeGreaterThanOrEqual(answered.length + 2);
      expect([1, 2]).toContain(active);
      expect(await backup.insert(userNamed('later'))).toBe(true);
    }
  });

  it('is for its owner alone, is not committed by mistake, and leaves nothing beside it', async () => {
    const { repository, backups } = await setUp();
    const folder = join(backups, 'x'.repeat(255));
    await repository.backup(folder);
    expect(modeOf(folder)).toBe(0o700);
    expect(readdirSync(folder).sort()).toEqual(['.gitignore', 'data.mdb', 'lock.mdb']);
    for (const file of readdirSync(folder)) expect(modeOf(join(folder, file))).toBe(0o600);
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('*\n');
    expect(readdirSync(backups)).toEqual(['x'.repeat(255)]);
  });

  it('may be made in a folder that is empty', async () => {
    const { repository, backups } = await setUp();
    const folder = join(backups, 'empty');
    mkdirSync(folder, { mode: 0o755 });
    await repository.backup(folder);
    expect(modeOf(folder)).toBe(0o700);
    expect(openRepository(folder).find('root')?.type).toBe('admin');
  });

  it.each<[string, string, (folder: string) => unknown]>([
    ['that is not empty', 'it is not empty', (folder) => mkdirSync(join(folder, 'something'), { recursive: true })],
    ['that is a file', 'ENOTDIR', (folder) => writeFileSync(folder, 'mine')],
    ['that is a link to nowhere', 'it is a link', (folder) => symlinkSync('nowhere', folder)],
    ['that is a link to an empty one', 'it is a link', (folder) => symlinkSync(temporaryFolder(), folder)],
  ])('is not made in a folder %s, which stays as it is', async (_what, reason, prepare) => {
    const { repository, backups } = await setUp();
    const folder = join(backups, 'there');
    prepare(folder);
    const error = await repository.backup(folder).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect((error as Error).message).toContain(`cannot back the user store up to ${folder}: ${reason}`);
    expect((error as Error).message).toContain('Name a folder that is not there yet');
    expect(readdirSync(backups)).toEqual(['there']);
  });

  it.each(['/proc/backup', '/nowhere/at/all'])('is not made where nobody may write: %s', async (folder) => {
    const { repository } = await setUp();
    await expect(repository.backup(folder)).rejects.toThrow(`cannot back the user store up to ${folder}: ENOENT`);
  });

  it('is not made over another store: its own, or a backup that is there', async () => {
    const { repository, store, backups } = await setUp();
    await expect(repository.backup(store)).rejects.toThrow('it is not empty');
    await repository.backup(join(backups, 'one'));
    await expect(repository.backup(join(backups, 'one'))).rejects.toThrow('it is not empty');
  });

  it('that fails on its way leaves nothing behind', async () => {
    const folder = temporaryFolder();
    const full = async (to: string) => {
      writeFileSync(join(to, 'data.mdb'), 'half of it');
      throw new Error('No space left on device');
    };
    await expect(writeBackup(join(folder, 'backup'), full)).rejects.toThrow('No space left on device');
    const cutOff = async (to: string) => writeFileSync(join(to, 'data.mdb'), 'half of it');
    await expect(writeBackup(join(folder, 'backup'), cutOff)).rejects.toThrow('data.mdb is not a database of LMDB');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that is interrupted is taken away with all that it has written', async () => {
    const folder = temporaryFolder();
    const interrupted = async (to: string) => {
      writeFileSync(join(to, 'data.mdb'), 'half of it');
      removePartialBackups();
      expect(readdirSync(folder)).toEqual([]);
      throw new Error('interrupted');
    };
    await expect(writeBackup(join(folder, 'backup'), interrupted)).rejects.toThrow('interrupted');
    await writeBackup(join(folder, 'backup'), async (to) => writeFileSync(join(to, 'data.mdb'), ''));
    removePartialBackups();
    expect(readdirSync(folder)).toEqual(['backup']);
  });

  it('is not put over what somebody puts there meanwhile', async () => {
    const { repository, backups } = await setUp();
    const folder = join(backups, 'backup');
    const copyAndBeLate = async (to: string) => {
      await repository.backup(join(to, 'copy'));
      mkdirSync(join(folder, 'mine'), { recursive: true });
    };
    await expect(writeBackup(folder, copyAndBeLate)).rejects.toThrow('ENOTEMPTY');
    expect(readdirSync(backups)).toEqual(['backup']);
    expect(readdirSync(folder)).toEqual(['mine']);
  });

  it('that has begun is waited for by close(), and none is begun any more', async () => {
    const { repository, backups } = await setUp();
    await repository.insertMany(Array.from({ length: 5_000 }, (_, index) => userNamed(`user${index}`)));
    let isDone = false;
    const backup = repository.backup(join(backups, 'one')).then(() => {
      isDone = true;
    });
    const refused = repository.backup(join(backups, 'file', 'below')).catch((error: unknown) => error);
    await repository.close();
    expect(isDone).toBe(true);
    await backup;
    expect(await refused).toBeInstanceOf(StoreError);
    await expect(repository.backup(join(backups, 'two'))).rejects.toThrow('is closed');
    const copy = new LmdbUserRepository(join(backups, 'one'));
    expect(copy.find('user4999')?.name).toBe('user4999');
    await copy.close();
  });
});
