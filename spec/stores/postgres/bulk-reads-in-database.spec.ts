import { randomUUID } from 'node:crypto';
import { kapacitorAuth, type StoredUser } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { isActiveAdmin } from '../../../lib/users/user.js';
import { openPostgres, ownPool, ownSchema, psql, schemaOf } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

const manyUsers = (count: number) => Array.from({ length: count }, (_, index) => userNamed(`user${10_000 + index}`));

/** A repository with more users than a page has, and the number of its connections in a transaction. */
async function openWithMany() {
  const schema = randomUUID();
  const url = `${inject('postgresUrl')}?schema=${schema}&application_name=${schema}`;
  const repository = await openPostgres(url);
  await repository.insertMany(manyUsers(1_500));
  const connections = async (): Promise<number> => {
    const [row] = await psql(
      url,
      'SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = $1 AND xact_start IS NOT NULL',
      [schema],
    );
    return row.count;
  };
  return { schema, url, repository, connections };
}

async function all(users: AsyncIterable<StoredUser>): Promise<StoredUser[]> {
  const read: StoredUser[] = [];
  for await (const user of users) read.push(user);
  return read;
}

describe('a snapshot', () => {
  it('always has an admin, while another process moves the role of the only admin', async () => {
    const { url, repository } = await openWithMany();
    const other = await openPostgres(url);
    const names = ['a', 'user10500', 'user11400', 'z'];
    await repository.insert(userNamed('a', { type: 'admin' }));
    await repository.insert(userNamed('z'));
    let isOver = false;
    const become = async (name: string | undefined, type: StoredUser['type']) => {
      const user = (await other.find(name as string)) as StoredUser;
      expect(await other.replace({ ...user, type, revision: randomUUID() }, user.revision)).toBe('replaced');
    };
    const handOn = async () => {
      for (let round = 0; !isOver; round += 1) {
        await become(names[(round + 1) % 4], 'admin');
        await become(names[round % 4], 'normal');
      }
    };
    const handing = handOn();
    const seen = new Set<string>();
    for (let round = 0; round < 30 || seen.size < 3; round += 1) {
      const users = await all(repository.snapshot());
      const admins = users.filter(isActiveAdmin).map(({ name }) => name);
      expect(users).toHaveLength(1_502);
      expect([1, 2]).toContain(admins.length);
      seen.add(admins.join());
    }
    isOver = true;
    await handing;
  });

  it('has its own connection, and closes it at its end or when it is left early', async () => {
    const { repository, connections } = await openWithMany();
    for await (const user of repository.snapshot()) {
      if (user.name === 'user10000') expect(await connections()).toBe(1);
    }
    await expect.poll(connections).toBe(0);
    for await (const user of repository.snapshot()) if (user.name === 'user11200') break;
    await expect.poll(connections).toBe(0);
  });

  it('leaves the connections of the app’s pool to requests', async () => {
    const { schema, url } = await openWithMany();
    const pool = ownPool(url, { max: 1, connectionTimeoutMillis: 2_000, statement_timeout: 1_000 });
    const repository = await openPostgres(pool, { schema });
    const users = repository.snapshot();
    await users.next();
    expect(await repository.find('user10700')).toMatchObject({ name: 'user10700' });
    await users.return();
    expect(pool.idleCount).toBe(pool.totalCount);
  });

  it('ends when the repository is closed, and no other one begins', async () => {
    const { repository, connections } = await openWithMany();
    const users = repository.snapshot();
    await users.next();
    expect(await connections()).toBe(1);
    await repository.close();
    await expect.poll(connections).toBe(0);
    await expect(all(users)).rejects.toThrow();
    await expect(repository.snapshot().next()).rejects.toThrow('is closed');
    await expect(repository.hasAdmin()).rejects.toThrow('is closed');
    await expect(repository.insertMany(manyUsers(1))).rejects.toThrow('is closed');
  });

  it('fails without side effects if its connection is lost', async () => {
    const { schema, url, repository, connections } = await openWithMany();
    const users = repository.snapshot();
    await users.next();
    await psql(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND state = 'idle in transaction'`,
      [schema],
    );
    await expect.poll(connections).toBe(0);
    await expect(all(users)).rejects.toThrow();
    expect(await all(repository.snapshot())).toHaveLength(1_500);
  });

  it('fails if no connection can be made', async () => {
    const repository = new PostgresUserRepository('postgres://postgres@127.0.0.1:1/postgres');
    onTestFinished(() => repository.close());
    await expect(repository.snapshot().next()).rejects.toThrow('ECONNREFUSED');
  });
});

/** Makes each statement of a list take as long as if there were too many users. */
class SlowlyListingClient extends pg.Client {
  override query(...asked: any[]): any {
    const [{ text }] = asked;
    return /ORDER BY users.name LIMIT/.test(text)
      ? super.query('SELECT pg_sleep(10)')
      : super.query(...(asked as [any]));
  }
}

it('a list that takes too long is an error, does not change the state of the store, and causes no warning', async () => {
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
