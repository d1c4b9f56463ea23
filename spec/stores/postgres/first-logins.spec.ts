import type { KapacitorAuthConfig } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { expect, inject, it, onTestFinished } from 'vitest';
import { appBehind } from '../../support/app-behind.js';
import { createAuth } from '../../support/auth.js';
import {
  openPostgres,
  ownSchema,
  psql,
  recordingPool,
  schemaOf,
  usersTable,
} from '../../support/postgres-repository.js';
import { serve } from '../../support/server.js';
import { userNamed } from '../../support/stored-user.js';

/** No login is delayed or refused. */
const AT_ONCE: KapacitorAuthConfig['auth'] = { failureLimit: 0, hashingQueue: 1_000 };
const KNOWN = Array.from({ length: 20 }, (_, index) => `user${index}`);
const UNKNOWN = Array.from({ length: 20 }, (_, index) => `stranger${index}`);

/** The URL of a schema in which each of the known users has the password `pw`. */
async function schemaWithUsers(): Promise<string> {
  const url = ownSchema();
  const auth = await createAuth({ auth: { store: url } }, [{ name: 'first', password: 'pw' }]);
  await auth.close();
  await psql(
    url,
    `INSERT INTO ${usersTable(url)} (name, permissions, hash)
      SELECT others, '{api}', hash FROM ${usersTable(url)}, unnest($1::text[]) AS others`,
    [KNOWN],
  );
  return url;
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(inject('postgresUrl'));
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** An app whose queries for users are recorded. */
async function serveRecorded() {
  const url = await schemaWithUsers();
  const { pool, sent } = recordingPool(url);
  const repository = new PostgresUserRepository(pool, { schema: schemaOf(url) });
  onTestFinished(() => repository.close());
  const auth = await createAuth({ auth: { ...AT_ONCE, store: repository } }, []);
  await auth.ready;
  const { send } = await serve(appBehind(auth));
  sent.length = 0;
  return {
    /** Logs all of them in at the same time. @returns the number of answers by their status */
    logIn: async (names: readonly string[]): Promise<Record<number, number>> => {
      const answers = await Promise.all(names.map((name) => send({ path: '/api/ping', auth: `${name}:pw` })));
      const counts: Record<number, number> = {};
      for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
      return counts;
    },
    /** The names that the database was queried for. */
    queries: () =>
      sent
        .filter(({ text }) => text.includes('WHERE name = $1'))
        .map(({ values }) => values[0])
        .toSorted(),
  };
}

it.each([1, 3])('at most max=%d connections are made, and one more that listens', async (max) => {
  const name = `first logins ${max}`;
  const url = `${ownSchema()}&max=${max}&application_name=${encodeURIComponent(name)}`;
  const repository = await openPostgres(url);
  const [other, observer] = [await connect(), await connect()];
  const connections = async () => {
    const { rowCount } = await observer.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [name]);
    return rowCount;
  };
  // Nobody is answered, so that each query would need a connection of its own.
  await other.query(`BEGIN; LOCK TABLE ${usersTable(url)} IN ACCESS EXCLUSIVE MODE`);
  const finding = Promise.allSettled(KNOWN.map((user) => repository.find(user)));
  await expect.poll(connections, { interval: 1 }).toBe(max + 1);
  // Enough time for one more.
  for (let count = 0; count < 20; count += 1) expect(await connections()).toBe(max + 1);
  await other.query('ROLLBACK');
  await finding;
});

it('each first login queries the database once, also for an unknown user, and later requests do not', async () => {
  const { logIn, queries } = await serveRecorded();
  expect(await logIn([...KNOWN, ...UNKNOWN])).toEqual({ 200: 20, 401: 20 });
  expect(queries()).toEqual([...KNOWN, ...UNKNOWN].toSorted());
  expect(await logIn(KNOWN)).toEqual({ 200: 20 });
  expect(queries()).toHaveLength(40);
});

it('a hundred first logins of one user at the same time send one query', async () => {
  const { logIn, queries } = await serveRecorded();
  expect(await logIn(Array.from({ length: 100 }, () => 'user7'))).toEqual({ 200: 100 });
  expect(queries()).toEqual(['user7']);
});

it('a user in memory costs no query, and is the same object each time', async () => {
  const url = ownSchema();
  const { pool, sent } = recordingPool(url);
  const repository = await openPostgres(pool, { schema: schemaOf(url) });
  await repository.insert(userNamed('someone'));
  const first = await repository.find('someone');
  sent.length = 0;
  for (let count = 0; count < 1_000; count += 1) expect(repository.find('someone')).toBe(first);
  expect(sent).toEqual([]);
});
