import { describe, expect, it } from 'vitest';
import { NamePattern } from '../../../lib/users/name-pattern.js';
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

/** As `pg` has it, although its types do not. */
const BINARY: object = { binary: true };
const ROOT = userNamed('root', { type: 'admin' });
const DISABLED = userNamed('disabled', { enabled: false });
const PERMITTED = userNamed('permitted', { permissions: ['api', 'write_points'] });

describe('an app’s pool that asks for its answers in binary', () => {
  it('gives users as they are, one by one and in a list', async () => {
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

  it('keeps the last admin, and takes away one who is not', async () => {
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

  it('compares users in memory with the table, and opens what is there already', async () => {
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

  it('does not take a user for the last admin who is none', async () => {
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
