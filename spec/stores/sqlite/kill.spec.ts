import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqliteUserRepository } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { integrityOf } from '../../support/integrity.js';
import { NEWEST_FORMAT, storeOfFormat2WithSecrets } from '../../support/sqlite-formats.js';
import { connect, openRepository, storeFile } from '../../support/sqlite-repository.js';
import { StoreProcess } from '../../support/store-process.js';
import { keyOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';
import { lostInStorm } from '../../support/storm.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

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

describe('kill -9 while failed logins are counted', () => {
  it('loses no answered count, and the file is sound', async () => {
    const file = storeFile();
    let counted = 0;
    for (let round = 0; round < 3; round += 1) {
      const process = await StoreProcess.start(file);
      const asked = Array.from({ length: 2_000 }, async () => {
        counted = Math.max(counted, await process.ask('countFailure', 'key'));
      });
      const before = counted;
      await vi.waitUntil(() => counted > before + 20, { timeout: 10_000, interval: 1 });
      await process.kill();
      expect((await Promise.allSettled(asked)).some(({ status }) => status === 'rejected')).toBe(true);
      expect(integrityOf(file)).toBe('ok');
    }
    const limiter = openRepository(file).limits.limiter({ keyPrefix: 'pair', points: 10, duration: 600 });
    expect((await limiter.get('key'))?.consumedPoints).toBeGreaterThanOrEqual(counted);
  });
});

describe('kill -9 during an upgrade', () => {
  it.each([
    ['right before its end,', 'PRAGMA user_version', 2],
    ['right after its end,', 'COMMIT', NEWEST_FORMAT],
  ])('%s it is done or not, and loses nobody', async (_when, statement, format) => {
    const file = storeOfFormat2WithSecrets();
    const preload = join(temporaryFolder(), 'preload.cjs');
    writeFileSync(
      preload,
      `const { createRequire } = require('node:module');
      const load = createRequire(${JSON.stringify(join(process.cwd(), 'package.json'))});
      const Database = process.getBuiltinModule('node:sqlite')?.DatabaseSync ?? load('better-sqlite3');
      const { exec } = Database.prototype;
      Database.prototype.exec = function (sql) {
        exec.call(this, sql);
        if (sql.includes(${JSON.stringify(statement)})) process.kill(process.pid, 'SIGKILL');
      };`,
    );
    const env = { NODE_OPTIONS: `--no-warnings --require ${preload}` };
    await expect(StoreProcess.start(file, { env })).rejects.toThrow('the process has ended: SIGKILL');
    expect(connect(file).value('PRAGMA user_version')).toBe(format);
    expect(integrityOf(file)).toBe('ok');
    const repository = openRepository(file);
    for (let number = 6; number <= 1_000; number += 1) {
      expect(repository.find(`user${number}`)).toEqual(userNamed(`user${number}`));
    }
    expect(repository.secrets.find(keyOf('user1').digest)).toEqual(keyOf('user1'));
  });
});
