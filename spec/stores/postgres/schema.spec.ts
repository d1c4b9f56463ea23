import { ConfigError } from 'kapacitor-auth';
import { postgresSchema } from 'kapacitor-auth/postgres';
import { describe, expect, it } from 'vitest';
import { TableNames } from '../../../lib/stores/postgres/table-names.js';
import { openPostgres, ownDatabase, ownRole, ownSchema, psql, schemaOf } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

describe('the names in the database', () => {
  it('belong to public.kapacitor_auth_users by default', () => {
    const { schema, users, version } = new TableNames();
    expect({ schema, users, version }).toEqual({
      schema: '"public"',
      users: '"public"."kapacitor_auth_users"',
      version: '"public"."kapacitor_auth_users_version"',
    });
  });

  it('are quoted, including quotes in them', () => {
    const names = new TableNames({ schema: `a"b`, table: `"; DROP TABLE x --` });
    expect(names.users).toBe('"a""b"."""; DROP TABLE x --"');
    expect(names.part('admins')).toBe('"""; DROP TABLE x --_admins"');
    expect(names.inSchema('notify')).toBe('"a""b"."""; DROP TABLE x --_notify"');
    expect(names.secrets).toBe('"a""b"."""; DROP TABLE x --_secrets"');
    expect(names.grants).toBe('"a""b"."""; DROP TABLE x --_grants"');
    expect(names.logins).toBe('"a""b"."""; DROP TABLE x --_logins"');
    expect(names.limits).toBe('"a""b"."""; DROP TABLE x --_limits"');
    expect(names.bare).toEqual({
      schema: `a"b`,
      users: `"; DROP TABLE x --`,
      limits: `"; DROP TABLE x --_limits`,
      version: `"; DROP TABLE x --_version`,
    });
  });

  it("fit into PostgreSQL's limit for names", () => {
    const names = new TableNames({ table: 'x'.repeat(40) });
    for (const suffix of [
      'version',
      'admins',
      'revise',
      'notify',
      'notify_update',
      'notify_delete',
      'notify_truncate',
      'permission_names',
      'secrets',
      'secrets_owner',
      'secrets_names',
      'secrets_expiry',
      'secrets_delete',
      'secrets_update',
      'secrets_truncate',
      'revise_secrets',
      'end_sessions',
      'lock_secrets',
      'all_admins',
      'disabled',
      'grants_pkey',
      'grant_new',
      'grant_again',
      'grant_changed',
      'grant_none',
      'revoke_all',
      'leave_out',
      'logins_pkey',
      'logins_name_fkey',
    ]) {
      expect(Buffer.byteLength(names.part(suffix)) - 2).toBeLessThanOrEqual(63);
    }
  });
});

describe('the channel and the locks of a table', () => {
  const tables = [
    new TableNames(),
    new TableNames({ table: 'b' }),
    new TableNames({ schema: 'b' }),
    new TableNames({ schema: 'b.b', table: 'c' }),
    new TableNames({ schema: 'b', table: 'b.c' }),
  ];

  it('differ from those of every other table', () => {
    expect(new Set(tables.map(({ channel }) => channel)).size).toBe(tables.length);
    const keys = tables.flatMap((names) => [names.lockKey('admins'), names.lockKey('migration')]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('are the same in each process', () => {
    const [one, two] = [new TableNames({ schema: 'x' }), new TableNames({ schema: 'x' })];
    expect(one.channel).toBe(two.channel);
    expect(one.lockKey('admins')).toBe(two.lockKey('admins'));
  });

  it('need no quotes, and have 64 bits', () => {
    for (const names of tables) {
      expect(names.channel).toMatch(/^kapacitor_auth_[\da-f]{16}$/);
      expect(BigInt.asIntN(64, BigInt(names.lockKey('admins')))).toBe(BigInt(names.lockKey('admins')));
    }
  });
});

/** The contents of a schema, from the catalog. */
async function contentsOf(url: string, schema: string): Promise<Record<string, unknown[]>> {
  const ask = (text: string) => psql(url, text, [schema]);
  return {
    tables: await ask(
      `SELECT relname, relkind, relpersistence, relhastriggers, relrowsecurity, relacl FROM pg_class
        WHERE relnamespace = to_regnamespace(quote_ident($1)) ORDER BY relname`,
    ),
    columns: await ask(
      `SELECT table_name, column_name, ordinal_position, column_default, is_nullable, data_type, udt_name,
        collation_name FROM information_schema.columns WHERE table_schema = $1 ORDER BY table_name, ordinal_position`,
    ),
    constraints: await ask(
      `SELECT conrelid::regclass::text AS of, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = to_regnamespace(quote_ident($1)) ORDER BY conrelid::regclass::text, conname`,
    ),
    indexes: await ask('SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = $1 ORDER BY indexname'),
    triggers: await ask(
      `SELECT tgname, tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
        WHERE relnamespace = to_regnamespace(quote_ident($1)) AND NOT tgisinternal ORDER BY tgname`,
    ),
    functions: await ask(
      `SELECT proname, proacl, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = to_regnamespace(quote_ident($1)) ORDER BY proname`,
    ),
  };
}

describe('postgresSchema()', () => {
  it.each([
    [{ schema: 'auth', table: 'users' }],
    [{ schema: `S "c'h`, table: `T "b'l` }],
    [{ schema: 'public', table: 'kapacitor_auth_users' }],
  ])('returns SQL that makes exactly what a start makes: %j', async (table) => {
    const [one, two] = await Promise.all([ownDatabase(), ownDatabase()]);
    await openPostgres(one, table);
    await psql(two, postgresSchema(table));
    const contents = await contentsOf(two, table.schema);
    expect(contents).toEqual(await contentsOf(one, table.schema));
    for (const [what, some] of Object.entries(contents)) expect(some, what).not.toEqual([]);
  });

  it('returns it for public.kapacitor_auth_users by default', () => {
    expect(postgresSchema()).toBe(postgresSchema({ schema: 'public', table: 'kapacitor_auth_users' }));
    expect(postgresSchema()).toContain('CREATE TABLE "public"."kapacitor_auth_users" (');
  });

  it('returns SQL whose result a role without the right to create can open', async () => {
    const url = ownSchema();
    const schema = schemaOf(url) as string;
    await psql(url, postgresSchema({ schema }));
    const { role, url: asRole } = await ownRole(url);
    await psql(
      url,
      `GRANT USAGE ON SCHEMA "${schema}" TO "${role}"; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA "${schema}" TO "${role}"`,
    );
    const repository = await openPostgres(asRole);
    await repository.insert(userNamed('someone'));
    expect(await repository.find('someone')).toMatchObject({ name: 'someone' });
  });

  it('may run in an existing schema; a second run fails and changes nothing', async () => {
    const url = ownSchema();
    const schema = schemaOf(url) as string;
    await psql(url, `CREATE SCHEMA "${schema}"`);
    await psql(url, postgresSchema({ schema }));
    const before = await contentsOf(url, schema);
    await expect(psql(url, postgresSchema({ schema }))).rejects.toMatchObject({ code: '42P07' });
    expect(await contentsOf(url, schema)).toEqual(before);
  });

  it('returns no steps for the current version', async () => {
    expect(postgresSchema({}, 5)).toBe('-- The users of kapacitor-auth, version 5\n\nBEGIN;\n\nCOMMIT;\n');
    const url = ownSchema();
    const repository = await openPostgres(url);
    await repository.insert(userNamed('someone'));
    await psql(url, postgresSchema({ schema: schemaOf(url) }, 5));
    expect(await repository.find('someone')).toMatchObject({ name: 'someone' });
  });

  it.each([
    ['an empty schema', { schema: '' }, 'the name of the schema in PostgreSQL must have 1 to 63 bytes'],
    ['too long a table', { table: 'x'.repeat(41) }, 'the name of the table in PostgreSQL must have 1 to 40 bytes'],
  ])('refuses %s', (_what, table, message) => {
    expect(() => postgresSchema(table)).toThrow(ConfigError);
    expect(() => postgresSchema(table)).toThrow(message);
  });
});
