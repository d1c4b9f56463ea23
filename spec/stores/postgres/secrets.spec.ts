import type { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  openPostgres,
  ownPool,
  ownSchema,
  psql,
  schemaOf,
  secretsTable,
  usersTable,
} from '../../support/postgres-repository.js';
import { keyOf, NOON, sessionOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

const MINUTE = 60_000;
/** Milliseconds. The server's clock is that of this machine. */
const soon = () => Date.now() + 3_600_000;

/** Two processes' repositories that share a table with a user, and psql. */
async function openTwo() {
  const url = ownSchema();
  const [here, there] = [await openPostgres(url), await openPostgres(url)];
  await here.insert(userNamed('someone'));
  const run = (text: string) =>
    psql(url, text.replaceAll('USERS', usersTable(url)).replaceAll('SECRETS', secretsTable(url)));
  const owner = async () => (await run('SELECT xmin, ctid, * FROM USERS'))[0];
  return { here, there, run, owner };
}

/** The secret that requests get, within the promised second. */
const inForce = ({ secrets }: PostgresUserRepository, digest: string) =>
  expect.poll(() => secrets.find(digest), { interval: 1, timeout: 1_000 });

const KEY = keyOf('someone');
const SESSION = sessionOf('someone');

describe('a secret', () => {
  it('is read once, together with its owner, and then served from memory as the same object', async () => {
    const { here, there } = await openTwo();
    await here.secrets.insert(KEY, '1', 10);
    const found = await there.secrets.find(KEY.digest);
    expect(found).toEqual(KEY);
    expect(there.secrets.find(KEY.digest)).toBe(found);
    expect(there.find('someone')).toEqual(userNamed('someone'));
  });

  it('is found by every process at once after its insertion, although it was not found before', async () => {
    const { here, there } = await openTwo();
    for (let number = 0; number < 20; number += 1) {
      const session = sessionOf('someone', number);
      expect(await there.secrets.find(session.digest)).toBeUndefined();
      const [, found] = await Promise.all([
        there.secrets.find(session.digest),
        here.secrets.insert(session, '1', 100).then(() => there.secrets.find(session.digest)),
      ]);
      expect(found).toEqual(session);
    }
  });

  it('leaves the user and its revision as they are when it is inserted, used, or removed', async () => {
    const { here, there } = await openTwo();
    for (const secret of [KEY, SESSION]) await here.secrets.insert(secret, '1', 10);
    await here.secrets.recordUses([{ digest: KEY.digest, lastUsed: NOON }]);
    await here.secrets.remove('someone', 'key', KEY.id);
    await here.secrets.removeAll('someone', 'session');
    expect(await there.find('someone')).toEqual(userNamed('someone'));
    expect(await there.replace(userNamed('someone', { revision: '2' }), '1')).toBe('replaced');
  });

  it('may have any permissions, or none', async () => {
    const { here } = await openTwo();
    const keys = [undefined, [], ['api'], ['api', 'write_points', 'clerk'], ['all']].map((permissions, index) =>
      keyOf('someone', `${index}`, { permissions, created: NOON + index, expires: NOON + MINUTE, lastUsed: NOON + 1 }),
    );
    for (const key of keys) {
      expect(await here.secrets.insert(key, '1', 10)).toBe('inserted');
      expect(await here.secrets.find(key.digest)).toEqual(key);
    }
    expect(await here.secrets.list('someone', 'key')).toEqual(keys);
  });

  it('is read unchanged by an app’s pool with binary answers', async () => {
    const url = ownSchema();
    const binary: object = { binary: true };
    const repository = await openPostgres(ownPool(url, binary), { schema: schemaOf(url) });
    const key = keyOf('someone', 'key', { permissions: ['api'], expires: NOON + MINUTE, lastUsed: NOON });
    await repository.insertMany([{ ...userNamed('someone'), keys: [key] }]);
    await repository.secrets.insert(SESSION, '1', 1);
    expect(await repository.secrets.find(key.digest)).toEqual(key);
    expect(await repository.secrets.list('someone', 'key')).toEqual([key]);
    expect(await repository.secrets.insert(sessionOf('someone', 2), '1', 1)).toBe('inserted');
    expect(await repository.secrets.insert(keyOf('someone', 'other'), '1', 1)).toBe('full');
    expect(await repository.secrets.removeAll('someone', 'session')).toBe(1);
    for await (const user of repository.snapshot()) expect(user).toEqual({ ...userNamed('someone'), keys: [key] });
  });
});

describe('a removed secret is found no more when the answer is there, and elsewhere as soon as the notification is', () => {
  it.each([
    ['a key', KEY, (store: PostgresUserRepository) => store.secrets.remove('someone', 'key', KEY.id)],
    ['a session', SESSION, (store: PostgresUserRepository) => store.secrets.remove('someone', 'session', SESSION.id)],
    ['all keys', KEY, (store: PostgresUserRepository) => store.secrets.removeAll('someone', 'key')],
    ['all sessions', SESSION, (store: PostgresUserRepository) => store.secrets.removeAll('someone', 'session')],
    [
      'a session that makes room',
      SESSION,
      (store: PostgresUserRepository) => store.secrets.insert(sessionOf('someone', 2), '1', 1),
    ],
    [
      'the sessions of a user with another hash',
      SESSION,
      (store: PostgresUserRepository) => store.replace(userNamed('someone', { hash: 'other', revision: '2' }), '1'),
    ],
    ['the keys of a removed user', KEY, (store: PostgresUserRepository) => store.remove('someone')],
  ])('%s', async (_what, secret, remove) => {
    const { here, there } = await openTwo();
    await here.secrets.insert(secret, '1', 10);
    for (const { secrets } of [here, there]) expect(await secrets.find(secret.digest)).toEqual(secret);
    await remove(here);
    expect(await here.secrets.find(secret.digest)).toBeUndefined();
    // On a busy machine the database may tell one process later than the other.
    await inForce(there, secret.digest).toBeUndefined();
  });
});

describe('a change with psql is in force at once:', () => {
  it.each([
    ['a removed key', 'DELETE FROM SECRETS', undefined],
    ['a key that ends earlier', 'UPDATE SECRETS SET expires = 5', { ...KEY, expires: 5 }],
    ['a key that may less', `UPDATE SECRETS SET permissions = '{api}'`, { ...KEY, permissions: ['api'] }],
    ['an emptied table', 'TRUNCATE SECRETS', undefined],
    ['an emptied table of users', 'TRUNCATE USERS CASCADE', undefined],
    ['a renamed owner', `UPDATE USERS SET name = 'other'`, { ...KEY, owner: 'other' }],
    ['a removed user', 'DELETE FROM USERS', undefined],
  ])('%s', async (_what, change, expected) => {
    const { here, run } = await openTwo();
    await here.secrets.insert(KEY, '1', 10);
    expect(await here.secrets.find(KEY.digest)).toEqual(KEY);
    await run(change);
    await inForce(here, KEY.digest).toEqual(expected);
  });

  it.each(['enabled = false', "hash = 'other'"])('%s ends the sessions of the user, and no others', async (change) => {
    const { here, run } = await openTwo();
    await here.insert(userNamed('other'));
    const others = [KEY, sessionOf('other')];
    for (const secret of [SESSION, ...others]) await here.secrets.insert(secret, '1', 10);
    for (const { digest } of [SESSION, ...others]) await here.secrets.find(digest);
    await run(`UPDATE USERS SET ${change} WHERE name = 'someone'`);
    await inForce(here, SESSION.digest).toBeUndefined();
    for (const secret of others) expect(await here.secrets.find(secret.digest)).toEqual(secret);
  });

  it.each(["type = 'admin'", "permissions = '{api}'", "hash = hash, revision = '7'"])(
    '%s leaves the sessions of the user',
    async (change) => {
      const { here, run } = await openTwo();
      await here.secrets.insert(SESSION, '1', 10);
      await run(`UPDATE USERS SET ${change}`);
      expect(await here.secrets.list('someone', 'session')).toEqual([SESSION]);
    },
  );

  it('of secrets gives the user no other revision, and one of the user does', async () => {
    const { here, run, owner } = await openTwo();
    await here.secrets.insert(KEY, '1', 10);
    await run('DELETE FROM SECRETS');
    expect(await owner()).toMatchObject({ revision: '1' });
    await run(`UPDATE USERS SET type = 'admin'`);
    expect((await owner()).revision).not.toBe('1');
  });
});

describe('a table without its triggers', () => {
  it('has the removal of a secret by another process in force within a second', async () => {
    const { here, there, run } = await openTwo();
    await run('ALTER TABLE USERS DISABLE TRIGGER ALL; ALTER TABLE SECRETS DISABLE TRIGGER ALL');
    await here.secrets.insert(KEY, '1', 10);
    await there.secrets.find(KEY.digest);
    await here.secrets.remove('someone', 'key', KEY.id);
    expect(await here.secrets.find(KEY.digest)).toBeUndefined();
    const removedAt = performance.now();
    let lastFound = removedAt;
    const find = async () => {
      const askedAt = performance.now();
      const found = await there.secrets.find(KEY.digest);
      if (found !== undefined) lastFound = askedAt;
      return found;
    };
    await expect.poll(find, { interval: 1, timeout: 2_000 }).toBeUndefined();
    expect(lastFound - removedAt).toBeLessThan(1_000);
  });
});

describe('the owner is the same row as before, so that no process reads anything again, after', () => {
  let two: Awaited<ReturnType<typeof openTwo>>;
  let before: unknown;

  beforeEach(async () => {
    two = await openTwo();
    before = await two.owner();
  });

  it('an insertion', async () => {
    await two.here.secrets.insert(KEY, '1', 10);
    expect(await two.owner()).toEqual(before);
  });

  it('recorded uses', async () => {
    const { here, there, owner, run } = two;
    await here.secrets.insert(KEY, '1', 10);
    const found = await there.secrets.find(KEY.digest);
    await here.secrets.recordUses([{ digest: KEY.digest, lastUsed: NOON + MINUTE }]);
    expect(await run('SELECT last_used::text FROM SECRETS')).toEqual([{ last_used: `${NOON + MINUTE}` }]);
    expect(there.secrets.find(KEY.digest)).toBe(found);
    expect(await owner()).toEqual(before);
  });

  it('the removal of expired secrets, also by an insertion or with psql', async () => {
    const { here, owner, run } = two;
    const expired = Date.now() - MINUTE;
    const insertExpired = async () => {
      await here.secrets.insert({ ...SESSION, expires: expired }, '1', 10);
      expect(await run('SELECT FROM SECRETS')).toHaveLength(1);
    };
    await insertExpired();
    await here.secrets.removeExpired(Date.now());
    expect(await run('SELECT FROM SECRETS')).toEqual([]);
    await insertExpired();
    await here.secrets.insert(keyOf('someone', 'key', { created: Date.now() }), '1', 10);
    expect(await run('SELECT kind FROM SECRETS')).toEqual([{ kind: 'key' }]);
    await run(`DELETE FROM SECRETS`);
    const touched = await owner();
    await insertExpired();
    await run(`DELETE FROM SECRETS WHERE expires < ${Date.now()}`);
    expect(await owner()).toEqual(touched);
  });

  it('the removal of a secret that is not there', async () => {
    const { here, owner } = two;
    await here.secrets.insert(KEY, '1', 10);
    expect(await here.secrets.remove('someone', 'session', KEY.id)).toBe(false);
    expect(await here.secrets.remove('other', 'key', KEY.id)).toBe(false);
    expect(await here.secrets.removeAll('someone', 'session')).toBe(0);
    expect(await owner()).toEqual(before);
  });
});

describe('a table of secrets', () => {
  it.each([
    ['an unknown kind', `'d', 'token', 'i', 'someone', NULL`, '23514'],
    ['a key without a name', `'d', 'key', 'i', 'someone', NULL`, '23514'],
    ['a session with a name', `'d', 'session', 'i', 'someone', 'n'`, '23514'],
    ['an owner that is not there', `'d', 'session', 'i', 'nobody', NULL`, '23503'],
  ])('refuses %s', async (_what, values, code) => {
    const { run } = await openTwo();
    const insert = `INSERT INTO SECRETS (digest, kind, id, owner, name, created) VALUES (${values}, 1)`;
    await expect(run(insert)).rejects.toMatchObject({ code });
  });

  it('has each digest, id and name of a user’s key once', async () => {
    const { here } = await openTwo();
    await here.insert(userNamed('other'));
    await here.secrets.insert(KEY, '1', 10);
    const others = [keyOf('someone', 'another', { digest: KEY.digest }), keyOf('someone', 'another', { id: KEY.id })];
    for (const other of others) {
      await expect(here.secrets.insert(other, '1', 10)).rejects.toMatchObject({ code: '23505' });
    }
    expect(await here.secrets.insert(keyOf('other', KEY.name), '1', 10)).toBe('inserted');
  });
});

describe('thousands of expired secrets', () => {
  it('are removed in parts, and two sweeps at once leave none', async () => {
    const { here, there, run } = await openTwo();
    const time = soon();
    await run(`INSERT INTO SECRETS (digest, kind, id, owner, created, expires)
      SELECT 'd' || i, 'session', 'i' || i, 'someone', 1, ${time} + i % 2 FROM generate_series(1, 5000) AS i`);
    await Promise.all([here.secrets.removeExpired(time), there.secrets.removeExpired(time)]);
    expect(await run('SELECT count(*)::int FROM SECRETS')).toEqual([{ count: 2_500 }]);
  });
});
