import { SqliteUserRepository } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { integrityOf } from '../../support/integrity.js';
import { storeFile } from '../../support/sqlite-repository.js';
import { StoreProcess } from '../../support/store-process.js';
import { lostInStorm } from '../../support/storm.js';

const ROUNDS = 30;
const WRITERS = 3;

describe('kill -9', () => {
  it('during three storms of changes loses no answered user and no answered key, and brings no deleted key back', {
    timeout: 120_000,
  }, async () => {
    const file = storeFile();
    let answered = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const writers = await Promise.all(Array.from({ length: WRITERS }, () => StoreProcess.start(file)));
      for (const [index, writer] of writers.entries()) writer.storm(`round${round}-${index}`);
      const created = () => writers.flatMap((writer) => writer.created);
      await vi.waitUntil(() => created().length >= 40 + 7 * round, { timeout: 10_000, interval: 1 });
      await Promise.all(writers.map((writer) => writer.kill()));
      const repository = new SqliteUserRepository(file);
      expect(await lostInStorm(repository, created())).toEqual([]);
      answered += created().length;
      await repository.close();
      expect(integrityOf(file)).toBe('ok');
    }
    expect(answered).toBeGreaterThan(ROUNDS * 40);
  });
});
