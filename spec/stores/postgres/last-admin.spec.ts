import { StoreError } from 'kapacitor-auth';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { openPostgres, ownSchema, psql, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

/** A repository with these admins, and somebody with psql. */
async function openWithAdmins(...names: string[]) {
  const url = ownSchema();
  const repository = await openPostgres(url);
  for (const name of names) await repository.insert(userNamed(name, { type: 'admin' }));
  const client = new pg.Client(inject('postgresUrl'));
  await client.connect();
  onTestFinished(() => client.end());
  const run = (text: string) => client.query(text.replaceAll('USERS', usersTable(url)));
  /** How many wait for a transaction of psql's to end. */
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

describe('one of two admins, while psql takes the other one away, is', () => {
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

  it.each(['normal', 'disabled'] as const)('the last one to psql as well when it has become %s there', async (what) => {
    const { repository, run } = await openWithAdmins('one', 'two');
    await run(`UPDATE USERS SET ${what === 'normal' ? `type = 'normal'` : 'enabled = false'} WHERE name = 'one'`);
    expect(await repository.remove('two')).toBe('last-admin');
    expect(await repository.replace(DEMOTED, '1')).toBe('last-admin');
    expect(await repository.remove('one')).toBe('removed');
  });
});

describe('a change that something in the database undoes', () => {
  /** As a trigger does that somebody has made for an audit, and has forgotten what it is to return. */
  const UNDO = `CREATE FUNCTION pg_temp.undo() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`;

  it.each([
    ['the removal of an admin', 'DELETE', 'admin'],
    ['the demotion of an admin', 'UPDATE', 'admin'],
    ['the removal of a user', 'DELETE', 'normal'],
    ['the change of a user', 'UPDATE', 'normal'],
  ] as const)('is not answered as done: %s', async (_what, event, type) => {
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
