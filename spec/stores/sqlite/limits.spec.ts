import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SharedCounts } from '../../../lib/authentication/shared-counts.js';
import { connect, openRepository, storeFile } from '../../support/sqlite-repository.js';

const PAIR = { keyPrefix: 'pair', points: 10, duration: 600 };
const HOUR = 3_600_000;

function setUp() {
  const file = storeFile();
  const repository = openRepository(file);
  const connection = connect(file);
  /** Adds keys of a limit. The windows of the first ones end first. */
  const fill = (prefix: string, count: number, ends: number) =>
    connection.run({
      text: `WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers LIMIT ${count})
        INSERT INTO limits SELECT $1 || ':' || printf('%044d', number), 1, $2 + number FROM numbers`,
      values: [prefix, ends],
    });
  const keysOf = (prefix: string) =>
    connection.first({
      text: 'SELECT count(*) AS count, min(key) AS first FROM limits WHERE substr(key, 1, length($1)) = $1',
      values: [`${prefix}:`],
    });
  return { file, repository, limits: repository.limits, connection, fill, keysOf };
}

const keyOf = (prefix: string, number: number) => `${prefix}:${String(number).padStart(44, '0')}`;

describe('the counts of failed logins in a file', () => {
  it('are those of all processes, and stay when one is started anew', async () => {
    const { file, repository, limits } = setUp();
    const other = openRepository(file);
    await limits.limiter(PAIR).penalty('key');
    expect(await other.limits.limiter(PAIR).penalty('key')).toMatchObject({ consumedPoints: 2 });
    await Promise.all([repository.close(), other.close()]);
    expect(await openRepository(file).limits.limiter(PAIR).get('key')).toMatchObject({ consumedPoints: 2 });
  });

  it('are counted in windows of any length, which end with a whole second', async () => {
    const { limits, connection } = setUp();
    const counts = new SharedCounts(limits, (reason) => {
      throw reason;
    });
    for (const window of [1, 8_571.43, 1_001]) {
      const counter = counts.counter(`window${window}`, 1, window);
      expect([await counter.add('key'), await counter.add('key')]).toEqual([0, expect.any(Number)]);
    }
    counts.close();
    expect(connection.all({ text: 'SELECT DISTINCT points FROM limits', values: [] })).toMatchObject([{ points: 2 }]);
  });

  it('make no process read users again', async () => {
    const { limits, connection } = setUp();
    const generation = () => connection.first({ text: 'SELECT * FROM generation', values: [] });
    const before = generation();
    await limits.limiter(PAIR).penalty('key');
    await limits.sweep?.();
    expect(generation()).toEqual(before);
  });

  it('are refused by a repository that is closed', async () => {
    const { repository, limits } = setUp();
    await repository.close();
    await expect(limits.limiter(PAIR).get('key')).rejects.toThrow('closed');
    await expect(limits.sweep?.()).rejects.toThrow('closed');
  });
});

describe('a sweep of a file', () => {
  it('removes ended windows in portions, and no other', async () => {
    const { limits, fill, keysOf } = setUp();
    fill('pair', 25_000, Date.now() - HOUR);
    fill('user', 20, Date.now() + HOUR);
    const left: unknown[] = [];
    for (let sweep = 0; sweep < 2; sweep += 1) {
      await limits.sweep?.();
      left.push(keysOf('pair')?.['count']);
    }
    expect(left).toEqual([5_000, 0]);
    expect(keysOf('user')).toMatchObject({ count: 20 });
  });

  it('leaves 100,000 keys, whose windows end last, and as many known clients', async () => {
    const { limits, fill, keysOf } = setUp();
    fill('known', 100_003, Date.now() + HOUR);
    fill('client', 1_000, Date.now() + 2 * HOUR);
    fill('pair', 121_500, Date.now() + HOUR);
    await limits.sweep?.();
    expect(keysOf('pair')).toMatchObject({ count: 101_500, first: keyOf('pair', 20_001) });
    await limits.sweep?.();
    expect(keysOf('pair')).toMatchObject({ count: 99_000, first: keyOf('pair', 22_501) });
    expect(keysOf('client')).toMatchObject({ count: 1_000, first: keyOf('client', 1) });
    expect(keysOf('known')).toMatchObject({ count: 100_000, first: keyOf('known', 4) });
  });

  it('leaves room in the file for the next keys', async () => {
    const { file, limits, fill, connection } = setUp();
    const sizes: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      fill(`round${round}`, 10_000, Date.now() - HOUR);
      await limits.sweep?.();
      connection.execute('PRAGMA wal_checkpoint(TRUNCATE)');
      sizes.push(statSync(file).size);
    }
    expect(sizes[3]).toBe(sizes[1]);
  });
});
