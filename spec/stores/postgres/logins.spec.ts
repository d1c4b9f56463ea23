import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { TableNames } from '../../../lib/stores/postgres/table-names.js';
import {
  openPostgres,
  ownSchema,
  psql,
  recordingPool,
  schemaOf,
  secretsTable,
  usersTable,
} from '../../support/postgres-repository.js';
import { keyOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

const HOUR = 3_600_000;

/** A repository with these users, and psql. */
async function openWith(...names: string[]) {
  const url = ownSchema();
  const repository = await openPostgres(url);
  await repository.insertMany(names.map((name) => userNamed(name)));
  const withNames = (text: string) =>
    text.replaceAll('USERS', usersTable(url)).replaceAll('LOGINS', usersTable(url).replace(/"$/, '_logins"'));
  const run = (text: string) => psql(url, withNames(text));
  /** A transaction that is not over yet. */
  const begin = async (text: string) => {
    const client = await connect();
    await client.query(`BEGIN; ${withNames(text)}`);
    return { commit: () => client.query('COMMIT') };
  };
  return { url, repository, run, begin };
}

async function connect() {
  const client = new pg.Client(inject('postgresUrl'));
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

const each = (names: readonly string[], ago = 0) => names.map((name) => ({ name, ago }));

describe('a recorded login', () => {
  it('has the time of the database, in one statement', async () => {
    const { url } = await openWith('a');
    const { pool, sent } = recordingPool(url);
    const { logins } = await openPostgres(pool, { schema: schemaOf(url) });
    sent.length = 0;
    await logins.record(each(['a'], HOUR));
    const statements = sent.filter(({ text }) => text.includes('_logins"'));
    expect(statements).toHaveLength(1);
    // No time of this process is sent.
    expect(statements[0]?.values).toEqual([['a'], [HOUR]]);
    const [{ off }] = await psql(
      url,
      `SELECT abs(extract(epoch FROM now()) * 1000 - last_login - ${HOUR})::float8 AS off
        FROM "${schemaOf(url)}".kapacitor_auth_users_logins`,
    );
    expect(off).toBeLessThan(60_000);
  });

  it('is read again by no process, changes no row of the users and of their secrets, and notifies nobody', async () => {
    const { url, repository } = await openWith('a', 'b');
    const key = keyOf('a');
    await repository.secrets.insert(key, '1', 10);
    const { pool, sent } = recordingPool(url);
    const there = await openPostgres(pool, { schema: schemaOf(url) });
    const secret = await there.secrets.find(key.digest);
    const users = [await there.find('a'), await there.find('b')];
    const client = await connect();
    const notified: unknown[] = [];
    client.on('notification', (notification) => notified.push(notification));
    await client.query(`LISTEN ${new TableNames({ schema: schemaOf(url) }).channel}`);
    const rows = async () => [
      await psql(url, `SELECT xmin, ctid, * FROM ${usersTable(url)} ORDER BY name`),
      await psql(url, `SELECT xmin, ctid, * FROM ${secretsTable(url)}`),
    ];
    const before = await rows();

    for (const ago of [3 * HOUR, 2 * HOUR, HOUR, 0]) await repository.logins.record(each(['a', 'b'], ago));
    expect(await rows()).toEqual(before);
    const compared = () => sent.filter(({ text }) => text.includes('known.version')).length;
    const soFar = compared();
    await expect.poll(compared, { timeout: 2_000 }).toBeGreaterThan(soFar + 1);
    sent.length = 0;
    expect([there.find('a'), there.find('b')]).toEqual(users);
    expect(there.find('a')).toBe(users[0]);
    expect(there.secrets.find(key.digest)).toBe(secret);
    expect(sent.filter(({ text }) => !text.includes('unnest'))).toEqual([]);
    await client.query('SELECT');
    expect(notified).toEqual([]);
  });

  it('goes along with a user who gets another name, or is removed, with psql', async () => {
    const { repository, run } = await openWith('a', 'b', 'c');
    await repository.logins.record(each(['a', 'b', 'c'], HOUR));
    await run(`UPDATE USERS SET name = 'd' WHERE name = 'a'; DELETE FROM USERS WHERE name = 'b'`);
    expect([...(await repository.logins.lastOf(['a', 'b', 'c', 'd'])).keys()].toSorted()).toEqual(['c', 'd']);
    await run('TRUNCATE USERS CASCADE');
    expect(await run('SELECT FROM LOGINS')).toEqual([]);
  });

  it('is refused after close()', async () => {
    const { repository } = await openWith();
    await repository.close();
    await expect(repository.logins.record([])).rejects.toMatchObject({ message: 'the user store is closed' });
    await expect(repository.logins.lastOf([])).rejects.toMatchObject({ message: 'the user store is closed' });
  });
});

describe('logins beside changes of users', () => {
  it('wait for no removal: the login of a user who is being removed is left out', async () => {
    const { repository, run, begin } = await openWith('a', 'b', 'c');
    await repository.logins.record(each(['c'], HOUR));
    const other = await begin(`DELETE FROM USERS WHERE name IN ('b', 'c')`);
    await repository.logins.record(each(['c', 'b', 'a']));
    expect([...(await repository.logins.lastOf(['a', 'b'])).keys()]).toEqual(['a']);
    await other.commit();
    expect(await run('SELECT name FROM LOGINS')).toEqual([{ name: 'a' }]);
  });

  it('wait for no change, and keep none waiting', async () => {
    const { repository, begin } = await openWith('a');
    const other = await begin('UPDATE USERS SET enabled = false');
    await repository.logins.record(each(['a']));
    expect((await repository.logins.lastOf(['a'])).size).toBe(1);
    await other.commit();
    expect((await repository.find('a'))?.enabled).toBe(false);
  });

  it('keep a user from being removed until its time is there, and then go with it', async () => {
    const { url, repository, run, begin } = await openWith('a');
    await repository.logins.record(each(['a'], HOUR));
    // Recording waits for the row of the login while it holds the user.
    const blocker = await begin('SELECT FROM LOGINS FOR UPDATE');
    const recording = repository.logins.record(each(['a']));
    const waiting = () =>
      run(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${schemaOf(url)}%'`);
    await expect.poll(waiting, { interval: 5, timeout: 1_400 }).toHaveLength(1);
    const removing = repository.remove('a');
    await expect.poll(waiting, { interval: 5, timeout: 1_400 }).toHaveLength(2);
    await blocker.commit();
    await recording;
    expect(await removing).toBe('removed');
    expect(await run('SELECT FROM LOGINS')).toEqual([]);
  });

  it('do not deadlock, however many processes record the same users in whatever order', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `user${index}`);
    const { url, repository } = await openWith(...names);
    const others = await Promise.all(Array.from({ length: 3 }, () => openPostgres(url)));
    const outcomes = await Promise.allSettled(
      [repository, ...others].flatMap(({ logins }, number) =>
        [5, 4, 3, 2, 1, 0].map((hours) =>
          logins.record(each((number + hours) % 2 === 0 ? names : names.toReversed(), hours * HOUR)),
        ),
      ),
    );
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['fulfilled']));
    const times = await repository.logins.lastOf(names);
    expect(times.size).toBe(names.length);
    for (const time of times.values()) expect(Date.now() - time).toBeLessThan(HOUR / 2);
  });
});
