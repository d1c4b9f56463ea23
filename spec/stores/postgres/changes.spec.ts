import { StoreError } from 'kapacitor-auth';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { isActiveAdmin, type StoredUser } from '../../../lib/users/user.js';
import { ask, startProcess } from '../../support/child-process.js';
import type { Question } from '../../support/postgres-process.js';
import { openPostgres, ownSchema, psql, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

/** A repository with these admins, and a connection of psql. */
async function openWithAdmins(...names: string[]) {
  const url = ownSchema();
  const repository = await openPostgres(url);
  for (const name of names) await repository.insert(userNamed(name, { type: 'admin' }));
  const client = new pg.Client(inject('postgresUrl'));
  await client.connect();
  onTestFinished(() => client.end());
  const run = (text: string) => client.query(text.replaceAll('USERS', usersTable(url)));
  /** The number of connections that wait for psql's transaction. */
  const waiting = async () => {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const [row] = await psql(
      url,
      'SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))',
      [rows[0].pid],
    );
    return row.waiting;
  };
  return { url, repository, run, waiting };
}

const DEMOTED = userNamed('two', { revision: '2' });

describe('one of two admins, while psql disables the other, is', () => {
  it.each([
    ['not removed', 'remove', 'COMMIT', 'last-admin'],
    ['not demoted', 'replace', 'COMMIT', 'last-admin'],
    ['removed if that is rolled back', 'remove', 'ROLLBACK', 'removed'],
    ['demoted if that is rolled back', 'replace', 'ROLLBACK', 'replaced'],
  ] as const)('%s', async (_what, deed, end, expected) => {
    const { repository, run, waiting } = await openWithAdmins('one', 'two');
    await run(`BEGIN; UPDATE USERS SET enabled = false WHERE name = 'one'`);
    let outcome: unknown;
    const doing = (deed === 'remove' ? repository.remove('two') : repository.replace(DEMOTED, '1')).then((answer) => {
      outcome = answer;
    });
    await expect.poll(waiting, { interval: 5, timeout: 1_500 }).toBe(1);
    expect(outcome).toBeUndefined();
    await run(end);
    await doing;
    expect(outcome).toBe(expected);
    expect(await repository.find('one')).toMatchObject({ enabled: end === 'ROLLBACK' });
  });

  it.each(['normal', 'disabled'] as const)(
    'the last one for psql as well, if the other became %s there',
    async (what) => {
      const { repository, run } = await openWithAdmins('one', 'two');
      await run(`UPDATE USERS SET ${what === 'normal' ? `type = 'normal'` : 'enabled = false'} WHERE name = 'one'`);
      expect(await repository.remove('two')).toBe('last-admin');
      expect(await repository.replace(DEMOTED, '1')).toBe('last-admin');
      expect(await repository.remove('one')).toBe('removed');
    },
  );
});

describe('a change that the database undoes', () => {
  /** As an audit trigger that should return OLD or NEW. */
  const UNDO = `CREATE FUNCTION pg_temp.undo() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`;

  it.each([
    ['the removal of an admin', 'DELETE', 'admin'],
    ['the demotion of an admin', 'UPDATE', 'admin'],
    ['the removal of a user', 'DELETE', 'normal'],
    ['the change of a user', 'UPDATE', 'normal'],
  ] as const)('is an error: %s', async (_what, event, type) => {
    const { repository, run } = await openWithAdmins('one');
    const before = userNamed('two', { type });
    await repository.insert(before);
    await run(`${UNDO}; CREATE TRIGGER undo BEFORE ${event} ON USERS FOR EACH ROW EXECUTE FUNCTION pg_temp.undo()`);
    const doing = event === 'DELETE' ? repository.remove('two') : repository.replace(DEMOTED, '1');
    const error = await doing.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'a trigger or a row policy in the database has undone the change',
    });
    expect(await repository.find('two')).toEqual(before);
  });
});

describe('many users, inserted at once', () => {
  it('are found by every process at its next question', async () => {
    const url = ownSchema();
    const [one, two] = [await openPostgres(url), await openPostgres(url)];
    const users = Array.from({ length: 1_000 }, (_, index) => userNamed(`user${10_000 + index}`));
    expect(await two.find('user10500')).toBeUndefined();
    await one.insertMany(users);
    expect(await two.find('user10500')).toEqual(users[500]);
  });

  it('are inserted as a whole or not at all', async () => {
    const repository = await openPostgres();
    const tooLong = userNamed('x'.repeat(257));
    await expect(repository.insertMany([userNamed('a'), tooLong, userNamed('b')])).rejects.toThrow('check constraint');
    expect(await repository.find('a')).toBeUndefined();
  });
});

async function adminsOf(users: AsyncIterable<StoredUser>): Promise<string[]> {
  const names: string[] = [];
  for await (const user of users) if (isActiveAdmin(user)) names.push(user.name);
  return names;
}

describe('the first admin', () => {
  it.each([
    ['admin', 'admin-exists'],
    ['normal', 'name-taken'],
  ] as const)('is not made while another connection makes a user of this name, who is %s', async (type, expected) => {
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

  it('is made once by two processes that start at the same time with two names', async () => {
    const url = ownSchema();
    const repository = await openPostgres(url);
    const start = () => startProcess('postgres-process', [url], { serialization: 'advanced' });
    const [one, two] = await Promise.all([start(), start()]);
    for (let round = 0; round < 8; round += 1) {
      const question = (user: StoredUser): Question => ({ do: 'insertFirstAdmin', user });
      const outcomes = await Promise.all([
        ask(one, question(userNamed('one', { type: 'admin' }))),
        ask(two, question(userNamed('two', { type: 'admin' }))),
      ]);
      expect(outcomes).toEqual(expect.arrayContaining(['inserted', 'admin-exists']));
      expect(await adminsOf(repository.snapshot())).toHaveLength(1);
      await psql(url, `DELETE FROM ${usersTable(url)}`);
    }
  });
});
