import { kapacitorAuth } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { ownPool, ownSchema, schemaOf } from '../../support/postgres-repository.js';

/** To whom the server answers questions for a list as if there were too many users for it, and others as ever. */
class SlowlyListingClient extends pg.Client {
  override query(...asked: any[]): any {
    const [{ text }] = asked;
    return /ORDER BY name LIMIT/.test(text) ? super.query('SELECT pg_sleep(10)') : super.query(...(asked as [any]));
  }
}

it('a list that takes too long says so, the store is as well as ever, and nobody is warned', async () => {
  const warnings: unknown[] = [];
  const listener = (warning: Error) => void warnings.push(warning);
  process.on('warning', listener);
  onTestFinished(() => void process.off('warning', listener));
  const url = ownSchema();
  const limits = { connectionTimeoutMillis: 2_000, statement_timeout: 300 };
  const pool = ownPool(url, { ...limits, Client: SlowlyListingClient });
  const store = new PostgresUserRepository(pool, { schema: schemaOf(url) });
  onTestFinished(() => store.close());
  const auth = kapacitorAuth({ auth: { store, bcryptCost: 4 } });
  onTestFinished(() => auth.close());
  await auth.ready;
  await auth.users.create({ name: 'root', password: 'a password', type: 'admin' });
  const states: string[] = [];
  auth.on('store-state', ({ state }) => states.push(state));

  for (const query of [{}, { offset: 5_000 }, { pattern: '*x' }]) {
    await expect(auth.users.list(query)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      status: 503,
      message: 'the list takes too long: ask for fewer users, and page with after instead of offset',
    });
  }
  expect(await auth.users.get('root')).toMatchObject({ name: 'root' });
  expect(auth.health().store.state).toBe('up');
  expect(states).toEqual([]);
  expect(warnings).toEqual([]);
});
