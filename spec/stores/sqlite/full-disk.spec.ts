import { execFileSync } from 'node:child_process';
import { closeSync, copyFileSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AppInProcess } from '../../support/app-in-process.js';
import { integrityOf } from '../../support/integrity.js';
import { SmallDisk } from '../../support/namespaces.js';
import { storeOfFormat1, storeOfFormat2 } from '../../support/sqlite-formats.js';
import { storeFile } from '../../support/sqlite-repository.js';
import { StoreProcess } from '../../support/store-process.js';
import { keyOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

/** Milliseconds after which changes work again when there is room. */
const HEALS_WITHIN = 2_000;
/** Bytes that are left for a number of users: for 10, or for 70 if SQLite writes over what is in its log already. */
const ROOM = 120_000;
/** Bytes that are left for a storm of them. */
const ROOM_FOR_A_STORM = 500_000;

/** Takes the room that is left on a file system, but for so many bytes, until it is given back. */
function fill(folder: string, but: number): { giveBack: () => void } {
  const filler = join(folder, 'filler');
  const descriptor = openSync(filler, 'w');
  let size = 0;
  try {
    for (;;) size += writeSync(descriptor, Buffer.alloc(4_096));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  } finally {
    closeSync(descriptor);
  }
  truncateSync(filler, Math.max(0, size - but));
  return { giveBack: () => rmSync(filler) };
}

/** Creates users with an app until one is refused. */
async function createUntilFull(app: AppInProcess, prefix: string): Promise<{ created: string[]; refusal: number }> {
  const created: string[] = [];
  for (let index = 0; ; index += 1) {
    const { status } = await app.create(`${prefix}-${index}`);
    if (status !== 200) return { created, refusal: status };
    created.push(`${prefix}-${index}`);
  }
}

async function creationsWorkWithin(milliseconds: number, create: () => Promise<boolean>): Promise<number> {
  const from = performance.now();
  while (!(await create())) {
    expect(performance.now() - from).toBeLessThan(milliseconds);
    await setTimeout(20);
  }
  return performance.now() - from;
}

const cannotOpen = (file: string) => ({
  code: 'STORE_UNAVAILABLE',
  status: 503,
  message: expect.stringMatching(
    new RegExp(`^cannot open the user store in ${file}: .*(no room|no space).*Make room there`),
  ),
});

describe('a full disk', () => {
  it('refuses only changes, and recovers within two seconds, without the loss of an answered user', async () => {
    const disk = await SmallDisk.create(4);
    const file = join(disk.folder, 'auth', 'users.db');
    const app = await AppInProcess.start(file, disk);
    const created: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      expect((await app.create(`known${round}`)).status).toBe(200);
      expect(await app.status(`known${round}`)).toBe(200);
      const before = app.states.length;
      const { giveBack } = fill(disk.seen, ROOM);
      const full = await createUntilFull(app, `round${round}`);
      created.push(`known${round}`, ...full.created);
      expect(full.created.length).toBeGreaterThan(5);
      expect(full.refusal).toBe(503);
      const degraded = await app.comesInto('degraded', before);
      expect(degraded.reason).toMatch(/full/);
      // Users in memory are served on, and so are those who log in now.
      for (const name of created) expect(await app.status(name)).toBe(200);
      expect(await app.status('nobody')).toBe(401);
      giveBack();
      await creationsWorkWithin(HEALS_WITHIN, async () => (await app.create(`healed${round}`)).status === 200);
      created.push(`healed${round}`);
      await app.until('up');
    }
    await app.kill();
    const process = await StoreProcess.start(file, disk);
    const names = await process.ask('names');
    expect(created.filter((name) => !names.includes(name))).toEqual([]);
    expect(await process.ask('integrity')).toBe('ok');
  });

  it('loses no user if a process is killed on it during a storm of changes', async () => {
    const disk = await SmallDisk.create(4);
    const file = join(disk.folder, 'users.db');
    const created: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const writers = await Promise.all([StoreProcess.start(file, disk), StoreProcess.start(file, disk)]);
      const { giveBack } = fill(disk.seen, ROOM_FOR_A_STORM);
      const storms = await Promise.allSettled(writers.map((writer, index) => writer.ask('storm', `${round}-${index}`)));
      expect(storms.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      for (const writer of writers) {
        expect(await writer.ask('lostInStorm', writer.created)).toEqual([]);
        created.push(...writer.created);
        await writer.kill();
      }
      giveBack();
    }
    expect(created.length).toBeGreaterThan(100);
    const process = await StoreProcess.start(file, disk);
    expect(await process.ask('lostInStorm', created)).toEqual([]);
    expect(await process.ask('integrity')).toBe('ok');
    expect(await process.ask('insert', userNamed('last'))).toBe(true);
  });

  it('refuses the start of a process with advice, and loses no user', async () => {
    const disk = await SmallDisk.create(4);
    const file = join(disk.folder, 'auth', 'users.db');
    const first = await StoreProcess.start(file, disk);
    for (let index = 0; index < 100; index += 1) await first.ask('insert', userNamed(`user${index}`));
    await first.ask('close');
    const { giveBack } = fill(disk.seen, 0);
    await expect(StoreProcess.start(file, disk)).rejects.toMatchObject(cannotOpen(file));
    const other = join(disk.folder, 'other', 'users.db');
    await expect(StoreProcess.start(other, disk)).rejects.toMatchObject(cannotOpen(other));
    giveBack();
    expect(await (await StoreProcess.start(file, disk)).ask('names')).toHaveLength(100);
    expect(await (await StoreProcess.start(other, disk)).ask('insert', userNamed('someone'))).toBe(true);
  });
});

describe.each([
  [1, storeOfFormat1],
  [2, storeOfFormat2],
])('a store of format %s on a full disk', (_format, storeOf) => {
  it('is not opened, with advice, and is upgraded with all its users when there is room', async () => {
    const disk = await SmallDisk.create(4);
    const file = join(disk.folder, 'users.db');
    // SQLite would follow the links in the other name of the disk, and lead elsewhere.
    copyFileSync(storeOf(1_000), join(disk.seen, 'users.db'));
    const { giveBack } = fill(disk.seen, 0);
    await expect(StoreProcess.start(file, disk)).rejects.toMatchObject(cannotOpen(file));
    giveBack();
    const almostFull = fill(disk.seen, 60_000);
    await expect(StoreProcess.start(file, disk)).rejects.toMatchObject(cannotOpen(file));
    almostFull.giveBack();
    const process = await StoreProcess.start(file, disk);
    expect(await process.ask('names')).toHaveLength(1_000);
    expect(await process.ask('insertSecret', keyOf('user1'), '1')).toBe('inserted');
    expect(await process.ask('integrity')).toBe('ok');
  });
});

describe('a limit of the file size', () => {
  it('refuses changes like a full disk, and recovers within two seconds', async () => {
    const file = storeFile();
    const process = await StoreProcess.start(file);
    const limit = (bytes: number | 'unlimited') =>
      execFileSync('prlimit', ['--pid', String(process.child.pid), `--fsize=${bytes}:unlimited`]);
    await process.ask('insert', userNamed('first'));
    limit(statSync(`${file}-wal`).size + 400_000);
    await expect(process.ask('storm', 'user')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', status: 503 });
    const { created } = process;
    expect(created.length).toBeGreaterThan(0);
    await process.comesInto('degraded');
    expect(await process.ask('lostInStorm', created)).toEqual([]);
    limit('unlimited');
    await process.until('up', HEALS_WITHIN);
    expect(await process.ask('insert', userNamed('healed'))).toBe(true);
    await process.kill();
    const restarted = await StoreProcess.start(file);
    expect(await restarted.ask('lostInStorm', created)).toEqual([]);
    expect(await restarted.ask('names')).toEqual(expect.arrayContaining(['first', 'healed']));
    expect(integrityOf(file)).toBe('ok');
  });
});
