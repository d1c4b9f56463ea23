import { describe, expect, it } from 'vitest';
import { AppInProcess } from '../../support/app-in-process.js';
import { slowSync } from '../../support/slow-sync.js';
import { openRepository, storeFile } from '../../support/sqlite-repository.js';
import { StoreProcess } from '../../support/store-process.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Milliseconds that each wait for the disk lasts longer. */
const SLOW = 500;

/** Milliseconds, for longer than a test lasts. */
const HANGS = 600_000;

describe('a disk that hangs', () => {
  it('is detected, users are found as usual, and close() ends', { timeout: 30_000 }, async () => {
    const file = storeFile();
    const before = openRepository(file);
    await before.insert(userNamed('someone'));
    const process = await StoreProcess.start(file, { env: slowSync(HANGS, temporaryFolder()) });
    const inserting = Promise.allSettled([process.ask('insert', userNamed('first'))]);
    const late = Promise.allSettled([process.ask('insert', userNamed('second'))]);
    await process.until('degraded', 8_000);
    expect(process.states.at(-1)?.reason).toBe('changes fail: the disk has not answered for 4 seconds');
    expect(await process.ask('find', 'someone')).toEqual(userNamed('someone'));
    const [second] = await late;
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'OVERLOADED' } });
    await process.ask('close');
    const [first] = await inserting;
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } });
  });
});

describe('a slow disk', () => {
  it('delays changes, and not the event loop', async () => {
    const file = storeFile();
    const before = await AppInProcess.start(file);
    expect((await before.create('someone')).status).toBe(200);
    await before.kill();
    const app = await AppInProcess.start(file, { env: slowSync(SLOW, temporaryFolder()) });
    expect(await app.status('someone')).toBe(200);
    await app.heldUp();
    const from = performance.now();
    let isCreated = false;
    const creations = Promise.all(Array.from({ length: 5 }, (_, index) => app.create(`user${index}`)));
    const created = creations.finally(() => {
      isCreated = true;
    });
    let served = 0;
    while (!isCreated) {
      expect(await app.status('someone')).toBe(200);
      served += 1;
    }
    expect((await created).map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(performance.now() - from).toBeGreaterThan(SLOW);
    expect(served).toBeGreaterThan(10);
    expect(await app.heldUp()).toBeLessThan(SLOW / 2);
  });
});
