import type { StoredUser } from 'kapacitor-auth';
import { postgresSchema } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import type { Statement } from '../../../lib/stores/postgres/driver.js';
import { Statements, toFoundUser } from '../../../lib/stores/postgres/statements.js';
import { TableNames } from '../../../lib/stores/postgres/table-names.js';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import {
  createDatabase,
  fillTable,
  openPostgres,
  ownSchema,
  psql,
  recordingPool,
  type Sent,
  schemaOf,
  usersTable,
} from '../../support/postgres-repository.js';
import { expectIndex, explain } from '../../support/query-plan.js';
import { userNamed } from '../../support/stored-user.js';

/** An empty table in a transaction that is rolled back, and its statements. */
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

it('the version of a row differs if only its revision does, as after a crash of the server', async () => {
  const { client, table, statements, ask, versionOf } = await beginOnTable();
  const place = async () => (await client.query(`SELECT xmin, ctid FROM ${table}`)).rows;
  const before = userNamed('someone', { revision: '1' });
  await ask(statements.insert(before));
  const known = { name: 'someone', version: await versionOf(before) };
  const placeBefore = await place();
  expect((await ask(statements.changed([known]))).rows).toEqual([]);

  // After TRUNCATE in the same transaction, the first row gets the same place.
  await client.query(`TRUNCATE ${table} CASCADE`);
  await ask(statements.insert({ ...before, revision: '2' }));
  expect(await place()).toEqual(placeBefore);
  expect((await ask(statements.changed([known]))).rows).toEqual([{ name: 'someone' }]);
});

it('a comparison finds changed and removed users, and not unchanged ones', async () => {
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

const USERS = 1_000_000;
const database = await createDatabase();
const schema = 'auth';
const url = `${database.url}?schema=${schema}`;

const nameOf = (index: number) => `user${String(index).padStart(7, '0')}`;

beforeAll(async () => {
  await psql(url, postgresSchema({ schema }));
  // The rows are not stored in the order of their names, so that pages of users are not pages of the file.
  await fillTable(
    url,
    usersTable(url),
    `INSERT INTO ${usersTable(url)} (name, type, hash)
      SELECT 'user' || lpad((i * 7368787 % ${USERS})::text, 7, '0'), CASE WHEN i = 1 THEN 'admin' ELSE 'normal' END,
        '$2b$10$' || repeat('.', 53)
      FROM generate_series(1::bigint, ${USERS}) AS i`,
  );
}, 240_000);

afterAll(database.drop);

/** A repository, and the statements that it sends. */
async function openRecorded() {
  const { pool, sent } = recordingPool(url);
  const repository = await openPostgres(pool, { schema });
  const sentFor = async (action: () => unknown): Promise<Sent[]> => {
    sent.length = 0;
    await action();
    // Without the periodic comparison.
    return sent.filter(({ text }) => !text.includes('unnest') && text.includes('kapacitor_auth_users'));
  };
  return { repository, sent, sentFor };
}

const page = (query: { after?: string | undefined; offset?: number; limit?: number; pattern?: string }) => ({
  pattern: new NamePattern(query.pattern ?? ''),
  after: query.after,
  offset: query.offset ?? 0,
  limit: query.limit ?? 100,
});

describe(`among ${USERS} users, an index serves`, () => {
  it('one user', async () => {
    const { repository, sentFor } = await openRecorded();
    const sent = await sentFor(() => repository.find(nameOf(500_000)));
    expect(sent).toHaveLength(1);
    await expectIndex(url, sent[0], { rows: 1, blocks: 10 });
  });

  it('a missing user', async () => {
    const { repository, sentFor } = await openRecorded();
    const sent = await sentFor(() => repository.find('nobody'));
    expect(sent).toHaveLength(1);
    await expectIndex(url, sent[0], { rows: 0, blocks: 10 });
  });

  it('the first page', async () => {
    const { repository, sentFor } = await openRecorded();
    const sent = await sentFor(async () => {
      expect((await repository.list(page({}))).at(-1)?.name).toBe(nameOf(99));
    });
    expect(sent).toHaveLength(1);
    await expectIndex(url, sent[0], { rows: 100, blocks: 120 });
  });

  it('a prefix', async () => {
    const { repository, sentFor } = await openRecorded();
    const sent = await sentFor(async () => {
      const found = await repository.list(page({ pattern: 'user07*' }));
      expect(found.map(({ name }) => name)).toEqual(Array.from({ length: 100 }, (_, index) => nameOf(700_000 + index)));
    });
    expect(sent).toHaveLength(1);
    await expectIndex(url, sent[0], { rows: 100, blocks: 120 });
  });

  it('a page in the middle, after a name', async () => {
    const { repository, sentFor } = await openRecorded();
    const sent = await sentFor(async () => {
      expect((await repository.list(page({ after: nameOf(500_000) })))[0]?.name).toBe(nameOf(500_001));
    });
    expect(sent).toHaveLength(1);
    await expectIndex(url, sent[0], { rows: 100, blocks: 120 });
  });

  it('a pattern that begins with a prefix: its names, and then those that match', async () => {
    const { repository, sentFor } = await openRecorded();
    const sent = await sentFor(async () => {
      const found = await repository.list(page({ pattern: 'user07*9', limit: 10 }));
      expect(found.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, ten) => nameOf(700_009 + 10 * ten)));
    });
    expect(sent).toHaveLength(2);
    await expectIndex(url, sent[0], { rows: 1_000, blocks: 1_200 });
    await expectIndex(url, sent[1], { rows: 10, blocks: 50 });
  });

  it('the search for another admin', async () => {
    const { repository, sentFor } = await openRecorded();
    const name = nameOf(7_368_787 % USERS);
    const [before] = await psql(url, `SELECT revision FROM ${usersTable(url)} WHERE name = $1`, [name]);
    const sent = await sentFor(async () => {
      expect(await repository.replace(userNamed(name), before.revision)).toBe('last-admin');
    });
    const asked = sent.filter(({ text }) => /FOR (?:UPDATE|SHARE)/.test(text));
    expect(asked).toHaveLength(2);
    for (const each of asked) await expectIndex(url, each, { rows: 1, blocks: 10 });
  });

  it('the search for an admin', async () => {
    const { repository, sentFor } = await openRecorded();
    const sent = await sentFor(async () => {
      expect(await repository.hasAdmin()).toBe(true);
    });
    expect(sent).toHaveLength(1);
    await expectIndex(url, sent[0], { rows: 1, blocks: 10 });
  });

  it('a comparison of 500 users in memory', async () => {
    const { repository, sent } = await openRecorded();
    for (let index = 0; index < 500; index += 1) await repository.find(nameOf(2_000 * index));
    const lookOf500 = () =>
      sent.find(({ text, values }) => text.includes('unnest') && (values[0] as string[]).length === 500);
    await expect.poll(lookOf500, { timeout: 5_000 }).toBeDefined();
    await expectIndex(url, lookOf500(), { rows: 500, blocks: 2_500 });
  });
});

describe(`reading ${USERS} users page by page`, () => {
  it('returns each of them once', async () => {
    const { repository } = await openRecorded();
    const names: string[] = [];
    for (let count = 10_000, after: string | undefined = nameOf(899_999); count === 10_000; after = names.at(-1)) {
      const users = await repository.list(page({ after, limit: 10_000 }));
      names.push(...users.map(({ name }) => name));
      count = users.length;
    }
    expect(names).toEqual(Array.from({ length: 100_000 }, (_, index) => nameOf(900_000 + index)));
  });

  it('costs the same for each page', async () => {
    const { repository, sentFor } = await openRecorded();
    const costOf = async (query: Parameters<typeof page>[0]) => {
      const sent = await sentFor(() => repository.list(page({ ...query, limit: 1_000 })));
      return explain(url, sent[0] as Sent);
    };
    const first = await costOf({});
    expect(first.rowsRead).toBe(1_000);
    for (const index of [1_000, 250_000, 500_000, 750_000, 900_000]) {
      const { rowsRead, blocks } = await costOf({ after: nameOf(index) });
      expect(rowsRead).toBe(1_000);
      expect(blocks).toBeLessThan(1.1 * first.blocks);
    }
  });

  it('with an offset uses the index alone, in parts, and reads only the users of the page', async () => {
    await psql(url, `VACUUM ${usersTable(url)}`);
    const { repository, sentFor } = await openRecorded();
    const sent = await sentFor(async () => {
      expect((await repository.list(page({ offset: 999_000 })))[0]?.name).toBe(nameOf(999_000));
    });
    expect(sent).toHaveLength(101);
    for (const part of [sent[0], sent[50], sent[99]]) {
      const { scans, rowsRead, blocks } = await explain(url, part as Sent);
      expect(scans).toEqual(['Index Only Scan']);
      expect(rowsRead).toBeLessThanOrEqual(10_000);
      expect(blocks).toBeLessThan(200);
    }
    await expectIndex(url, sent[100], { rows: 100, blocks: 120 });
  });

  it('with an offset beyond the last user ends at the last name', async () => {
    const { repository, sentFor } = await openRecorded();
    const sent = await sentFor(async () => {
      expect(await repository.list(page({ offset: Number.MAX_SAFE_INTEGER, pattern: 'user09999*' }))).toEqual([]);
    });
    expect(sent).toHaveLength(1);
  });
});
