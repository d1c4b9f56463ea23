import { PostgresUserRepository, postgresSchema } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MIGRATIONS, migrationStatements } from '../../../lib/stores/postgres/schema.js';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import { openPostgres, ownRole, psql, secretsTable, usersTable } from '../../support/postgres-repository.js';
import { tableOfVersion as tableWith } from '../../support/postgres-versions.js';
import { keyOf, NOON } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

const USERS = [
  userNamed('clerk', { permissions: ['api', 'write_points'] }),
  userNamed('former', { enabled: false, permissions: ['all'] }),
  userNamed('root', { type: 'admin' }),
];

const tableOfVersion = (version: number) => tableWith(version, USERS);

/** A connection of a process of the package that knows version 3, with its statements. */
async function openOlder(url: string) {
  const client = new pg.Client(url.replace(/\?.*/, ''));
  await client.connect();
  onTestFinished(() => client.end());
  const [users, secrets] = [usersTable(url), secretsTable(url)];
  const columns = `users.name, type, array_to_string(users.permissions, ',') AS permissions, enabled::text, hash, revision,
    concat_ws(' ', users.xmin, users.ctid, users.revision, users.secrets_revision) AS version`;
  const ask = async (text: string, values: unknown[]) => (await client.query(text, values)).rows[0];
  return {
    find: (name: string) => ask(`SELECT ${columns} FROM ${users} AS users WHERE name = $1`, [name]),
    findKey: (digest: string) =>
      ask(
        `SELECT digest, kind, id, owner, secrets.name AS secret_name,
          array_to_string(secrets.permissions, ',') AS secret_permissions, created::text, expires::text, last_used::text,
          ${columns} FROM ${secrets} AS secrets JOIN ${users} AS users ON users.name = secrets.owner WHERE digest = $1`,
        [digest],
      ),
    insert: (name: string, permissions: string) =>
      ask(
        `INSERT INTO ${users} (name, type, permissions, enabled, hash, revision) VALUES ($1, 'normal', $2, true, 'x', '1')
          ON CONFLICT (name) DO NOTHING`,
        [name, permissions],
      ),
    replace: (name: string, permissions: string, hash: string, from: string, to: string) =>
      ask(
        `UPDATE ${users} SET type = 'normal', permissions = $2, enabled = true, hash = $3, revision = $5
          WHERE name = $1 AND revision = $4 AND NOT (type = 'admin' AND enabled)`,
        [name, permissions, hash, from, to],
      ),
    remove: (name: string) => ask(`DELETE FROM ${users} WHERE name = $1 AND NOT (type = 'admin' AND enabled)`, [name]),
  };
}

const namesWith = async (repository: PostgresUserRepository, permission: string) => {
  const query = { pattern: new NamePattern(''), permission, after: undefined, offset: 0, limit: 10 };
  return (await repository.list(query)).map(({ name }) => name);
};

describe.each([1, 2, 3])('a table of version %d', (version) => {
  it.each(['a start', 'the SQL of postgresSchema()'])(
    'is upgraded by %s: its users stay the same rows, and have no account',
    async (upgrade) => {
      const { url, schema } = await tableOfVersion(version);
      const rows = () =>
        psql(url, `SELECT name, type, permissions, enabled, hash, revision, xmin, ctid FROM ${usersTable(url)}`);
      const before = await rows();
      if (upgrade !== 'a start') await psql(url, postgresSchema({ schema }, version));
      const repository = await openPostgres(url);
      expect(await rows()).toEqual(before);
      const everybody = { pattern: new NamePattern(''), after: undefined, offset: 0, limit: 10 };
      expect(await repository.list(everybody)).toEqual(USERS);
      expect(await namesWith(repository, 'api')).toEqual(['clerk']);
      expect(await namesWith(repository, 'all')).toEqual(['former']);
      await repository.logins.record([{ name: 'clerk', ago: 0 }]);
      expect((await repository.logins.lastOf(['clerk', 'root'])).size).toBe(1);
      const changed = userNamed('clerk', { expires: NOON, note: 'a note', revision: '2' });
      expect(await repository.replace(changed, '1')).toBe('replaced');
      expect(await repository.find('clerk')).toEqual(changed);
      expect(await namesWith(repository, 'api')).toEqual([]);
    },
  );
});

describe('an upgrade from version 3', () => {
  it('serves processes of the older version on, whose changes count', async () => {
    const { url } = await tableOfVersion(3);
    const older = await openOlder(url);
    const inMemory = await older.find('clerk');
    const repository = await openPostgres(url);
    expect(await older.find('clerk')).toEqual(inMemory);

    const key = keyOf('clerk', 'key', { expires: 7 });
    await repository.secrets.insert(key, '1', 10);
    expect(await older.findKey(key.digest)).toMatchObject({ owner: 'clerk', expires: '7', created: String(NOON) });

    await older.insert('new', '{api}');
    const times = { created: expect.any(Number), passwordChanged: expect.any(Number) };
    expect(await repository.find('new')).toEqual(userNamed('new', { ...times, permissions: ['api'], hash: 'x' }));
    expect(await namesWith(repository, 'api')).toEqual(['clerk', 'new']);
    await older.replace('clerk', '{clerk}', 'other', '1', '2');
    await expect.poll(() => repository.find('clerk'), { timeout: 1_000 }).toMatchObject({ permissions: ['clerk'] });
    expect(await namesWith(repository, 'clerk')).toEqual(['clerk']);
    await repository.logins.record([{ name: 'new', ago: 0 }]);
    await older.remove('new');
    await expect.poll(() => repository.find('new'), { timeout: 1_000 }).toBeUndefined();
    expect(await namesWith(repository, 'api')).toEqual([]);
    expect((await repository.logins.lastOf(['new'])).size).toBe(0);
  });

  it('keeps the account of a user whom an older process changes', async () => {
    const { url } = await tableOfVersion(3);
    const older = await openOlder(url);
    const repository = await openPostgres(url);
    const account = { created: 1, passwordChanged: 2, expires: NOON, mustChangePassword: true, note: 'a note' };
    await repository.replace({ ...(USERS[0] as (typeof USERS)[0]), ...account, revision: '2' }, '1');
    await older.replace('clerk', '{}', 'x', '2', '3');
    const changed = userNamed('clerk', { ...account, hash: 'x', revision: '3' });
    await expect.poll(() => repository.find('clerk'), { timeout: 1_000 }).toEqual(changed);
  });

  it('is given up at once while a long transaction reads users, who can be read and changed meanwhile', async () => {
    const { url } = await tableOfVersion(3);
    const dump = new pg.Client(url.replace(/\?.*/, ''));
    await dump.connect();
    onTestFinished(() => dump.end());
    await dump.query(`BEGIN; SELECT count(*) FROM ${usersTable(url)}`);
    const repository = new PostgresUserRepository(url);
    onTestFinished(() => repository.close());
    const opening = repository.open().catch((thrown: unknown) => thrown);
    expect(await psql(url, `SELECT count(*)::int FROM ${usersTable(url)}`)).toEqual([{ count: 3 }]);
    expect(await opening).toMatchObject({
      message: expect.stringContaining('cannot be changed to this version while a long transaction uses it'),
    });
    await psql(url, `UPDATE ${usersTable(url)} SET enabled = false WHERE name = 'clerk'`);
    await dump.query('COMMIT');
    await repository.open();
    expect(await repository.find('clerk')).toMatchObject({ enabled: false });
  });

  it('lets users be read until its last step', async () => {
    const { url, names } = await tableOfVersion(3);
    const migration = migrationStatements(MIGRATIONS[3] as (typeof MIGRATIONS)[0], 4, names);
    const upgrading = new pg.Client(url.replace(/\?.*/, ''));
    await upgrading.connect();
    onTestFinished(() => upgrading.end());
    const locked = () =>
      upgrading.query(
        `SELECT FROM pg_locks
          WHERE relation = $1::regclass AND pid = pg_backend_pid() AND mode = 'AccessExclusiveLock'`,
        [names.users],
      );
    const beforeColumns = migration.slice(0, migration.indexOf(`ALTER TABLE ${names.users}\n`));
    expect(beforeColumns).toContain('PRIMARY KEY (permission, name)');
    await upgrading.query(`BEGIN; ${beforeColumns}`);
    expect((await locked()).rows).toEqual([]);
    expect(await psql(url, `SELECT count(*)::int FROM ${names.users}`)).toEqual([{ count: 3 }]);
    await upgrading.query(migration.slice(beforeColumns.length));
    expect((await locked()).rows).toHaveLength(1);
  });

  it('leaves a role without rights on the new tables, which an open names; with them the role can do all', async () => {
    const { url, schema } = await tableOfVersion(3);
    const { role, url: asRole } = await ownRole(url);
    await psql(
      url,
      `GRANT USAGE ON SCHEMA "${schema}" TO "${role}";
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${role}"`,
    );
    const older = await openOlder(asRole);
    await psql(url, postgresSchema({ schema }, 3));
    const tables = ['logins', 'limits', 'grants'].map((table) => usersTable(url).replace(/"$/, `_${table}"`));
    const all = 'SELECT, INSERT, UPDATE, DELETE';
    const rights = `${all} on ${tables[0]}, and ${all} on ${tables[1]}, and SELECT on ${tables[2]}`;
    await expect(openPostgres(asRole)).rejects.toMatchObject({
      message: `this database user may not use every table of the store: grant it ${rights}`,
    });
    // A process of the older version needs none of them.
    await older.insert('new', '{api}');
    await older.replace('new', '{clerk}', 'x', '1', '2');
    await older.insert('gone', '{clerk}');
    await older.remove('gone');
    await psql(
      url,
      `GRANT ${rights.replaceAll(', and', ` TO "${role}"; GRANT`).replaceAll(' on ', ' ON ')} TO "${role}"`,
    );
    const repository = await openPostgres(asRole);
    expect(await namesWith(repository, 'clerk')).toEqual(['new']);
    await repository.logins.record([{ name: 'new', ago: 0 }]);
    expect((await repository.logins.lastOf(['new'])).size).toBe(1);
    expect(await repository.remove('new', '2')).toBe('removed');
  });

  it('gives advice if another relation has the name of a new table', async () => {
    const { url } = await tableOfVersion(3);
    await psql(url, `CREATE VIEW ${usersTable(url).replace(/"$/, '_grants"')} AS SELECT 1`);
    await expect(openPostgres(url)).rejects.toMatchObject({
      message: expect.stringContaining('another relation has a name that the store needs'),
    });
  });
});
