import express from 'express';
import { StoreError } from 'kapacitor-auth';
import { postgresSchema } from 'kapacitor-auth/postgres';
import { describe, expect, it } from 'vitest';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import { createAuth, ROOT } from '../../support/auth.js';
import { createUsers, startApp } from '../../support/measured-app.js';
import {
  openPostgres,
  ownDatabase,
  ownRole,
  ownSchema,
  psql,
  schemaOf,
  usersTable,
} from '../../support/postgres-repository.js';
import { serve } from '../../support/server.js';
import { keyOf, NOON, sessionOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

/** A table beside that of the users. */
const partOf = (url: string, suffix: string) => usersTable(url).replace(/"$/, `${suffix}"`);

/** A role with these rights on the tables of another role's schema, and the URLs of both. */
async function roleWith({
  users = '',
  secrets = users,
  logins = users,
  limits = users,
  grants = users.includes('SELECT') ? 'SELECT' : '',
  version = 'SELECT',
}: {
  users?: string;
  secrets?: string;
  logins?: string;
  limits?: string;
  grants?: string;
  version?: string;
} = {}) {
  const owner = ownSchema();
  const schema = schemaOf(owner) as string;
  await psql(owner, postgresSchema({ schema }));
  const { role, url } = await ownRole(owner);
  await psql(owner, `GRANT USAGE ON SCHEMA "${schema}" TO "${role}"`);
  for (const [part, rights] of Object.entries({
    '': users,
    _secrets: secrets,
    _logins: logins,
    _limits: limits,
    _grants: grants,
    _version: version,
  })) {
    if (rights !== '') await psql(owner, `GRANT ${rights} ON ${partOf(owner, part)} TO "${role}"`);
  }
  return { owner, role, url };
}

describe('a role that may read and write the users, and read the version', () => {
  it('can do everything', async () => {
    const { url } = await roleWith({ users: 'SELECT, INSERT, UPDATE, DELETE' });
    const repository = await openPostgres(url);
    expect(await repository.insert(userNamed('root', { type: 'admin' }))).toBe(true);
    expect(await repository.insert(userNamed('someone'))).toBe(true);
    expect(await repository.replace(userNamed('someone', { revision: '2' }), '1')).toBe('replaced');
    expect(await repository.find('someone')).toMatchObject({ revision: '2' });
    const everybody = { pattern: new NamePattern(''), after: undefined, offset: 0, limit: 10 };
    expect(await repository.list(everybody)).toHaveLength(2);
    expect(await repository.replace(userNamed('root', { revision: '2' }), '1')).toBe('last-admin');
    expect(await repository.remove('root')).toBe('last-admin');
    expect(await repository.remove('someone')).toBe('removed');
    expect(await repository.find('someone')).toBeUndefined();
  });

  it('gets notifications of changes, and causes them', async () => {
    const { owner, url } = await roleWith({ users: 'SELECT, INSERT, UPDATE, DELETE' });
    const [one, two] = [await openPostgres(url), await openPostgres(owner)];
    await one.insert(userNamed('someone'));
    for (const repository of [one, two]) expect(await repository.find('someone')).toMatchObject({ revision: '1' });
    await two.replace(userNamed('someone', { revision: '2' }), '1');
    expect(await one.find('someone')).toMatchObject({ revision: '2' });
    await one.replace(userNamed('someone', { revision: '3' }), '2');
    expect(await two.find('someone')).toMatchObject({ revision: '3' });
  });
});

describe('a role that has rights on the users', () => {
  it.each([
    ['all', 'SELECT, INSERT, UPDATE, DELETE', '_secrets', { secrets: '' }, 'SELECT, INSERT, UPDATE, DELETE'],
    ['the only one', 'SELECT', '_secrets', { secrets: '' }, 'SELECT'],
    ['some', 'SELECT, INSERT, UPDATE, DELETE', '_secrets', { secrets: 'SELECT, DELETE' }, 'INSERT, UPDATE'],
    ['some', 'SELECT, UPDATE', '_logins', { logins: 'SELECT' }, 'UPDATE'],
    ['some', 'SELECT, INSERT, UPDATE, DELETE', '_limits', { limits: 'SELECT' }, 'INSERT, UPDATE, DELETE'],
    ['that to read', 'SELECT, INSERT, UPDATE, DELETE', '_grants', { grants: '' }, 'SELECT'],
  ])('is told at the start which of them it lacks on another table: %s', async (_what, users, part, given, missing) => {
    const { owner, role, url } = await roleWith({ users, ...given });
    const error = await openPostgres(url).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: `this database user may not use every table of the store: grant it ${missing} on ${partOf(owner, part)}`,
    });
    await psql(owner, `GRANT ${missing} ON ${partOf(owner, part)} TO "${role}"`);
    await openPostgres(url);
  });

  it('does everything with secrets that it may do with users', async () => {
    const { url } = await roleWith({ users: 'SELECT, INSERT, UPDATE, DELETE' });
    const { secrets, ...repository } = await openWithUser(url);
    for (const secret of [keyOf('someone'), sessionOf('someone')]) {
      expect(await secrets.insert({ ...secret, expires: NOON + 1 }, '1', 1)).toBe('inserted');
    }
    await secrets.recordUses([{ digest: keyOf('someone').digest, lastUsed: NOON }]);
    expect(await secrets.insert(sessionOf('someone', 2), '1', 1)).toBe('inserted');
    expect(await secrets.remove('someone', 'key', keyOf('someone').id)).toBe(true);
    await secrets.removeExpired(NOON + 1);
    await repository.disable();
    expect(await secrets.list('someone', 'session')).toEqual([]);
  });

  it('ends sessions and removes keys with a user, also if it has no rights on the secrets, as under an older version', async () => {
    const { owner, url } = await roleWith({ users: 'SELECT, UPDATE, DELETE', secrets: '' });
    const { secrets } = await openWithUser(owner);
    for (const secret of [keyOf('someone'), sessionOf('someone')]) await secrets.insert(secret, '1', 10);
    await psql(url, `UPDATE ${usersTable(owner)} SET enabled = false`);
    expect(await secrets.list('someone', 'session')).toEqual([]);
    await psql(url, `DELETE FROM ${usersTable(owner)}`);
    expect(await secrets.list('someone', 'key')).toEqual([]);
  });
});

/** The repository of a role, with a user. */
async function openWithUser(url: string) {
  const repository = await openPostgres(url);
  await repository.insert(userNamed('someone'));
  const disable = () => repository.replace(userNamed('someone', { enabled: false, revision: '2' }), '1');
  return { secrets: repository.secrets, disable };
}

describe('a role that may only read', () => {
  it('lets users in, and makes changes fail with 503', async () => {
    const { owner, url } = await roleWith({ users: 'SELECT' });
    await createAuth({ auth: { store: owner } }, [ROOT]);
    const auth = await createAuth({ auth: { store: url } }, []);
    const { send } = await serve(express().use(auth));
    const users = '/kapacitor/v1/users';
    expect(await send({ path: `${users}/root`, auth: 'root:r00t' })).toMatchObject({ status: 200 });
    expect(await send({ path: users, auth: 'root:r00t' })).toMatchObject({ status: 200 });
    const body = JSON.stringify({ name: 'new', password: 'pw', type: 'normal' });
    expect(await send({ method: 'POST', path: users, auth: 'root:r00t', body })).toMatchObject({ status: 503 });
    for (const write of [
      () => auth.users.create({ name: 'new', password: 'pw' }),
      () => auth.users.update('root', { password: 'pw' }),
      () => auth.users.delete('root'),
    ]) {
      const error = await write().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({
        message: 'the user store is unavailable',
        cause: { message: 'permission denied for table kapacitor_auth_users', code: '42501' },
      });
    }
    expect(await send({ path: `${users}/root`, auth: 'root:r00t' })).toMatchObject({ status: 200 });
  });
});

describe('a role that may make the table', () => {
  it('makes it in an existing schema in which it may create and use objects', async () => {
    const owner = ownSchema();
    await psql(owner, `CREATE SCHEMA "${schemaOf(owner)}"`);
    const { role, url } = await ownRole(owner);
    await psql(owner, `GRANT USAGE, CREATE ON SCHEMA "${schemaOf(owner)}" TO "${role}"`);
    const repository = await openPostgres(url);
    expect(await repository.insert(userNamed('someone'))).toBe(true);
  });

  it('makes it, and writes, even if its transactions are read only by default', async () => {
    const owner = ownSchema();
    const { role, url } = await ownRole(owner);
    await psql(owner, `CREATE SCHEMA "${schemaOf(owner)}" AUTHORIZATION "${role}"`);
    await psql(owner, `ALTER ROLE "${role}" SET default_transaction_read_only = on`);
    const repository = await openPostgres(url);
    expect(await repository.insert(userNamed('root', { type: 'admin' }))).toBe(true);
    expect(await repository.replace(userNamed('root', { type: 'admin', revision: '2' }), '1')).toBe('replaced');
    expect(await repository.remove('root')).toBe('last-admin');
    expect(await repository.insert(userNamed('someone'))).toBe(true);
    expect(await repository.remove('someone')).toBe('removed');
    expect(await repository.find('someone')).toBeUndefined();
  });

  it('makes the schema as well if it may create in the database', async () => {
    const owner = await ownDatabase();
    const { role, url } = await ownRole(owner);
    await psql(owner, `GRANT CREATE ON DATABASE "${new URL(owner).pathname.slice(1)}" TO "${role}"`);
    const repository = await openPostgres(url, { schema: 'auth' });
    expect(await repository.insert(userNamed('someone'))).toBe(true);
  });
});

describe('a role that lacks a right', () => {
  const refusal = (table: string, reason: string) =>
    `this database user may not make the table ${table} (${reason}): ` +
    'grant it CREATE, or run the SQL that postgresSchema() of kapacitor-auth/postgres returns';

  it('gets advice if the schema is missing', async () => {
    const owner = await ownDatabase();
    const { url } = await ownRole(owner);
    const error = await openPostgres(url, { schema: 'auth' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: refusal(
        '"auth"."kapacitor_auth_users"',
        `permission denied for database ${new URL(owner).pathname.slice(1)}`,
      ),
      cause: { code: '42501' },
    });
  });

  it('gets advice if the table is missing', async () => {
    const owner = ownSchema();
    await psql(owner, `CREATE SCHEMA "${schemaOf(owner)}"`);
    const { role, url } = await ownRole(owner);
    await psql(owner, `GRANT USAGE ON SCHEMA "${schemaOf(owner)}" TO "${role}"`);
    const error = await openPostgres(url).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      message: refusal(usersTable(owner), `permission denied for schema ${schemaOf(owner)}`),
    });
  });

  it('opens without the right to read the users, lets nobody in, gives the reason, and works once it has the right', async () => {
    const { owner, role, url } = await roleWith();
    await createAuth({ auth: { store: owner } }, [ROOT]);
    const auth = await createAuth({ auth: { store: url } }, []);
    const { send } = await serve(express().use(auth));
    const logIn = async () => (await send({ path: '/kapacitor/v1/users/root', auth: 'root:r00t' })).status;
    expect(await logIn()).toBe(503);
    expect(auth.health().store).toMatchObject({
      state: 'down',
      reason: 'permission denied for table kapacitor_auth_users',
    });
    await psql(owner, `GRANT SELECT ON ${usersTable(owner)} TO "${role}"`);
    await expect.poll(logIn, { timeout: 5_000 }).toBe(200);
    await expect.poll(() => auth.health().store.state).toBe('up');
  });

  it('learns its name if it may not read the version', async () => {
    const { url } = await roleWith({ users: 'SELECT, INSERT, UPDATE, DELETE', version: '' });
    await expect(openPostgres(url)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message:
        `this database user may not read ${usersTable(url).replace(/"$/, '_version"')} ` +
        '(permission denied for table kapacitor_auth_users_version): grant it SELECT on it',
    });
  });
});

/** An app with a user in memory whose role may only read, and psql as the owner of the table. */
async function startReadingApp() {
  const owner = ownSchema();
  await openPostgres(owner);
  const { role, url } = await ownRole(owner);
  const run = (text: string) =>
    psql(
      owner,
      text
        .replaceAll('USERS', usersTable(owner))
        .replaceAll('HERE', `"${schemaOf(owner)}"`)
        .replaceAll('ROLE', `"${role}"`),
    );
  await run('GRANT USAGE ON SCHEMA HERE TO ROLE; GRANT SELECT ON ALL TABLES IN SCHEMA HERE TO ROLE');
  await createUsers(await startApp(owner, '0s'), 'known');
  const app = await startApp(url, '60s');
  expect(await app.status('known:pw')).toBe(200);
  return { app, run };
}

/** Milliseconds. */
const IN_FORCE_WITHIN = 1_000;

describe('a database that answers with a refusal is not in an outage, and no user is served from memory', () => {
  it.each([
    [
      'the table is dropped',
      'CREATE TABLE HERE.kept AS TABLE USERS; DROP TABLE USERS CASCADE',
      'CREATE TABLE USERS AS TABLE HERE.kept; GRANT SELECT ON USERS TO ROLE',
      /^relation ".*kapacitor_auth_users" does not exist$/,
    ],
    [
      'the right to read is revoked',
      'REVOKE SELECT ON USERS FROM ROLE',
      'GRANT SELECT ON USERS TO ROLE',
      /^permission denied for table kapacitor_auth_users$/,
    ],
  ])('when %s, until that is undone', async (_what, take, giveBack, reason) => {
    const { app, run } = await startReadingApp();
    await run(take);
    const takenAt = performance.now();
    let lastServedAt = takenAt;
    await expect
      .poll(
        async () => {
          const sentAt = performance.now();
          const status = await app.status('known:pw');
          if (status === 200) lastServedAt = sentAt;
          return app.health().state === 'down' && status;
        },
        { interval: 5, timeout: 5_000 },
      )
      .toBe(503);
    expect(lastServedAt - takenAt).toBeLessThan(IN_FORCE_WITHIN);
    expect(app.health().reason).toMatch(reason);
    expect(app.states).not.toContain('grace');

    await run(giveBack);
    await app.until('up');
    expect(await app.status('known:pw')).toBe(200);
  });
});
