import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { SharedCounts } from '../../../lib/authentication/shared-counts.js';
import { TableNames } from '../../../lib/stores/postgres/table-names.js';
import {
  openPostgres,
  ownDatabase,
  ownPool,
  ownRole,
  ownSchema,
  psql,
  schemaOf,
} from '../../support/postgres-repository.js';

const PAIR = { keyPrefix: 'pair', points: 10, duration: 600 };
const HOUR = 3_600_000;
/** A sweep that removes so many rows also vacuums. */
const VACUUMED = 10_000;

async function setUp(url = ownSchema()) {
  const schema = schemaOf(url) ?? 'public';
  const { limits: table } = new TableNames({ schema });
  const repository = await openPostgres(url);
  /** Adds keys of a limit. The windows of the first ones end first. */
  const fill = (prefix: string, count: number, ends: number) =>
    psql(
      url,
      `INSERT INTO ${table} SELECT $1 || ':' || lpad(number::text, 44, '0'), 1, $2::bigint + number
        FROM generate_series(1, $3::int) AS number`,
      [prefix, ends, count],
    );
  const keysOf = async (prefix: string) =>
    (await psql(url, `SELECT count(*)::int, min(key) AS first FROM ${table} WHERE key LIKE $1`, [`${prefix}:%`]))[0];
  return { url, schema, table, limits: repository.limits, fill, keysOf };
}

const keyOf = (prefix: string, number: number) => `${prefix}:${String(number).padStart(44, '0')}`;

describe('the counts of failed logins in a table', () => {
  it('are those of all processes, and stay when one is started anew', async () => {
    const { url, limits } = await setUp();
    const other = await openPostgres(url);
    await limits.limiter(PAIR).penalty('key');
    expect(await other.limits.limiter(PAIR).penalty('key')).toMatchObject({ consumedPoints: 2 });
    await other.close();
    expect(await (await openPostgres(url)).limits.limiter(PAIR).get('key')).toMatchObject({ consumedPoints: 2 });
  });

  it('are counted in windows of any length, which end with a whole second', async () => {
    const { url, table, limits } = await setUp();
    const counts = new SharedCounts(limits, (reason) => {
      throw reason;
    });
    for (const window of [1, 8_571.43, 1_001]) {
      const counter = counts.counter(`window${window}`, 1, window);
      expect([await counter.add('key'), await counter.add('key')]).toEqual([0, expect.any(Number)]);
    }
    counts.close();
    expect(await psql(url, `SELECT DISTINCT points FROM ${table}`)).toEqual([{ points: 2 }]);
  });

  it.each([
    ['capitals', 'Schema', 'Users'],
    ['quotes', `s"c'h`, `"u"';--`],
    ['dollars and percent signs', '$$s$1%20', '$$t%20&?'],
    ['other scripts', 'схема', '使用者 ä'],
  ])('are kept in a schema and beside a table with %s in the name', async (_what, schema, table) => {
    const url = await ownDatabase();
    const { limits } = await openPostgres(ownPool(url), { schema, table });
    const limiter = limits.limiter(PAIR);
    await limiter.penalty('key');
    await limiter.reward('key');
    await limiter.set('key', 7, 600);
    await limits.sweep();
    expect(await limiter.get('key')).toMatchObject({ consumedPoints: 7 });
    expect(await psql(url, `SELECT key, points FROM ${new TableNames({ schema, table }).limits}`)).toEqual([
      { key: 'pair:key', points: 7 },
    ]);
  });

  it('need one connection, and statements without names, which a pool such as pgbouncer gives to any connection', async () => {
    const url = ownSchema();
    const names: unknown[] = [];
    class Client extends pg.Client {
      override query(...asked: any[]): any {
        names.push(asked[0].name);
        return super.query(...(asked as [any]));
      }
    }
    const pool = ownPool(url, { max: 1, Client });
    const { limits } = await openPostgres(pool, { schema: schemaOf(url) as string });
    const limiter = limits.limiter(PAIR);
    await Promise.all([...Array.from({ length: 30 }, () => limiter.penalty('key')), limits.sweep()]);
    expect(await limiter.get('key')).toMatchObject({ consumedPoints: 30 });
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => name !== undefined)).toEqual([]);
  });

  it('are read by an app whose own pool parses numbers', async () => {
    const url = ownSchema();
    const pool = ownPool(url, { types: { getTypeParser: () => () => 'parsed' } } as pg.PoolConfig);
    const { limits } = await openPostgres(pool, { schema: schemaOf(url) as string });
    expect(await limits.limiter(PAIR).penalty('key')).toMatchObject({ consumedPoints: 1 });
  });

  it('are refused by a repository that is closed', async () => {
    const repository = new PostgresUserRepository(ownSchema());
    await repository.open();
    await repository.close();
    await expect(repository.limits.limiter(PAIR).get('key')).rejects.toThrow('closed');
    await expect(repository.limits.sweep()).rejects.toThrow('closed');
  });
});

describe('a sweep of a table', () => {
  it('removes ended windows in portions, and no other', async () => {
    const { limits, fill, keysOf } = await setUp();
    await fill('pair', 25_000, Date.now() - HOUR);
    await fill('user', 20, Date.now() + HOUR);
    const left: unknown[] = [];
    for (let sweep = 0; sweep < 2; sweep += 1) {
      await limits.sweep();
      left.push((await keysOf('pair')).count);
    }
    expect(left).toEqual([5_000, 0]);
    expect(await keysOf('user')).toMatchObject({ count: 20 });
  });

  it('leaves 100,000 keys, whose windows end last, and as many known clients', async () => {
    const { limits, fill, keysOf } = await setUp();
    await fill('known', 100_003, Date.now() + HOUR);
    await fill('client', 1_000, Date.now() + 2 * HOUR);
    await fill('pair', 121_500, Date.now() + HOUR);
    await limits.sweep();
    expect(await keysOf('pair')).toEqual({ count: 101_500, first: keyOf('pair', 20_001) });
    await limits.sweep();
    expect(await keysOf('pair')).toEqual({ count: 99_000, first: keyOf('pair', 22_501) });
    expect(await keysOf('client')).toEqual({ count: 1_000, first: keyOf('client', 1) });
    expect(await keysOf('known')).toEqual({ count: 100_000, first: keyOf('known', 4) });
  });

  it('releases the room of what it removes, so that the table does not grow', async () => {
    // Transactions of others in the database would keep the room, and those in the whole server the room of the indexes.
    const { url, table, limits, fill } = await setUp(await ownDatabase());
    const sizes: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      await fill(`round${round}`, VACUUMED, Date.now() - HOUR);
      await limits.sweep();
      sizes.push((await psql(url, `SELECT pg_relation_size('${table}')::int AS bytes`))[0].bytes);
    }
    expect(sizes[3]).toBeLessThan(1.5 * (sizes[0] as number));
  });

  it('by a role that does not own the table removes keys, and leaves their room to the server', async () => {
    const { url, schema, fill, keysOf } = await setUp();
    const { role, url: asRole } = await ownRole(url);
    await psql(
      url,
      `GRANT USAGE ON SCHEMA "${schema}" TO "${role}";
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${role}"`,
    );
    await fill('pair', VACUUMED, Date.now() - HOUR);
    const { limits } = await openPostgres(asRole);
    await limits.sweep();
    expect(await keysOf('pair')).toMatchObject({ count: 0 });
  });

  it('passes over keys that another process removes or counts at the same moment', async () => {
    const { url, table, limits, fill, keysOf } = await setUp();
    await fill('pair', 10, Date.now() - HOUR);
    const other = new pg.Client(url.replace(/\?.*/, ''));
    await other.connect();
    await other.query(`BEGIN; UPDATE ${table} SET points = 2 WHERE key = '${keyOf('pair', 1)}'`);
    await limits.sweep();
    await other.query('COMMIT');
    await other.end();
    expect(await keysOf('pair')).toEqual({ count: 1, first: keyOf('pair', 1) });
  });
});
