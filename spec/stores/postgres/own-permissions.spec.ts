import { StoreError } from 'kapacitor-auth';
import { PostgresUserRepository, postgresSchema } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readPermissionsOfStore } from '../../../lib/stores/permissions-in-use.js';
import { MIGRATIONS, migrationStatements } from '../../../lib/stores/postgres/schema.js';
import { TableNames } from '../../../lib/stores/postgres/table-names.js';
import {
  openPostgres,
  ownDatabase,
  ownRole,
  ownSchema,
  psql,
  schemaOf,
  usersTable,
} from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

type Migration = (typeof MIGRATIONS)[number];

/** The SQL of version 1, as the version of the package that had it made the table. */
function version1(table: { schema?: string; table?: string }): string {
  const names = new TableNames(table);
  const sql = migrationStatements(MIGRATIONS[0] as Migration, 1, names);
  return `BEGIN; CREATE SCHEMA IF NOT EXISTS ${names.schema}; ${sql} COMMIT;`;
}

/** A table of version 1 with a user of each permission. */
async function tableOfVersion1(): Promise<{ url: string; schema: string; table: string }> {
  const url = ownSchema();
  const schema = schemaOf(url) as string;
  const table = usersTable(url);
  await psql(url, version1({ schema }));
  await psql(
    url,
    `INSERT INTO ${table} (name, permissions, hash) VALUES ('a', '{api,config_api}', 'x'), ('b', '{all}', 'x'), ('c', '{}', 'x')`,
  );
  return { url, schema, table };
}

const insert = (url: string, permissions: string) =>
  psql(url, `INSERT INTO ${usersTable(url)} (name, permissions, hash) VALUES ('new', $1, 'x')`, [permissions]);
const checksOf = async (url: string) =>
  (
    await psql(
      url,
      `SELECT conname FROM pg_constraint WHERE conrelid = '${usersTable(url)}'::regclass AND contype = 'c' ORDER BY conname`,
    )
  ).map(({ conname }) => conname);

describe('a table of version 1', () => {
  it('refuses own permissions until it is upgraded, which a start does; its users stay as they are', async () => {
    const { url, table } = await tableOfVersion1();
    await expect(insert(url, '{clerk}')).rejects.toMatchObject({ code: '23514' });
    const before = await psql(
      url,
      `SELECT name, type, permissions, enabled, hash, revision, xmin FROM ${table} ORDER BY name`,
    );
    const repository = await openPostgres(url);
    expect(
      await psql(url, `SELECT name, type, permissions, enabled, hash, revision, xmin FROM ${table} ORDER BY name`),
    ).toEqual(before);
    expect(await checksOf(url)).toEqual([
      'kapacitor_auth_users_name_check',
      'kapacitor_auth_users_permission_names',
      'kapacitor_auth_users_type_check',
    ]);
    const kim = userNamed('kim', { permissions: ['api', 'clerk'] });
    await repository.insert(kim);
    expect(await repository.find('kim')).toEqual(kim);
  });

  it.each([
    ['has another name', 'ALTER TABLE % RENAME CONSTRAINT kapacitor_auth_users_permissions_check TO "my ""check"'],
    ['is there twice', `ALTER TABLE % ADD CHECK (permissions <@ ARRAY['api', 'config_api', 'write_points', 'all'])`],
    ['is gone', 'ALTER TABLE % DROP CONSTRAINT kapacitor_auth_users_permissions_check'],
  ])('is upgraded if its constraint %s, also by the SQL of postgresSchema()', async (_what, change) => {
    for (const upgrade of ['start', 'SQL']) {
      const { url, schema, table } = await tableOfVersion1();
      await psql(url, change.replace('%', table));
      if (upgrade === 'SQL') await psql(url, postgresSchema({ schema }, 1));
      const repository = await openPostgres(url);
      expect(await repository.insert(userNamed('kim', { permissions: ['clerk'] }))).toBe(true);
    }
  });

  it("keeps the app's own constraints", async () => {
    const { url, table } = await tableOfVersion1();
    await psql(url, `ALTER TABLE ${table} ADD CONSTRAINT mine CHECK (NOT permissions @> '{forbidden}')`);
    await openPostgres(url);
    expect(await checksOf(url)).toContain('mine');
    await expect(insert(url, '{forbidden}')).rejects.toMatchObject({ constraint: 'mine' });
  });

  it('is upgraded whatever the names of its schema and itself are', async () => {
    const table = { schema: `S "c'h $$ %s`, table: `T "b'l $$ %I` };
    const url = await ownDatabase();
    await psql(url, version1(table));
    const repository = await openPostgres(url, table);
    expect(await repository.insert(userNamed('kim', { permissions: ['clerk'] }))).toBe(true);
  });

  it('is not changed by a role that does not own it, and the error names the SQL', async () => {
    const { url, schema, table } = await tableOfVersion1();
    const { role, url: asRole } = await ownRole(url);
    await psql(
      url,
      `GRANT USAGE ON SCHEMA "${schema}" TO "${role}";
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${role}"`,
    );
    const repository = new PostgresUserRepository(asRole);
    onTestFinished(() => repository.close());
    const error = await repository.open().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      message:
        `this database user may not change the table ${table} from version 1 to 5 (must be owner of table kapacitor_auth_users): ` +
        'grant it ownership of the table and CREATE on its schema, or run the SQL that postgresSchema({ … }, 1) of kapacitor-auth/postgres returns',
    });
    await psql(url, postgresSchema({ schema }, 1));
    await psql(url, `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${role}"`);
    await repository.open();
    expect(await repository.insert(userNamed('kim', { permissions: ['clerk'] }))).toBe(true);
  });

  it('is not waited for while a long transaction uses it: users are read meanwhile, and a later start upgrades it', async () => {
    const { url, table } = await tableOfVersion1();
    const dump = new pg.Client(url.replace(/\?.*/, ''));
    await dump.connect();
    onTestFinished(() => dump.end());
    await dump.query(`BEGIN; SELECT count(*) FROM ${table}`);
    const repository = new PostgresUserRepository(url);
    onTestFinished(() => repository.close());
    const opening = repository.open().catch((thrown: unknown) => thrown);
    expect(await psql(url, `SELECT count(*)::int FROM ${table}`)).toEqual([{ count: 3 }]);
    const error = await opening;
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      message:
        `the table ${table} cannot be changed to this version while a long transaction uses it, such as that of pg_dump: ` +
        'try again when that is done',
    });
    await dump.query('COMMIT');
    await repository.open();
    expect(await repository.insert(userNamed('kim', { permissions: ['clerk'] }))).toBe(true);
  });
});

describe('the permissions of a user in the table', () => {
  it.each([
    ['names of any kind', `{api,clerk,a-b_c9,${'x'.repeat(64)}}`],
    ['none', '{}'],
  ])('may be %s', async (_what, permissions) => {
    const url = ownSchema();
    await openPostgres(url);
    await insert(url, permissions);
    expect(await psql(url, `SELECT permissions::text FROM ${usersTable(url)}`)).toEqual([{ permissions }]);
  });

  it.each([
    ['NULL', '{NULL}'],
    ['NULL beside a name', '{api,NULL}'],
    ['an empty text', '{""}'],
    ['an empty text beside a name', '{api,""}'],
    ['a comma', '{"api,clerk"}'],
    ['a capital letter', '{Clerk}'],
    ['a letter beyond ASCII', '{clérk}'],
    ['a digit at the beginning', '{1st}'],
    ['a line end', '{"clerk\n"}'],
    ['65 characters', `{${'x'.repeat(65)}}`],
  ])('may not have %s', async (_what, permissions) => {
    const url = ownSchema();
    await openPostgres(url);
    await expect(insert(url, permissions)).rejects.toMatchObject({
      code: '23514',
      constraint: 'kapacitor_auth_users_permission_names',
    });
  });
});

describe('a look for the permissions in use', () => {
  it('reads a table of any version, and changes nothing', async () => {
    const { url, schema, table } = await tableOfVersion1();
    const versionOf = () => psql(url, `SELECT version FROM "${schema}".kapacitor_auth_users_version`);
    expect([...(await readPermissionsOfStore(url))].sort()).toEqual(['all', 'api', 'config_api']);
    expect(await versionOf()).toEqual([{ version: 1 }]);
    await openPostgres(url);
    await psql(url, `UPDATE ${table} SET permissions = '{clerk}' WHERE name = 'c'`);
    expect([...(await readPermissionsOfStore(url))].sort()).toEqual(['all', 'api', 'clerk', 'config_api']);
  });

  it('makes no table', async () => {
    const url = ownSchema();
    expect(await readPermissionsOfStore(url)).toEqual([]);
    expect(await psql(url, 'SELECT FROM pg_namespace WHERE nspname = $1', [schemaOf(url)])).toEqual([]);
    await psql(url, `CREATE SCHEMA "${schemaOf(url)}"`);
    expect(await readPermissionsOfStore(url)).toEqual([]);
    expect(await psql(url, 'SELECT FROM pg_tables WHERE schemaname = $1', [schemaOf(url)])).toEqual([]);
  });

  it('fails with the message of the database', async () => {
    const url = `${(await ownDatabase()).replace(/[^/]*$/, 'nowhere')}`;
    await expect(readPermissionsOfStore(url)).rejects.toMatchObject({ code: '3D000' });
  });
});
