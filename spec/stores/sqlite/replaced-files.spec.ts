import { cpSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { StoreProcess } from '../../support/store-process.js';
import { keyOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Milliseconds: the files are looked at each 100 ms, and this machine may have much else to do. */
const NOTICED_WITHIN = 300;

/** A process on a store with a user, and its folder. */
async function setUp() {
  const folder = join(temporaryFolder(), 'auth');
  const file = join(folder, 'users.db');
  const process = await StoreProcess.start(file);
  await process.ask('insert', userNamed('someone'));
  await process.ask('insertSecret', keyOf('someone'), '1');
  return { folder, file, process };
}

/** The reason names the file, so it is for the operator alone: it is the cause. */
const refused = (reason: RegExp) =>
  expect.objectContaining({
    code: 'STORE_UNAVAILABLE',
    status: 503,
    message: expect.stringMatching(/^the user store (is unavailable|cannot be changed)$/),
    cause: { message: expect.stringMatching(reason) },
  });

/** Neither finds nor changes anybody, and says why. */
async function expectDown(process: StoreProcess, since: number, reason: RegExp): Promise<void> {
  await process.until('down');
  await expect.poll(() => process.states.at(-1)?.reason, { timeout: 10_000 }).toMatch(reason);
  expect(process.states.at(-1)?.at).toBeLessThan(since + NOTICED_WITHIN);
  await expect(process.ask('find', 'someone')).rejects.toEqual(refused(reason));
  await expect(process.ask('find', 'unknown')).rejects.toEqual(refused(reason));
  await expect(process.ask('findSecret', keyOf('someone').digest)).rejects.toEqual(refused(reason));
  await expect(process.ask('hasAdmin')).rejects.toEqual(refused(reason));
  await expect(process.ask('names')).rejects.toEqual(refused(reason));
  await expect(process.ask('insert', userNamed('late'))).rejects.toEqual(refused(reason));
  await expect(process.ask('remove', 'someone')).rejects.toEqual(refused(reason));
  await expect(process.ask('removeSecret', keyOf('someone'))).rejects.toEqual(refused(reason));
}

describe('a folder that is deleted under a running process', () => {
  it('loses no answered insertion: the store is down, and a process that starts makes a new one', async () => {
    const { folder, file, process } = await setUp();
    const at = performance.now();
    rmSync(folder, { recursive: true });
    await expectDown(process, at, /users\.db is gone/);
    const restarted = await StoreProcess.start(file);
    expect(await restarted.ask('names')).toEqual([]);
    expect(await restarted.ask('insert', userNamed('new'))).toBe(true);
    // The one that had the old folder still has no other truth.
    await expectDown(process, performance.now(), /users\.db is another file now/);
    expect(await restarted.ask('names')).toEqual(['new']);
  });
});

describe('a folder that is moved away under a running process', () => {
  it('makes the store unavailable until it is back', async () => {
    const { folder, process } = await setUp();
    const at = performance.now();
    renameSync(folder, `${folder}.away`);
    await expectDown(process, at, /users\.db is gone/);
    renameSync(`${folder}.away`, folder);
    await process.until('up');
    expect(await process.ask('find', 'someone')).toEqual(userNamed('someone'));
    expect(await process.ask('findSecret', keyOf('someone').digest)).toEqual(keyOf('someone'));
    expect(await process.ask('insert', userNamed('other'))).toBe(true);
    await process.kill();
    expect(await (await StoreProcess.start(join(folder, 'users.db'))).ask('names')).toEqual(['other', 'someone']);
  });
});

describe('a folder that is replaced by a backup under a running process', () => {
  it('during a storm of insertions loses no answered one', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { folder, file, process } = await setUp();
      await process.ask('backup', `${folder}.backup`);
      mkdirSync(`${folder}.new`, { mode: 0o700 });
      renameSync(`${folder}.backup`, join(`${folder}.new`, 'users.db'));
      const storm = process.ask('storm', 'user');
      await vi.waitUntil(() => process.created.length > 50 + 20 * round, { interval: 1 });
      renameSync(folder, `${folder}.old`);
      renameSync(`${folder}.new`, folder);
      await expect(storm).rejects.toEqual(refused(/is (gone|another file now)/));
      const old = await StoreProcess.start(join(`${folder}.old`, 'users.db'));
      expect(await old.ask('lostInStorm', process.created)).toEqual([]);
      expect(await (await StoreProcess.start(file)).ask('names')).toEqual(['someone']);
    }
  });

  it('is not used, and a process that starts has the users of the backup', async () => {
    const { folder, file, process } = await setUp();
    await process.ask('backup', `${folder}.backup`);
    await process.ask('insert', userNamed('later'));
    const at = performance.now();
    renameSync(folder, `${folder}.old`);
    mkdirSync(folder, { mode: 0o700 });
    cpSync(`${folder}.backup`, file);
    await expectDown(process, at, /users\.db is another file now/);
    const restarted = await StoreProcess.start(file);
    expect(await restarted.ask('names')).toEqual(['someone']);
    expect(await restarted.ask('insert', userNamed('new'))).toBe(true);
    await expectDown(process, performance.now(), /is another file now/);
    await process.kill();
    expect(await (await StoreProcess.start(join(`${folder}.old`, 'users.db'))).ask('names')).toEqual([
      'later',
      'someone',
    ]);
  });
});

describe.each(['-wal', '-shm'])('a file users.db%s that is missing under a running process', (ending) => {
  it('makes the store unavailable until it is back', async () => {
    const { file, process } = await setUp();
    const at = performance.now();
    renameSync(file + ending, `${file}.away`);
    await expectDown(process, at, new RegExp(`users\\.db${ending} is gone`));
    renameSync(`${file}.away`, file + ending);
    await process.until('up');
    expect(await process.ask('insert', userNamed('other'))).toBe(true);
  });

  it('loses no answered user if the process is replaced by another one', async () => {
    const { file, process } = await setUp();
    const at = performance.now();
    rmSync(file + ending);
    await expectDown(process, at, new RegExp(`users\\.db${ending} is gone`));
    await process.ask('close');
    expect(await (await StoreProcess.start(file)).ask('names')).toEqual(['someone']);
  });
});
