import { describe, expect, it } from 'vitest';
import { AppInProcess } from '../../support/app-in-process.js';
import { slowSync } from '../../support/slow-sync.js';
import { storeFile } from '../../support/sqlite-repository.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Milliseconds that each wait for the disk lasts longer. */
const SLOW = 500;

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
