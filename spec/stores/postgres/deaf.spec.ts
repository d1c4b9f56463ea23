import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { StoreState } from '../../../lib/users/repository.js';
import { poolWith } from '../../support/pool-beside.js';
import { ownPool, ownSchema, psql, schemaOf, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

/** For who is to listen there is never a connection. */
class UnconnectedClient extends pg.Client {
  override connect(): any {
    return Promise.reject(new Error('no connection for who listens'));
  }
}

/** A repository that never hears of a change, although it can read and write, and has these users in memory. */
async function openDeaf(...names: string[]) {
  const url = ownSchema();
  const looks: unknown[] = [];
  let unlucky: string | undefined;
  class Client extends pg.Client {
    override query(...asked: any[]): any {
      const [{ text, values = [] }] = asked;
      if (text.includes('unnest')) looks.push(values[0]);
      return unlucky !== undefined && values[0] === unlucky ? new Promise(() => {}) : super.query(...(asked as [any]));
    }
  }
  const pool = ownPool(url, { connectionTimeoutMillis: 2_000, statement_timeout: 1_000, Client });
  let failure: Error | undefined;
  const connect = () => (failure === undefined ? pool.connect() : Promise.reject(failure));
  const states: StoreState[] = [];
  const repository = new PostgresUserRepository(poolWith(pool, UnconnectedClient, connect), { schema: schemaOf(url) });
  onTestFinished(() => repository.close());
  await repository.open({ grace: 60_000, report: (state) => states.push(state) });
  for (const name of names) await repository.insert(userNamed(name));
  for (const name of names) expect(await repository.find(name)).toMatchObject({ name });
  return {
    repository,
    states,
    /** Of each comparison of what is in memory with the table, the names. */
    looks,
    run: (text: string) => psql(url, text.replaceAll('USERS', usersTable(url))),
    fail: (error: Error | undefined) => {
      failure = error;
    },
    doNotAnswerAbout: (name: string) => {
      unlucky = name;
    },
  };
}

it('who hears of no changes goes on comparing users in memory with the table: who was deleted has no grace', async () => {
  const { repository, states, looks, run, fail } = await openDeaf('known', 'deleted');
  await vi.waitFor(() => expect(looks.at(-1)).toEqual(['known', 'deleted']), { timeout: 5_000, interval: 10 });
  await run(`DELETE FROM USERS WHERE name = 'deleted'`);
  await vi.waitFor(() => expect(looks.at(-1)).toEqual(['known']), { timeout: 5_000, interval: 10 });

  fail(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
  await expect(repository.find('deleted')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(await repository.find('known')).toMatchObject({ name: 'known' });
  expect(states.at(-1)).toBe('grace');
});

it('whoever is served from memory is asked about again as soon as the database is back', async () => {
  const { repository, states, run, fail } = await openDeaf('known', 'other');
  fail(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
  for (const name of ['known', 'other']) expect(await repository.find(name)).toMatchObject({ enabled: true });
  expect(states.at(-1)).toBe('grace');
  await run('UPDATE USERS SET enabled = false');
  expect(await repository.find('known')).toMatchObject({ enabled: true });

  fail(undefined);
  const isInForce = async () => expect(await repository.find('known')).toMatchObject({ enabled: false });
  await vi.waitFor(isInForce, { timeout: 500, interval: 5 });
  expect(await repository.find('other')).toMatchObject({ enabled: false });
});

it('a question that has no answer, while others have, is refused and not answered from memory, and there is no grace', async () => {
  const { repository, states, doNotAnswerAbout } = await openDeaf('known', 'unlucky');
  doNotAnswerAbout('unlucky');
  let isOver = false;
  const asking = Promise.resolve(repository.find('unlucky')).finally(() => {
    isOver = true;
  });
  const refusal = expect(asking).rejects.toMatchObject({ name: 'TimeoutError' });
  while (!isOver) expect(await repository.find('known')).toMatchObject({ name: 'known' });
  await refusal;
  expect(await repository.find('known')).toMatchObject({ name: 'known' });
  expect(new Set(states)).toEqual(new Set(['degraded']));
});

it('a change by who hears of none waits to be told of nothing, and is in force at the next question', async () => {
  const { repository } = await openDeaf('known', 'other');
  const changed = userNamed('known', { revision: '2' });
  expect(await repository.replace(changed, '1')).toBe('replaced');
  expect(await repository.find('known')).toEqual(changed);
  expect(await repository.remove('other')).toBe('removed');
  expect(await repository.find('other')).toBeUndefined();
});
