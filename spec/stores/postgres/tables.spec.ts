import { ConfigError } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TableNames } from '../../../lib/stores/postgres/table-names.js';
import { openPostgres, ownDatabase, ownPool, ownSchema, psql, schemaOf } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

const tablesOf = async (url: string) =>
  (await psql(url, 'SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1', [schemaOf(url)])).map(
    ({ tablename }) => tablename,
  );

/** The table of users, and those beside it. */
const partsOf = (table: string) =>
  ['', '_grants', '_limits', '_logins', '_secrets', '_version'].map((part) => table + part);
const TABLES = partsOf('kapacitor_auth_users');

describe('the schema', () => {
  it('is made at the start, with all tables', async () => {
    const url = ownSchema();
    expect(await tablesOf(url)).toEqual([]);
    await openPostgres(url);
    expect(await tablesOf(url)).toEqual(TABLES);
    expect(await psql(url, `SELECT version FROM "${schemaOf(url)}".kapacitor_auth_users_version`)).toEqual([
      { version: 5 },
    ]);
  });

  it('is public by default', async () => {
    const url = await ownDatabase();
    await openPostgres(url);
    expect(await psql(url, 'SELECT name FROM public.kapacitor_auth_users')).toEqual([]);
  });

  it('is made once if twenty repositories start at the same time, and all of them open', async () => {
    const url = ownSchema();
    const repositories = Array.from({ length: 20 }, () => new PostgresUserRepository(url));
    onTestFinished(async () => {
      await Promise.all(repositories.map((repository) => repository.close()));
    });
    await Promise.all(repositories.map((repository) => repository.open()));
    expect(await tablesOf(url)).toEqual(TABLES);
    expect(await psql(url, `SELECT version FROM "${schemaOf(url)}".kapacitor_auth_users_version`)).toEqual([
      { version: 5 },
    ]);
    await repositories[0]?.insert(userNamed('someone'));
    for (const repository of repositories) expect(await repository.find('someone')).toMatchObject({ name: 'someone' });
  });

  it('is not changed by the next start, which writes nothing', async () => {
    const url = ownSchema();
    await openPostgres(url);
    // A read-only connection cannot have written.
    const pool = ownPool(url, { options: '-c default_transaction_read_only=on' });
    const repository = await openPostgres(pool, { schema: schemaOf(url) });
    expect(await repository.find('someone')).toBeUndefined();
  });
});

describe('a schema and a table of the app’s choice', () => {
  it.each([
    ['capitals', 'Schema', 'Users'],
    ['spaces', 'my schema', ' users of mine '],
    ['quotes', `s"c'h"`, `"u"';--`],
    ['dots, which divide nothing', 'a.b', 'c.d'],
    ['words of SQL', 'select', 'user'],
    ['other scripts', 'схема', '使用者 ä'],
    ['dollars and percent signs', '$$s$1%20', '$$t%20&?'],
    ['a name of 40 bytes', 's'.repeat(63), 'ü'.repeat(20)],
  ])('may have %s', async (_what, schema, table) => {
    const url = await ownDatabase();
    const inUrl = `${url}?schema=${encodeURIComponent(schema)}&table=${encodeURIComponent(table)}`;
    const [one, two] = [await openPostgres(inUrl), await openPostgres(ownPool(url), { schema, table })];
    await one.insert(userNamed('someone'));
    expect(await two.find('someone')).toMatchObject({ revision: '1' });
    await one.replace(userNamed('someone', { revision: '2' }), '1');
    expect(await two.find('someone')).toMatchObject({ revision: '2' });
    expect(
      (await psql(url, 'SELECT tablename FROM pg_tables WHERE schemaname = $1', [schema]))
        .map((row) => row.tablename)
        .sort(),
    ).toEqual(partsOf(table).sort());
  });

  it('come from the URL if they are not set beside it', async () => {
    const url = `${await ownDatabase()}?schema=of_url&table=of_url`;
    await openPostgres(url, { table: 'of_code' });
    expect(
      await psql(url, `SELECT schemaname, tablename FROM pg_tables WHERE tablename LIKE 'of%' ORDER BY 2`),
    ).toEqual(partsOf('of_code').map((tablename) => ({ schemaname: 'of_url', tablename })));
  });

  it.each([
    ['an empty schema', { schema: '' }, 'schema', 63],
    ['a schema of 64 bytes', { schema: `${'ü'.repeat(31)}ab` }, 'schema', 63],
    ['a NUL in the schema', { schema: 'a\0b' }, 'schema', 63],
    ['a schema that is no text', { schema: 5 as any }, 'schema', 63],
    ['an empty table', { table: '' }, 'table', 40],
    ['a table of 41 bytes', { table: `${'ü'.repeat(20)}a` }, 'table', 40],
    ['a NUL in the table', { table: '\0' }, 'table', 40],
    ['a table that is no text', { table: null as any }, 'table', 40],
  ])('are refused for %s', (_what, table, named, most) => {
    const create = () => new PostgresUserRepository('postgres://host/db', table);
    expect(create).toThrow(ConfigError);
    expect(create).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: `the name of the ${named} in PostgreSQL must have 1 to ${most} bytes`,
      }),
    );
  });
});

describe('two tables in one database', () => {
  it('have separate users', async () => {
    const url = ownSchema();
    const [one, two] = [await openPostgres(`${url}&table=one`), await openPostgres(`${url}&table=two`)];
    await one.insert(userNamed('someone'));
    expect(await two.find('someone')).toBeUndefined();
    expect(await two.insert(userNamed('someone', { revision: 'other' }))).toBe(true);
    await one.remove('someone');
    expect(await two.find('someone')).toMatchObject({ revision: 'other' });
  });

  it.each([
    ['of two names', ['one', 'two'], (table: string) => ({ schema: 'same', table })],
    ['of one name in two schemas', ['one', 'two'], (schema: string) => ({ schema, table: 'same' })],
  ])('%s are separate: neither is notified of the other’s changes', async (_how, both, named) => {
    const url = await ownDatabase();
    const pool = ownPool(url);
    const listener = await pool.connect();
    const heard: unknown[] = [];
    listener.on('notification', ({ channel, payload }) => heard.push([channel, payload]));
    const channels: string[] = [];
    for (const one of both) {
      const { schema, table } = named(one);
      await openPostgres(pool, { schema, table });
      const { channel } = new TableNames({ schema, table });
      channels.push(channel);
      await listener.query(`LISTEN ${channel}`);
      await psql(url, `INSERT INTO "${schema}"."${table}" (name, hash) VALUES ('user of ${one}', '')`);
    }
    heard.length = 0;
    for (const one of both) {
      const { schema, table } = named(one);
      await psql(url, `UPDATE "${schema}"."${table}" SET enabled = false`);
    }
    await expect.poll(() => heard).toEqual(both.map((one, index) => [channels[index], `user of ${one}`]));
    listener.release(true);
  });
});
