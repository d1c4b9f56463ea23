import type { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { expect, inject, it, onTestFinished } from 'vitest';
import { openPostgres, ownSchema, psql, secretsTable, usersTable } from '../../support/postgres-repository.js';
import { NOON, sessionOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

async function connect() {
  const client = new pg.Client(inject('postgresUrl'));
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

it.each<[string, (store: PostgresUserRepository) => unknown]>([
  ['the removal of a user', (store) => store.remove('someone')],
  ['another hash', (store) => store.replace(userNamed('someone', { hash: 'other', revision: '2' }), '1')],
  ['the removal of all sessions', ({ secrets }) => secrets.removeAll('someone', 'session')],
  [
    'an insertion that removes expired ones',
    ({ secrets }) => secrets.insert(sessionOf('someone', 3, { created: NOON + 5 }), '1', 9),
  ],
  [
    'the recording of uses',
    ({ secrets }) => secrets.recordUses(['b', 'a'].map((digest) => ({ digest, lastUsed: NOON }))),
  ],
])(
  'secrets are locked in the order of their digests, so that no two transactions deadlock: %s',
  async (_what, change) => {
    const url = ownSchema();
    const repository = await openPostgres(url);
    await repository.insert(userNamed('someone'));
    // In the table b comes first.
    for (const [number, digest] of ['b', 'a'].entries()) {
      await repository.secrets.insert(sessionOf('someone', number, { digest, expires: NOON + 5 }), '1', 10);
    }
    const [other, third] = [await connect(), await connect()];
    const { rows } = await other.query('SELECT pg_backend_pid() AS pid');
    await other.query(`BEGIN; SELECT FROM ${secretsTable(url)} WHERE digest = 'a' FOR UPDATE`);
    const changing = change(repository);
    const waiting = () =>
      psql(url, 'SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))', [rows[0].pid]);
    await expect.poll(waiting, { interval: 5, timeout: 1_400 }).toHaveLength(1);
    const free = await third.query(`SELECT digest FROM ${secretsTable(url)} FOR UPDATE SKIP LOCKED`);
    expect(free.rows).toEqual([{ digest: 'b' }]);
    await other.query('COMMIT');
    await changing;
  },
);

it('a sweep waits for no other transaction, and leaves the secrets that one uses', async () => {
  const url = ownSchema();
  const repository = await openPostgres(url);
  const { secrets } = repository;
  await repository.insert(userNamed('someone'));
  for (const digest of ['a', 'b']) {
    await secrets.insert(sessionOf('someone', 1, { digest, id: digest, expires: NOON + 5 }), '1', 10);
  }
  const other = await connect();
  await other.query(`BEGIN; SELECT FROM ${secretsTable(url)} WHERE digest = 'a' FOR UPDATE`);
  await secrets.removeExpired(NOON + 5);
  expect((await secrets.list('someone', 'session')).map(({ digest }) => digest)).toEqual(['a']);
  await other.query('COMMIT');
  await secrets.removeExpired(NOON + 5);
  expect(await secrets.list('someone', 'session')).toEqual([]);
});

it('an insertion waits for a change of its owner, and is refused if that gives the owner another revision', async () => {
  const url = ownSchema();
  const repository = await openPostgres(url);
  await repository.insert(userNamed('someone'));
  const other = await connect();
  const { rows } = await other.query('SELECT pg_backend_pid() AS pid');
  await other.query(`BEGIN; UPDATE ${usersTable(url)} SET hash = 'other'`);
  const inserting = repository.secrets.insert(sessionOf('someone'), '1', 10);
  const waiting = () => psql(url, 'SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))', [rows[0].pid]);
  await expect.poll(waiting, { interval: 5, timeout: 1_400 }).toHaveLength(1);
  await other.query('COMMIT');
  expect(await inserting).toBe('conflict');
  expect(await repository.secrets.list('someone', 'session')).toEqual([]);
});
