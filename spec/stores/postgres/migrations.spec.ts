import { describe, expect, it, onTestFinished } from 'vitest';
import { Connections } from '../../../lib/stores/postgres/connections.js';
import { connectionSource } from '../../../lib/stores/postgres/driver.js';
import { migrate } from '../../../lib/stores/postgres/migrate.js';
import { TableNames } from '../../../lib/stores/postgres/schema.js';
import { parseStoreUrl } from '../../../lib/stores/postgres/url.js';
import { openPostgres, ownSchema, psql, schemaOf, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

type Migrations = Parameters<typeof migrate>[2];

/** Each stands for one that a later version may bring. */
const FIRST: Migrations = [({ users }) => `CREATE TABLE ${users} (name text COLLATE "C" PRIMARY KEY);`];
const SECOND: Migrations = [...FIRST, ({ users }) => `ALTER TABLE ${users} ADD COLUMN second text DEFAULT 'there';`];
const THIRD: Migrations = [...SECOND, ({ users }) => `ALTER TABLE ${users} ADD COLUMN third text DEFAULT 'there';`];
const FAILING: Migrations = [...SECOND, ({ users }) => `ALTER TABLE ${users} DROP COLUMN second; SELECT 1 / 0;`];

/** Starts as a version that knows these migrations. */
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
  it('is made at the start of a version that brings it, and keeps the users', async () => {
    const url = ownSchema();
    await start(url, FIRST);
    await insertSomeone(url);
    await start(url, SECOND);
    expect(await usersOf(url)).toEqual([{ name: 'someone', second: 'there' }]);
    expect(await versionOf(url)).toEqual([2]);
  });

  it('follows the ones before it where several are missing, or all', async () => {
    const [some, all] = [ownSchema(), ownSchema()];
    await start(some, FIRST);
    for (const url of [some, all]) {
      await start(url, THIRD);
      await insertSomeone(url);
      expect(await usersOf(url)).toEqual([{ name: 'someone', second: 'there', third: 'there' }]);
      expect(await versionOf(url)).toEqual([3]);
    }
  });

  it('is made once when twenty start at the same time', async () => {
    const url = ownSchema();
    await start(url, FIRST);
    await insertSomeone(url);
    await Promise.all(Array.from({ length: 20 }, () => start(url, THIRD)));
    expect(await usersOf(url)).toEqual([{ name: 'someone', second: 'there', third: 'there' }]);
    expect(await versionOf(url)).toEqual([3]);
  });

  it('leaves everything as it was if it fails, and so do those before it; the next start works', async () => {
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

  it('leaves nothing at all if it fails at the first start', async () => {
    const url = ownSchema();
    await expect(start(url, FAILING)).rejects.toThrow('division by zero');
    expect(await psql(url, 'SELECT FROM pg_namespace WHERE nspname = $1', [schemaOf(url)])).toEqual([]);
    await (await openPostgres(url)).insert(userNamed('someone'));
  });

  it('that adds a column, made by a later version, does not disturb this one at work', async () => {
    const url = ownSchema();
    const repository = await openPostgres(url);
    await repository.insert(userNamed('someone'));
    await psql(url, `ALTER TABLE ${usersTable(url)} ADD COLUMN more text NOT NULL DEFAULT ''`);
    expect(await repository.replace(userNamed('someone', { revision: '2' }), '1')).toBe('replaced');
    expect(await repository.find('someone')).toMatchObject({ revision: '2' });
  });
});
