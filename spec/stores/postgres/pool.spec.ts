import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import { createAuth } from '../../support/auth.js';
import {
  openPostgres,
  ownPool,
  ownSchema,
  psql,
  recordingPool,
  schemaOf,
  usersTable,
} from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

/** Sets the app's parser of a type until the test is over. */
function parseAs(type: number, parse: (text: string) => unknown): void {
  const before = pg.types.getTypeParser(type);
  pg.types.setTypeParser(type, parse);
  onTestFinished(() => pg.types.setTypeParser(type, before));
}

/** A schema, and an app's pool for its database. */
function poolOf(options?: pg.PoolConfig): { url: string; pool: pg.Pool; table: { schema: string } } {
  const url = ownSchema();
  return { url, pool: ownPool(url, options), table: { schema: schemaOf(url) as string } };
}

/** The connections of an application. */
const connectionsOf = async (url: string, applicationName: string) =>
  psql(url, `SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()`, [
    applicationName,
  ]);

describe('a pool of the app’s own', () => {
  it('serves the users, and the app as before', async () => {
    const { pool, table, url } = poolOf();
    const repository = await openPostgres(pool, table);
    await repository.insert(userNamed('someone'));
    expect(await repository.find('someone')).toEqual(userNamed('someone'));
    expect((await pool.query(`SELECT name FROM ${usersTable(url)}`)).rows).toEqual([{ name: 'someone' }]);
  });

  it('serves kapacitorAuth()', async () => {
    const { pool, table } = poolOf();
    const repository = new PostgresUserRepository(pool, table);
    onTestFinished(() => repository.close());
    const auth = await createAuth({ auth: { store: repository } }, [{ name: 'someone', password: 'pw' }]);
    expect(await auth.users.get('someone')).toMatchObject({ name: 'someone' });
    expect(auth.health().store.state).toBe('up');
    await auth.close();
    expect(await repository.find('someone')).toMatchObject({ name: 'someone' });
  });

  it('is not ended by close(), and nothing of the repository stays in it', async () => {
    const { pool, table } = poolOf({ max: 1 });
    const repository = new PostgresUserRepository(pool, table);
    const listeners = pool.listenerCount('error');
    await repository.open();
    await repository.close();
    await repository.close();
    expect(pool.ended).toBe(false);
    expect(pool.listenerCount('error')).toBe(listeners - 1);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(pool.listenerCount('connect')).toBe(0);
  });

  it.each([
    [{}, 'connectionTimeoutMillis and no statement_timeout'],
    [{ connectionTimeoutMillis: 2_000 }, 'statement_timeout'],
    [{ statement_timeout: 1_000 }, 'connectionTimeoutMillis'],
  ])('causes a warning if it waits without limit: %j', (options, missing) => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    new PostgresUserRepository(new pg.Pool(options));
    const warning =
      `the app's pool has no ${missing}, so it does not recover from every failure: ` +
      'new pg.Pool({ connectionTimeoutMillis: 2000, statement_timeout: 1000, … })';
    const details = { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_CONFIG' };
    expect(warnings.mock.calls).toEqual([[warning, details]]);
  });

  it('causes no warning if it has limits for connections and for answers', () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    new PostgresUserRepository(new pg.Pool({ connectionTimeoutMillis: 2_000, statement_timeout: 1_000 }));
    expect(warnings).not.toHaveBeenCalled();
  });

  it('gets one connection beside it, which ends with close()', async () => {
    const applicationName = `of ${ownSchema().slice(-36)}`;
    const { pool, table, url } = poolOf({ max: 1, application_name: applicationName });
    const repository = await openPostgres(pool, table);
    await repository.find('someone');
    expect(await connectionsOf(url, applicationName)).toHaveLength(2);
    await repository.close();
    await expect.poll(() => connectionsOf(url, applicationName)).toHaveLength(1);
  });

  it('is not used after the repository is closed', async () => {
    const { pool, table } = poolOf();
    const repository = await openPostgres(pool, table);
    await repository.close();
    expect(() => repository.find('someone')).toThrow(
      expect.objectContaining({
        code: 'STORE_UNAVAILABLE',
        message: 'the user store is closed',
        cause: new Error(`the user store in PostgreSQL ("${table.schema}"."kapacitor_auth_users") is closed`),
      }),
    );
  });

  it('may have type parsers of the app', async () => {
    const { pool, table } = poolOf();
    const { BOOL, TEXT, VARCHAR, INT4, INT8, XID } = pg.types.builtins;
    const [NAME, TEXT_ARRAY] = [19, 1009];
    for (const type of [BOOL, TEXT, VARCHAR, INT4, INT8, XID, NAME, TEXT_ARRAY]) {
      parseAs(type, () => ({ parsed: 'by the app' }));
    }
    const root = userNamed('root', { type: 'admin', permissions: [] });
    const someone = userNamed('someone', { permissions: ['api', 'write_points'], enabled: false });
    const repository = await openPostgres(pool, table);
    await repository.insert(root);
    await repository.insert(someone);
    expect(await repository.find('someone')).toEqual(someone);
    expect(await repository.replace({ ...root, type: 'normal' }, root.revision)).toBe('last-admin');
    expect(await repository.replace({ ...someone, revision: '2' }, someone.revision)).toBe('replaced');
    expect((await pool.query('SELECT true AS answer')).rows).toEqual([{ answer: { parsed: 'by the app' } }]);
  });

  it.each([
    ['isolated as serializable', '-c default_transaction_isolation=serializable'],
    ['read only unless it is said', '-c default_transaction_read_only=on'],
    ['not waiting for the disk', '-c synchronous_commit=off'],
    ['impatient when idle in a transaction', '-c idle_in_transaction_session_timeout=500'],
    ['with another search path', '-c search_path=nowhere'],
    ['with backslashes in texts', '-c standard_conforming_strings=off -c backslash_quote=on'],
  ])('may have transactions that are %s', async (_how, options) => {
    const { pool, url, table } = poolOf({ options });
    await (await openPostgres(url)).close();
    const repository = await openPostgres(pool, table);
    await repository.insert(userNamed('root', { type: 'admin' }));
    await Promise.all(
      Array.from({ length: 5 }, async (_, index) => {
        const name = `user\\${index}'`;
        expect(await repository.insert(userNamed(name, { type: 'admin' }))).toBe(true);
        expect(await repository.replace(userNamed(name, { revision: '2' }), '1')).toBe('replaced');
        expect(await repository.find(name)).toEqual(userNamed(name, { revision: '2' }));
        expect(await repository.remove(name)).toBe('removed');
      }),
    );
    expect(await repository.remove('root')).toBe('last-admin');
  });

  it('may have a single connection, for fifty questions and fifty changes at once', async () => {
    const { pool, table } = poolOf({ max: 1 });
    const repository = await openPostgres(pool, table);
    const names = Array.from({ length: 50 }, (_, index) => `user${index}`);
    const inserted = await Promise.all(names.map((name) => repository.insert(userNamed(name, { type: 'admin' }))));
    expect(inserted).toEqual(names.map(() => true));
    const [found, replaced] = await Promise.all([
      Promise.all(names.map(async (name) => (await repository.find(name))?.name)),
      Promise.all(names.map((name) => repository.replace(userNamed(name, { revision: '2' }), '1'))),
    ]);
    expect(found).toEqual(names);
    expect(replaced.toSorted()).toEqual(['last-admin', ...names.slice(1).map(() => 'replaced')]);
    expect(pool.totalCount).toBe(1);
  });

  it('without an error listener does not end the process when its connections are cut', async () => {
    const applicationName = `of ${ownSchema().slice(-36)}`;
    const { pool, table, url } = poolOf({ application_name: applicationName });
    const repository = await openPostgres(pool, table);
    await repository.insert(userNamed('someone'));
    expect(pool.idleCount).toBeGreaterThan(0);
    // once() of node:events would listen for errors as well.
    const lost = new Promise((resolve) => pool.once('remove', resolve));
    await psql(url, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
      applicationName,
    ]);
    await lost;
    expect(await repository.find('someone')).toMatchObject({ name: 'someone' });
  });

  it('may have a function as its password', async () => {
    const url = ownSchema();
    const { hostname, port, username, password } = new URL(url);
    const pool = new pg.Pool({ host: hostname, port: Number(port), user: username, password: async () => password });
    onTestFinished(() => pool.end());
    const states: string[] = [];
    const repository = new PostgresUserRepository(pool, { schema: schemaOf(url) });
    onTestFinished(() => repository.close());
    await repository.open({ grace: 0, report: (state) => states.push(state) });
    expect(states.at(-1)).toBe('up');
  });

  it('gets only one connection beside it, even if the app and kapacitorAuth() both open the repository', async () => {
    const applicationName = `of ${ownSchema().slice(-36)}`;
    const { pool, table, url } = poolOf({ max: 1, application_name: applicationName });
    const repository = await openPostgres(pool, table);
    const auth = await createAuth({ auth: { store: repository } }, []);
    await auth.ready;
    await expect.poll(() => connectionsOf(url, applicationName)).toHaveLength(2);
    await auth.close();
    await repository.close();
    await expect.poll(() => connectionsOf(url, applicationName)).toHaveLength(1);
  });

  it('may be of another kind without a client class, because pg has one', async () => {
    const { pool, url, table } = poolOf();
    const other = {
      connect: () => pool.connect(),
      end: () => pool.end(),
      on: (event: 'error', listener: () => void) => pool.on(event, listener),
      off: (event: 'error', listener: () => void) => pool.off(event, listener),
      options: { connectionString: url.replace(/\?.*/, '') },
    };
    const one = await openPostgres(other, table);
    await one.insert(userNamed('someone'));
    expect(await one.find('someone')).toMatchObject({ enabled: true });
    await psql(url, `UPDATE ${usersTable(url)} SET enabled = false`);
    await expect.poll(() => one.find('someone'), { interval: 1, timeout: 1_000 }).toMatchObject({ enabled: false });
  });
});

/** An option of `pg` that its types lack. */
const BINARY: object = { binary: true };
const ROOT = userNamed('root', { type: 'admin' });
const DISABLED = userNamed('disabled', { enabled: false });
const PERMITTED = userNamed('permitted', { permissions: ['api', 'write_points'] });

describe('an app’s pool with binary answers', () => {
  it('returns users unchanged, one by one and in a list', async () => {
    const url = ownSchema();
    const repository = await openPostgres(ownPool(url, BINARY), { schema: schemaOf(url) });
    for (const user of [DISABLED, PERMITTED, ROOT]) {
      expect(await repository.insert(user)).toBe(true);
      expect(await repository.find(user.name)).toEqual(user);
    }
    for (const pattern of ['', '*']) {
      const query = { pattern: new NamePattern(pattern), after: undefined, offset: 0, limit: 10 };
      expect(await repository.list(query)).toEqual([DISABLED, PERMITTED, ROOT]);
    }
  });

  it('keeps the last admin, and removes another', async () => {
    const url = ownSchema();
    const repository = await openPostgres(ownPool(url, BINARY), { schema: schemaOf(url) });
    await repository.insert(ROOT);
    expect(await repository.replace({ ...ROOT, type: 'normal', revision: '2' }, '1')).toBe('last-admin');
    expect(await repository.remove('root')).toBe('last-admin');
    await repository.insert(userNamed('other', { type: 'admin' }));
    expect(await repository.replace({ ...ROOT, type: 'normal', revision: '2' }, '1')).toBe('replaced');
    expect(await repository.remove('other')).toBe('last-admin');
    expect(await repository.remove('root')).toBe('removed');
    expect(await repository.find('root')).toBeUndefined();
  });

  it('compares users in memory with the table, and opens an existing table', async () => {
    const url = ownSchema();
    const { pool, sent } = recordingPool(url, BINARY);
    await (await openPostgres(url)).insert(PERMITTED);
    const repository = await openPostgres(pool, { schema: schemaOf(url) });
    const first = await repository.find('permitted');
    const looks = () =>
      sent.filter(({ text, values }) => text.includes('unnest') && values.flat().includes('permitted'));
    await expect.poll(() => looks().length, { timeout: 3_000 }).toBeGreaterThan(1);
    expect(repository.find('permitted')).toBe(first);

    await psql(
      url,
      `ALTER TABLE ${usersTable(url)} DISABLE TRIGGER ALL; UPDATE ${usersTable(url)} SET enabled = false`,
    );
    await expect
      .poll(() => repository.find('permitted'), { interval: 1, timeout: 1_000 })
      .toEqual({ ...PERMITTED, enabled: false });
  });

  it('does not take a normal user for the last admin', async () => {
    const url = ownSchema();
    const repository = await openPostgres(ownPool(url, BINARY), { schema: schemaOf(url) });
    await repository.insert(PERMITTED);
    const undo = `"${schemaOf(url)}".undo`;
    await psql(
      url,
      `CREATE FUNCTION ${undo}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER undo BEFORE DELETE ON ${usersTable(url)} FOR EACH ROW EXECUTE FUNCTION ${undo}()`,
    );
    await expect(repository.remove('permitted')).rejects.toThrow('has undone the change');
  });
});
