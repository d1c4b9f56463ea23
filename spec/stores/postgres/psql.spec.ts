import type { StoredUser } from 'kapacitor-auth';
import type { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { describe, expect, it } from 'vitest';
import { openPostgres, ownSchema, psql, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

const HASH = userNamed('').hash;

/** A repository with these users in memory, and psql. */
async function openBeside(...users: StoredUser[]) {
  const url = ownSchema();
  const repository = await openPostgres(url);
  for (const user of users) await repository.insert(user);
  for (const { name } of users) await repository.find(name);
  const run = (text: string) => psql(url, text.replaceAll('USERS', usersTable(url)));
  return { repository, run };
}

/** The user that requests get, within the promised second. */
const soon = (repository: PostgresUserRepository, name: string) =>
  expect.poll(() => repository.find(name), { interval: 1, timeout: 1_000 });

describe('a change with psql', () => {
  it.each([
    ['enabled = false', { enabled: false }],
    ["hash = 'other'", { hash: 'other' }],
    ["permissions = '{api}'", { permissions: ['api'] }],
    ["type = 'admin'", { type: 'admin' }],
  ])('that sets %s is in force at once', async (change, changed) => {
    const { repository, run } = await openBeside(userNamed('someone'));
    await run(`UPDATE USERS SET ${change} WHERE name = 'someone'`);
    await soon(repository, 'someone').toMatchObject({
      ...userNamed('someone'),
      ...changed,
      revision: expect.any(String),
    });
  });

  it.each(['normal', 'admin'] as const)(
    'gets a new revision for a %s user, so that no other change overwrites it unawares',
    async (type) => {
      const { repository, run } = await openBeside(userNamed('someone', { type }));
      await run(`UPDATE USERS SET hash = 'other'`);
      expect(await repository.replace(userNamed('someone', { type, revision: '2' }), '1')).toBe('conflict');
      const changed = (await repository.find('someone')) as StoredUser;
      expect(changed).toMatchObject({ hash: 'other', type });
      expect(changed.revision).not.toBe('1');
      await run(`UPDATE USERS SET hash = 'another'`);
      expect(await repository.replace({ ...changed, revision: '3' }, changed.revision)).toBe('conflict');
    },
  );

  it('may set the revision as well', async () => {
    const { repository, run } = await openBeside(userNamed('someone'));
    await run(`UPDATE USERS SET revision = 'mine'`);
    await soon(repository, 'someone').toMatchObject({ revision: 'mine' });
  });

  it('that renames a user removes the old name and adds the new one', async () => {
    const { repository, run } = await openBeside(userNamed('old'));
    await run(`UPDATE USERS SET name = 'new'`);
    await soon(repository, 'old').toBeUndefined();
    expect(await repository.find('new')).toMatchObject({ name: 'new' });
  });

  it('that deletes a user and inserts another of the same name is in force at once', async () => {
    const { repository, run } = await openBeside(userNamed('someone', { type: 'admin' }));
    await run(`DELETE FROM USERS; INSERT INTO USERS (name, hash) VALUES ('someone', '${HASH}')`);
    await soon(repository, 'someone').toMatchObject({ type: 'normal' });
    await run('DELETE FROM USERS');
    await soon(repository, 'someone').toBeUndefined();
  });

  it('that empties the table is in force at once, also for the last admin', async () => {
    const { repository, run } = await openBeside(userNamed('root', { type: 'admin' }), userNamed('someone'));
    await run('TRUNCATE USERS CASCADE');
    await soon(repository, 'root').toBeUndefined();
    await soon(repository, 'someone').toBeUndefined();
  });

  it.each([99, 100, 101, 1_000])('of %d users in one statement is in force for each at once', async (count) => {
    const { repository, run } = await openBeside();
    await run(`INSERT INTO USERS (name, hash) SELECT 'user' || i, '${HASH}' FROM generate_series(1, ${count}) AS i`);
    const names = Array.from({ length: count }, (_, index) => `user${index + 1}`);
    // In parts: the last of a thousand queries might wait for longer than its timeout.
    const enabled = async () => {
      const all: unknown[] = [];
      for (let from = 0; from < count; from += 100) {
        const found = await Promise.all(names.slice(from, from + 100).map((name) => repository.find(name)));
        all.push(...found.map((user) => user?.enabled));
      }
      return all;
    };
    expect(await enabled()).toEqual(names.map(() => true));
    await run('UPDATE USERS SET enabled = false');
    await expect.poll(enabled, { interval: 1, timeout: 1_000 }).toEqual(names.map(() => false));
  });

  it('has no effect after a rollback', async () => {
    const { repository, run } = await openBeside(userNamed('someone'));
    await run('BEGIN; UPDATE USERS SET enabled = false; ROLLBACK');
    expect(await repository.find('someone')).toEqual(userNamed('someone'));
    expect(await repository.replace(userNamed('someone', { revision: '2' }), '1')).toBe('replaced');
  });

  it('may insert a user with a name and a hash alone: a normal one without permissions, who may log in', async () => {
    const { repository, run } = await openBeside();
    expect(await repository.find('someone')).toBeUndefined();
    await run(`INSERT INTO USERS (name, hash) VALUES ('someone', '${HASH}')`);
    const found = (await repository.find('someone')) as StoredUser;
    const { revision, created, passwordChanged } = found;
    expect(found).toEqual(userNamed('someone', { revision, created, passwordChanged }));
    expect(found.revision).toMatch(/^[\da-f-]{36}$/);
  });

  it.each([
    ['{write_points,api}', ['api', 'write_points']],
    ['{api,api,config_api}', ['api', 'config_api']],
    ['{write_points,all,api}', ['all']],
    ['{}', []],
  ])('may set permissions in any form: %s are %j', async (written, permissions) => {
    const { repository, run } = await openBeside();
    await run(`INSERT INTO USERS (name, hash, permissions) VALUES ('someone', '', '${written}')`);
    expect(await repository.find('someone')).toMatchObject({ permissions });
  });

  it.each([
    ['an unknown type', `INSERT INTO USERS (name, hash, type) VALUES ('x', '', 'root')`, 'type_check'],
    [
      'a name that no permission can have',
      `INSERT INTO USERS (name, hash, permissions) VALUES ('x', '', '{API}')`,
      'permission_names',
    ],
    ['an empty name', `INSERT INTO USERS (name, hash) VALUES ('', '')`, 'name_check'],
    ['a name of 257 bytes', `INSERT INTO USERS (name, hash) VALUES (repeat('ü', 128) || 'a', '')`, 'name_check'],
  ])('cannot insert a user with %s', async (_what, text, constraint) => {
    const { run } = await openBeside();
    await expect(run(text)).rejects.toMatchObject({ constraint: `kapacitor_auth_users_${constraint}` });
  });

  it.each([
    ['hash', `INSERT INTO USERS (name) VALUES ('x')`],
    ['name', `INSERT INTO USERS (hash) VALUES ('x')`],
    ['type', `INSERT INTO USERS (name, hash, type) VALUES ('x', '', NULL)`],
    ['permissions', `INSERT INTO USERS (name, hash, permissions) VALUES ('x', '', NULL)`],
    ['enabled', `INSERT INTO USERS (name, hash, enabled) VALUES ('x', '', NULL)`],
    ['revision', `INSERT INTO USERS (name, hash, revision) VALUES ('x', '', NULL)`],
  ])('cannot insert a user without %s', async (column, text) => {
    const { run } = await openBeside();
    await expect(run(text)).rejects.toMatchObject({ code: '23502', column });
  });

  it('cannot insert two users with the same name', async () => {
    const { run } = await openBeside(userNamed('someone'));
    await expect(run(`INSERT INTO USERS (name, hash) VALUES ('someone', '')`)).rejects.toMatchObject({ code: '23505' });
    await run(`INSERT INTO USERS (name, hash) VALUES ('Someone', '')`);
  });
});

describe('a table without its triggers', () => {
  it.each([
    ['a change', `UPDATE USERS SET enabled = false`, false],
    ['a removal', 'DELETE FROM USERS', undefined],
    ['an emptied table', 'TRUNCATE USERS CASCADE', undefined],
    [
      'another user of the name',
      `DELETE FROM USERS; INSERT INTO USERS VALUES ('someone', 'normal', '{}', false, '', '1')`,
      false,
    ],
  ])('has %s in force after a second, for a user with constant requests', async (_what, change, expected) => {
    const { repository, run } = await openBeside(userNamed('someone'));
    await run('ALTER TABLE USERS DISABLE TRIGGER ALL');
    expect(await repository.find('someone')).toMatchObject({ enabled: true });
    await run(change);
    const changedAt = performance.now();
    let lastWrong = changedAt;
    await expect
      .poll(
        async () => {
          const askedAt = performance.now();
          const enabled = (await repository.find('someone'))?.enabled;
          if (enabled === true) lastWrong = askedAt;
          return enabled;
        },
        { interval: 1, timeout: 2_000 },
      )
      .toBe(expected);
    expect(lastWrong - changedAt).toBeLessThan(1_000);
  });

  it('accepts a change through the repository, which is in force there at once', async () => {
    const { repository, run } = await openBeside(userNamed('someone'));
    await run('ALTER TABLE USERS DISABLE TRIGGER ALL');
    expect(await repository.replace(userNamed('someone', { revision: '2' }), '1')).toBe('replaced');
    expect(await repository.find('someone')).toMatchObject({ revision: '2' });
    expect(await repository.remove('someone')).toBe('removed');
    expect(await repository.find('someone')).toBeUndefined();
  });
});
