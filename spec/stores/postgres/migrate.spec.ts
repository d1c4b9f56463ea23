import { StoreError } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Connections } from '../../../lib/stores/postgres/connections.js';
import type { Statement } from '../../../lib/stores/postgres/driver.js';
import { connectionSource } from '../../../lib/stores/postgres/driver.js';
import { migrate } from '../../../lib/stores/postgres/migrate.js';
import { MIGRATIONS } from '../../../lib/stores/postgres/schema.js';
import { TableNames } from '../../../lib/stores/postgres/table-names.js';
import { parseStoreUrl } from '../../../lib/stores/postgres/url.js';
import { openPostgres, ownDatabase, ownSchema, psql, schemaOf, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

type Migrations = Parameters<typeof migrate>[2];

/** Each list stands for a later version of the package. */
const FIRST: Migrations = [({ users }) => `CREATE TABLE ${users} (name text COLLATE "C" PRIMARY KEY);`];
const SECOND: Migrations = [...FIRST, ({ users }) => `ALTER TABLE ${users} ADD COLUMN second text DEFAULT 'there';`];
const THIRD: Migrations = [...SECOND, ({ users }) => `ALTER TABLE ${users} ADD COLUMN third text DEFAULT 'there';`];
const FAILING: Migrations = [...SECOND, ({ users }) => `ALTER TABLE ${users} DROP COLUMN second; SELECT 1 / 0;`];

/** Starts a version that has these migrations. */
async function start(url: string, migrations: Migrations): Promise<void> {
  const connections = new Connections(connectionSource(parseStoreUrl(url)));
  onTestFinished(() => connections.close(() => new Error('closed')));
  await migrate(connections, new TableNames(parseStoreUrl(url)), migrations);
}

const usersOf = (url: string) => psql(url, `SELECT * FROM ${usersTable(url)}`);
const insertSomeone = (url: string) => psql(url, `INSERT INTO ${usersTable(url)} VALUES ('someone')`);
const versionOf = async (url: string) =>
  (await psql(url, `SELECT version FROM "${schemaOf(url)}".kapacitor_auth_users_version`)).map(
    ({ version }) => version,
  );

describe('a migration', () => {
  it('runs at the start of a version that has it, and keeps the users', async () => {
    const url = ownSchema();
    await start(url, FIRST);
    await insertSomeone(url);
    await start(url, SECOND);
    expect(await usersOf(url)).toEqual([{ name: 'someone', second: 'there' }]);
    expect(await versionOf(url)).toEqual([2]);
  });

  it('follows the ones before it if several are missing, or all', async () => {
    const [some, all] = [ownSchema(), ownSchema()];
    await start(some, FIRST);
    for (const url of [some, all]) {
      await start(url, THIRD);
      await insertSomeone(url);
      expect(await usersOf(url)).toEqual([{ name: 'someone', second: 'there', third: 'there' }]);
      expect(await versionOf(url)).toEqual([3]);
    }
  });

  it('runs once if twenty processes start at the same time', async () => {
    const url = ownSchema();
    await start(url, FIRST);
    await insertSomeone(url);
    await Promise.all(Array.from({ length: 20 }, () => start(url, THIRD)));
    expect(await usersOf(url)).toEqual([{ name: 'someone', second: 'there', third: 'there' }]);
    expect(await versionOf(url)).toEqual([3]);
  });

  it('leaves everything as it was if it fails, and so do those before it; the next start succeeds', async () => {
    const url = ownSchema();
    await start(url, FIRST);
    await insertSomeone(url);
    await expect(start(url, FAILING)).rejects.toMatchObject({ code: '22012', message: 'division by zero' });
    expect(await usersOf(url)).toEqual([{ name: 'someone' }]);
    expect(await versionOf(url)).toEqual([1]);
    await start(url, THIRD);
    expect(await usersOf(url)).toEqual([{ name: 'someone', second: 'there', third: 'there' }]);
    expect(await versionOf(url)).toEqual([3]);
  });

  it('leaves nothing if it fails at the first start', async () => {
    const url = ownSchema();
    await expect(start(url, FAILING)).rejects.toThrow('division by zero');
    expect(await psql(url, 'SELECT FROM pg_namespace WHERE nspname = $1', [schemaOf(url)])).toEqual([]);
    await (await openPostgres(url)).insert(userNamed('someone'));
  });

  it('that adds a column in a later version does not disturb this version', async () => {
    const url = ownSchema();
    const repository = await openPostgres(url);
    await repository.insert(userNamed('someone'));
    await psql(url, `ALTER TABLE ${usersTable(url)} ADD COLUMN more text NOT NULL DEFAULT ''`);
    expect(await repository.replace(userNamed('someone', { revision: '2' }), '1')).toBe('replaced');
    expect(await repository.find('someone')).toMatchObject({ revision: '2' });
  });
});

/** The error of open(). */
async function refusalOf(url: string): Promise<unknown> {
  const repository = new PostgresUserRepository(url);
  onTestFinished(() => repository.close());
  return repository.open().catch((error: unknown) => error);
}

/** The URL of a schema with an up-to-date table. */
async function madeSchema(): Promise<string> {
  const url = ownSchema();
  await (await openPostgres(url)).close();
  return url;
}

const versionTable = (url: string) => `"${schemaOf(url)}".kapacitor_auth_users_version`;

describe('a repository that cannot be opened reports', () => {
  it('a table of a newer version, and does not change it', async () => {
    const url = await madeSchema();
    await psql(url, `UPDATE ${versionTable(url)} SET version = 7`);
    const error = await refusalOf(url);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: `the table ${usersTable(url)} has version 7, and this version of kapacitor-auth knows 5: install a newer one`,
    });
    expect(await psql(url, `SELECT version FROM ${versionTable(url)}`)).toEqual([{ version: 7 }]);
  });

  it('a missing table that existed before, and makes no empty one', async () => {
    const url = await madeSchema();
    await psql(url, `DROP TABLE ${usersTable(url)} CASCADE`);
    const others = ['version', 'secrets', 'logins', 'limits', 'grants'].map((name) =>
      usersTable(url).replace(/"$/, `_${name}"`),
    );
    const error = await refusalOf(url);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      message:
        `the table ${usersTable(url)} is missing, although ${usersTable(url).replace(/"$/, '_version"')} exists: ` +
        `restore it, or drop ${others.slice(0, -1).join(', ')} and ${others.at(-1)} to start anew`,
    });
    expect(await psql(url, 'SELECT to_regclass($1)', [usersTable(url)])).toEqual([{ to_regclass: null }]);
    await psql(url, `DROP TABLE ${others.join(', ')}`);
    const repository = await openPostgres(url);
    expect(await repository.insert(userNamed('someone'))).toBe(true);
  });

  it.each([
    ['table', 'CREATE TABLE % (name text)'],
    ['view', 'CREATE VIEW % AS SELECT 1'],
    ['sequence', 'CREATE SEQUENCE %'],
  ])('another %s of the same name, and does not change it', async (_kind, create) => {
    const url = ownSchema();
    await psql(url, `CREATE SCHEMA "${schemaOf(url)}"; ${create.replace('%', usersTable(url))}`);
    const error = await refusalOf(url);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      message:
        'another relation has a name that the store needs (relation "kapacitor_auth_users" already exists): ' +
        'name another table',
      cause: expect.objectContaining({ code: '42P07' }),
    });
    expect(await psql(url, 'SELECT to_regclass($1)', [versionTable(url)])).toEqual([{ to_regclass: null }]);
  });

  it('a table for the version without a version', async () => {
    const url = await madeSchema();
    await psql(url, `DELETE FROM ${versionTable(url)}`);
    expect(await refusalOf(url)).toMatchObject({
      message:
        'another relation has a name that the store needs (relation "kapacitor_auth_users_version" already exists): ' +
        'name another table',
    });
  });

  it('an encoding that cannot store every name', async () => {
    const url = await ownDatabase(`ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`);
    const error = await refusalOf(url);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      message:
        'the database has the encoding LATIN1, which cannot store every name: ' +
        "create one with  ENCODING 'UTF8' TEMPLATE template0",
    });
    expect(await psql(url, `SELECT FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
  });

  it.each([
    [
      'that the server is too old',
      { version: '13.21 (Debian)', number: '130021', encoding: 'UTF8', is_standby: 'false' },
      'PostgreSQL 14 or later is needed, and this is 13.21 (Debian)',
    ],
    [
      'that the server is a standby',
      { version: '14.0', number: '140000', encoding: 'UTF8', is_standby: 'true' },
      'the server is a standby, which sees changes late and sends no notifications: connect to the primary server',
    ],
  ])('%s, and asks nothing more', async (_what, server, message) => {
    const asked: string[] = [];
    const connections = {
      use: (_milliseconds: number, work: (ask: unknown) => Promise<void>) =>
        work(async ({ text }: Statement) => {
          asked.push(text);
          return { rows: [server] };
        }),
    } as unknown as Connections;
    const error = await migrate(connections, new TableNames(), MIGRATIONS).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', message });
    expect(asked).toEqual([expect.stringContaining('pg_is_in_recovery()')]);
  });

  it('the message of the server, if the database is missing', async () => {
    const url = `${(await ownDatabase()).replace(/[^/]*$/, 'nowhere')}`;
    expect(await refusalOf(url)).toMatchObject({ code: '3D000', message: 'database "nowhere" does not exist' });
  });

  it('the same to a request before it is open', async () => {
    const repository = new PostgresUserRepository(`${(await ownDatabase()).replace(/[^/]*$/, 'nowhere')}`);
    onTestFinished(() => repository.close());
    await expect(repository.find('someone')).rejects.toMatchObject({ code: '3D000' });
  });

  it('nothing after the problem is solved, because it opens', async () => {
    const url = await madeSchema();
    await psql(url, `UPDATE ${versionTable(url)} SET version = 7`);
    const repository = new PostgresUserRepository(url);
    onTestFinished(() => repository.close());
    await expect(repository.open()).rejects.toThrow('version 7');
    await psql(url, `UPDATE ${versionTable(url)} SET version = ${MIGRATIONS.length}`);
    await repository.open();
    expect(await repository.find('someone')).toBeUndefined();
  });
});
