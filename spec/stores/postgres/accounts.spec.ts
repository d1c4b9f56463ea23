import type { StoredUser } from 'kapacitor-auth';
import type { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { TableNames } from '../../../lib/stores/postgres/table-names.js';
import { openPostgres, ownPool, ownSchema, psql, schemaOf, usersTable } from '../../support/postgres-repository.js';
import { keyOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

const ACCOUNT = {
  created: 1,
  passwordChanged: 1_800_000_000_000,
  expires: 253_402_300_799_999,
  mustChangePassword: true,
  note: 'a note',
} as const;

/** Two processes' repositories that share a table with these users in memory, and psql. */
async function openTwo(...users: StoredUser[]) {
  const url = ownSchema();
  const [here, there] = [await openPostgres(url), await openPostgres(url)];
  for (const user of users) await here.insert(user);
  for (const { name } of users) await there.find(name);
  const run = (text: string) => psql(url, text.replaceAll('USERS', usersTable(url)));
  return { url, here, there, run };
}

/** The user that requests get, within the promised second. */
const soon = (repository: PostgresUserRepository, name: string) =>
  expect.poll(() => repository.find(name), { interval: 1, timeout: 1_000 });

const aboutNow = () => {
  const from = Date.now() - 60_000;
  return expect.toSatisfy((time: number) => Number.isInteger(time) && time > from && time < from + 120_000);
};

describe('the account of a user', () => {
  it('is in force in every process when its change is answered', async () => {
    const { here, there } = await openTwo(userNamed('someone'));
    const changed = userNamed('someone', { ...ACCOUNT, revision: '2' });
    expect(await here.replace(changed, '1')).toBe('replaced');
    expect(there.find('someone')).not.toEqual(userNamed('someone'));
    expect(await there.find('someone')).toEqual(changed);
    expect(await here.replace(userNamed('someone', { revision: '3' }), '2')).toBe('replaced');
    expect(await there.find('someone')).toEqual(userNamed('someone', { revision: '3' }));
  });

  it('is read unchanged by a pool with binary answers, also together with a key', async () => {
    const url = ownSchema();
    const binary: object = { binary: true };
    const repository = await openPostgres(ownPool(url, binary), { schema: schemaOf(url) });
    const user = userNamed('someone', ACCOUNT);
    const key = keyOf('someone', 'key', { expires: 2, lastUsed: 3 });
    await repository.insertMany([{ ...user, keys: [key] }]);
    expect(await repository.secrets.find(key.digest)).toEqual(key);
    expect(repository.find('someone')).toEqual(user);
    for await (const each of repository.snapshot()) expect(each).toEqual({ ...user, keys: [key] });
  });
});

describe('an account that is changed with psql', () => {
  it.each([
    ['created_at = 7', { created: 7 }],
    ['password_changed_at = 7', { passwordChanged: 7 }],
    ['expires_at = 7', { expires: 7 }],
    ['must_change_password = true', { mustChangePassword: true }],
    ["note = 'a note'", { note: 'a note' }],
    ["note = ''", {}],
  ])('%s is in force at once, with a new revision', async (change, changed) => {
    const { there, run } = await openTwo(userNamed('someone'));
    await run(`UPDATE USERS SET ${change}`);
    const revision = expect.not.stringMatching(/^1$/);
    await soon(there, 'someone').toEqual({ ...userNamed('someone'), ...changed, revision });
  });

  it('can be emptied', async () => {
    const { there, run } = await openTwo(userNamed('someone', ACCOUNT));
    await run(`UPDATE USERS SET created_at = NULL, password_changed_at = NULL, expires_at = NULL,
      must_change_password = false, note = NULL`);
    await soon(there, 'someone').toEqual(userNamed('someone', { revision: expect.any(String) }));
  });

  it('notifies the processes', async () => {
    const { url, run } = await openTwo(userNamed('someone'));
    const client = new pg.Client(inject('postgresUrl'));
    await client.connect();
    onTestFinished(() => client.end());
    const notified: (string | undefined)[] = [];
    client.on('notification', ({ payload }) => notified.push(payload));
    await client.query(`LISTEN ${new TableNames({ schema: schemaOf(url) }).channel}`);
    await run(`UPDATE USERS SET note = 'a note'`);
    await expect.poll(() => notified).toEqual(['someone']);
  });

  it('has the time of a new password', async () => {
    const { there, run } = await openTwo(userNamed('someone', ACCOUNT));
    await run(`UPDATE USERS SET hash = 'other'`);
    const changed = { ...ACCOUNT, hash: 'other', passwordChanged: aboutNow(), revision: expect.any(String) };
    await soon(there, 'someone').toEqual(userNamed('someone', changed));
  });

  it('has the time that is given for a new password, and keeps the old one for the same password', async () => {
    const { there, run } = await openTwo(userNamed('someone', ACCOUNT));
    await run(`UPDATE USERS SET hash = 'other', password_changed_at = 5`);
    await soon(there, 'someone').toMatchObject({ hash: 'other', passwordChanged: 5 });
    await run(`UPDATE USERS SET enabled = false`);
    await soon(there, 'someone').toMatchObject({ enabled: false, passwordChanged: 5 });
  });

  it('begins with the times of an insertion that names none', async () => {
    const { there, run } = await openTwo();
    await run(`INSERT INTO USERS (name, hash) VALUES ('someone', 'x')`);
    const times = { created: aboutNow(), passwordChanged: aboutNow() };
    expect(await there.find('someone')).toEqual(
      userNamed('someone', { ...times, hash: 'x', revision: expect.any(String) }),
    );
  });

  it('cannot be without the duty to change the password, true or false', async () => {
    const { run } = await openTwo(userNamed('someone'));
    const error = { code: '23502', column: 'must_change_password' };
    await expect(run('UPDATE USERS SET must_change_password = NULL')).rejects.toMatchObject(error);
  });
});

describe('remove() with a revision', () => {
  it('removes no user whom another process has changed since it was read', async () => {
    const { here, there } = await openTwo(userNamed('someone'));
    const read = (await there.find('someone')) as StoredUser;
    await here.replace(userNamed('someone', { note: 'stay', revision: '2' }), '1');
    expect(await there.remove('someone', read.revision)).toBe('conflict');
    expect(await there.find('someone')).toMatchObject({ note: 'stay' });
    expect(await there.remove('someone', '2')).toBe('removed');
    expect(await here.find('someone')).toBeUndefined();
  });
});
