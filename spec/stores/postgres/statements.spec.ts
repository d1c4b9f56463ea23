import type { StoredUser } from 'kapacitor-auth';
import pg from 'pg';
import { expect, inject, it, onTestFinished } from 'vitest';
import type { Statement } from '../../../lib/stores/postgres/driver.js';
import { TableNames } from '../../../lib/stores/postgres/schema.js';
import { Statements, toFoundUser } from '../../../lib/stores/postgres/statements.js';
import { openPostgres, ownSchema, schemaOf, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

/** A table without users, in a transaction that is rolled back, and the statements for it. */
async function beginOnTable() {
  const url = ownSchema();
  await openPostgres(url);
  const client = new pg.Client(inject('postgresUrl'));
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  const statements = new Statements(new TableNames({ schema: schemaOf(url) }));
  const ask = ({ text, values = [] }: Statement) => client.query(text, [...values]);
  const versionOf = async ({ name }: StoredUser) => toFoundUser((await ask(statements.find(name))).rows[0]).version;
  return { client, table: usersTable(url), statements, ask, versionOf };
}

it('a row is another one if only its revision is, as it can be when a server that crashed uses a number and a place again', async () => {
  const { client, table, statements, ask, versionOf } = await beginOnTable();
  const place = async () => (await client.query(`SELECT xmin, ctid FROM ${table}`)).rows;
  const before = userNamed('someone', { revision: '1' });
  await ask(statements.insert(before));
  const known = { name: 'someone', version: await versionOf(before) };
  const placeBefore = await place();
  expect((await ask(statements.changed([known]))).rows).toEqual([]);

  // In one transaction an emptied table is filled again from its beginning.
  await client.query(`TRUNCATE ${table}`);
  await ask(statements.insert({ ...before, revision: '2' }));
  expect(await place()).toEqual(placeBefore);
  expect((await ask(statements.changed([known]))).rows).toEqual([{ name: 'someone' }]);
});

it('a look finds those who have been changed or removed, and not who is as before', async () => {
  const { client, table, statements, ask, versionOf } = await beginOnTable();
  const users = ['same', 'changed', 'removed'].map((name) => userNamed(name));
  for (const user of users) await ask(statements.insert(user));
  const known: { name: string; version: string }[] = [];
  for (const user of users) known.push({ name: user.name, version: await versionOf(user) });
  await client.query(`UPDATE ${table} SET enabled = false WHERE name = 'changed'`);
  await client.query(`DELETE FROM ${table} WHERE name = 'removed'`);
  const { rows } = await ask(statements.changed(known));
  expect(rows.map(({ name }) => name).toSorted()).toEqual(['changed', 'removed']);
});
