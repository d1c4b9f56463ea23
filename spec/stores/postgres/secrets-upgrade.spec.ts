import { StoreError } from 'kapacitor-auth';
import { PostgresUserRepository, postgresSchema } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openPostgres, ownRole, psql, secretsTable, usersTable } from '../../support/postgres-repository.js';
import { tableOfVersion } from '../../support/postgres-versions.js';
import { keyOf, sessionOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

const tableOfVersion2 = () => tableOfVersion(2, [userNamed('someone')]);

/** A connection of a process of the package that knows version 2, which listens for changes. */
async function openOlder({ url, names: { channel } }: Awaited<ReturnType<typeof tableOfVersion2>>) {
  const client = new pg.Client(url.replace(/\?.*/, ''));
  await client.connect();
  onTestFinished(() => client.end());
  const notifications: string[] = [];
  client.on('notification', ({ payload = '' }) => notifications.push(payload));
  await client.query(`LISTEN ${channel}`);
  const users = usersTable(url);
  const version = `users.xmin || ' ' || users.ctid || ' ' || users.revision`;
  const columns = `name, type, array_to_string(permissions, ',') AS permissions, enabled::text, hash, revision`;
  const find = async (name: string) =>
    (await client.query(`SELECT ${columns}, ${version} AS version FROM ${users} AS users WHERE name = $1`, [name]))
      .rows[0];
  const update = (set: string, values: unknown[]) => client.query(`UPDATE ${users} SET ${set} WHERE name = $1`, values);
  const insert = (name: string) =>
    client.query(
      `INSERT INTO ${users} (name, type, permissions, enabled, hash, revision)
        VALUES ($1, 'normal', '{}', true, 'x', '1') ON CONFLICT (name) DO NOTHING`,
      [name],
    );
  const remove = (name: string) => client.query(`DELETE FROM ${users} WHERE name = $1`, [name]);
  return { notifications, find, update, insert, remove };
}

describe('a table of version 2', () => {
  it('is upgraded by a start, and its users stay the same rows', async () => {
    const { url } = await tableOfVersion2();
    const rows = () =>
      psql(url, `SELECT name, type, permissions, enabled, hash, revision, xmin, ctid FROM ${usersTable(url)}`);
    const before = await rows();
    const repository = await openPostgres(url);
    expect(await rows()).toEqual(before);
    expect(await repository.find('someone')).toEqual(userNamed('someone'));
    expect(await repository.secrets.insert(keyOf('someone'), '1', 1)).toBe('inserted');
  });

  it('serves a process of the older version on after the upgrade, whose changes count for secrets', async () => {
    const table = await tableOfVersion2();
    const { url } = table;
    const older = await openOlder(table);
    const inMemory = await older.find('someone');
    const repository = await openPostgres(url);
    expect(await older.find('someone')).toEqual(inMemory);

    const { secrets } = repository;
    for (const secret of [keyOf('someone'), sessionOf('someone')]) {
      await secrets.insert(secret, '1', 10);
      expect(await secrets.find(secret.digest)).toEqual(secret);
    }
    // It reads the user again after a removed key, and finds the same one.
    await secrets.remove('someone', 'key', keyOf('someone').id);
    await expect.poll(() => older.notifications).toContain('someone');
    const { version: _, ...user } = inMemory;
    expect(await older.find('someone')).toMatchObject(user);

    await older.update('hash = $2, revision = $3', ['someone', 'other', '2']);
    await expect.poll(() => secrets.find(sessionOf('someone').digest), { timeout: 1_000 }).toBeUndefined();
    await secrets.insert(keyOf('someone', 'second'), '2', 10);
    await older.remove('someone');
    await expect.poll(() => secrets.find(keyOf('someone', 'second').digest), { timeout: 1_000 }).toBeUndefined();
    await older.insert('someone');
    expect(await secrets.list('someone', 'key')).toEqual([]);
    expect(await repository.find('someone')).toMatchObject({ hash: 'x' });
  });

  it('is not waited for while a long transaction uses it: users are read meanwhile, and a later start upgrades it', async () => {
    const { url } = await tableOfVersion2();
    const dump = new pg.Client(url.replace(/\?.*/, ''));
    await dump.connect();
    onTestFinished(() => dump.end());
    await dump.query(`BEGIN; SELECT count(*) FROM ${usersTable(url)}`);
    const repository = new PostgresUserRepository(url);
    onTestFinished(() => repository.close());
    const opening = repository.open().catch((thrown: unknown) => thrown);
    expect(await psql(url, `SELECT count(*)::int FROM ${usersTable(url)}`)).toEqual([{ count: 1 }]);
    expect(await opening).toMatchObject({
      message: expect.stringContaining('cannot be changed to this version while a long transaction uses it'),
    });
    expect(await psql(url, 'SELECT to_regclass($1)', [secretsTable(url)])).toEqual([{ to_regclass: null }]);
    await dump.query('COMMIT');
    await repository.open();
    expect(await repository.find('someone')).toEqual(userNamed('someone'));
  });

  it('is upgraded by the SQL of postgresSchema(), after which a role with rights on all tables opens it', async () => {
    const { url, schema } = await tableOfVersion2();
    const { role, url: asRole } = await ownRole(url);
    const rights = 'SELECT, INSERT, UPDATE, DELETE';
    const [logins, limits, grants] = ['logins', 'limits', 'grants'].map((table) =>
      usersTable(url).replace(/"$/, `_${table}"`),
    );
    const grant = (table: string | undefined) => psql(url, `GRANT ${rights} ON ${table} TO "${role}"`);
    await psql(url, `GRANT USAGE ON SCHEMA "${schema}" TO "${role}"`);
    await psql(url, `GRANT SELECT ON "${schema}".kapacitor_auth_users_version TO "${role}"`);
    await grant(usersTable(url));
    const messageOf = () => openPostgres(asRole).catch((error: Error) => error.message);
    expect(await messageOf()).toBe(
      `this database user may not change the table ${usersTable(url)} from version 2 to 5 (must be owner of table ` +
        'kapacitor_auth_users): grant it ownership of the table and CREATE on its schema, or run the SQL that ' +
        'postgresSchema({ … }, 2) of kapacitor-auth/postgres returns',
    );
    await psql(url, postgresSchema({ schema }, 2));
    expect(await messageOf()).toBe(
      `this database user may not use every table of the store: grant it ${rights} on ${secretsTable(url)}, ` +
        `and ${rights} on ${logins}, and ${rights} on ${limits}, and SELECT on ${grants}`,
    );
    for (const table of [secretsTable(url), logins, limits, grants]) await grant(table);
    const { secrets } = await openPostgres(asRole);
    expect(await secrets.insert(keyOf('someone'), '1', 1)).toBe('inserted');
    expect(await secrets.remove('someone', 'key', keyOf('someone').id)).toBe(true);
  });

  it('is not upgraded by an owner that may not create in the schema, and stays as it is', async () => {
    const { url, schema } = await tableOfVersion2();
    const { role, url: asRole } = await ownRole(url);
    await psql(
      url,
      `GRANT USAGE ON SCHEMA "${schema}" TO "${role}";
      ALTER TABLE "${schema}".kapacitor_auth_users_version OWNER TO "${role}";
      ALTER TABLE ${usersTable(url)} OWNER TO "${role}"`,
    );
    const error = await openPostgres(asRole).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /permission denied for schema .*: grant it ownership of the table and CREATE on its schema/,
      ),
      cause: { code: '42501' },
    });
    expect(await psql(url, `SELECT version FROM "${schema}".kapacitor_auth_users_version`)).toEqual([{ version: 2 }]);
  });

  it('gives advice if another relation has the name of the table of secrets', async () => {
    const { url } = await tableOfVersion2();
    await psql(url, `CREATE VIEW ${secretsTable(url)} AS SELECT 1`);
    await expect(openPostgres(url)).rejects.toMatchObject({
      message:
        'another relation has a name that the store needs (relation "kapacitor_auth_users_secrets" already exists): ' +
        'name another table',
    });
  });
});
