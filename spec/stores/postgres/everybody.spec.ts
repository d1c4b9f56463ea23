import { randomUUID } from 'node:crypto';
import type { StoredUser } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { isActiveAdmin } from '../../../lib/users/user.js';
import { openPostgres, ownPool, ownSchema, psql, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

const manyUsers = (count: number) => Array.from({ length: count }, (_, index) => userNamed(`user${10_000 + index}`));

/** A repository with more users than a page has, whose connections are known from all others. */
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

describe('many users that are inserted at once', () => {
  it('are found by every process at its next question', async () => {
    const url = ownSchema();
    const [one, two] = [await openPostgres(url), await openPostgres(url)];
    const users = manyUsers(1_000);
    expect(await two.find('user10500')).toBeUndefined();
    await one.insertMany(users);
    expect(await two.find('user10500')).toEqual(users[500]);
  });

  it('take little time', async () => {
    const repository = await openPostgres();
    const users = manyUsers(20_000);
    const begin = performance.now();
    for (let from = 0; from < users.length; from += 1_000) await repository.insertMany(users.slice(from, from + 1_000));
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(await repository.find('user29999')).toEqual(users.at(-1));
  });

  it('are all of them or none', async () => {
    const repository = await openPostgres();
    const tooLong = userNamed('x'.repeat(257));
    await expect(repository.insertMany([userNamed('a'), tooLong, userNamed('b')])).rejects.toThrow('check constraint');
    expect(await repository.find('a')).toBeUndefined();
  });
});

describe('the first admin', () => {
  it.each([
    ['admin', 'admin-exists'],
    ['normal', 'name-taken'],
  ] as const)('is not made while somebody else makes a user of this name, who is %s', async (type, expected) => {
    const url = ownSchema();
    const repository = await openPostgres(url);
    const client = new pg.Client(inject('postgresUrl'));
    await client.connect();
    onTestFinished(() => client.end());
    await client.query(`BEGIN; INSERT INTO ${usersTable(url)} (name, type, hash) VALUES ('root', '${type}', 'x')`);
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const outcome = repository.insertFirstAdmin(userNamed('root', { type: 'admin' }));
    const waiting = () =>
      psql(url, 'SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))', [rows[0].pid]);
    await expect.poll(waiting, { interval: 5, timeout: 1_500 }).toHaveLength(1);
    await client.query('COMMIT');
    expect(await outcome).toBe(expected);
    expect(await repository.find('root')).toMatchObject({ type, hash: 'x' });
  });
});

describe('a snapshot', () => {
  it('always has an admin, while another process hands the role of the only one on', async () => {
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
    for (let round = 0; round < 30; round += 1) {
      const users = await all(repository.snapshot());
      const admins = users.filter(isActiveAdmin).map(({ name }) => name);
      expect(users).toHaveLength(1_502);
      expect([1, 2]).toContain(admins.length);
      seen.add(admins.join());
    }
    isOver = true;
    await handing;
    expect(seen.size).toBeGreaterThan(2);
  });

  it('has a connection of its own, and gives it up at its end, or when it is left early', async () => {
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

  it('that is not left ends when the repository is closed, and none begins any more', async () => {
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

  it('that loses its connection fails, and disturbs nothing else', async () => {
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

  it('fails when no connection can be made', async () => {
    const repository = new PostgresUserRepository('postgres://postgres@127.0.0.1:1/postgres');
    onTestFinished(() => repository.close());
    await expect(repository.snapshot().next()).rejects.toThrow('ECONNREFUSED');
  });
});
