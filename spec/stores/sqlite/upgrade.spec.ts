import { describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../lib/stores/sqlite/connection.js';
import { FORMAT_1, FORMAT_2, storeOfFormat1 } from '../../support/sqlite-formats.js';
import { connect, openRepository } from '../../support/sqlite-repository.js';
import { keyOf, sessionOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

const formatOf = (file: string) => connect(file).value('PRAGMA user_version');
const tablesOf = (file: string) =>
  connect(file)
    .all({ text: 'SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL', values: [] })
    .map(({ sql }) => sql);

describe('a store of format 1', () => {
  it('is upgraded when it is opened, and keeps its users', async () => {
    const file = storeOfFormat1(1_200);
    expect(tablesOf(file)).toEqual(FORMAT_1);
    const repository = openRepository(file);
    expect(formatOf(file)).toBe(2);
    expect(tablesOf(file)).toEqual([...FORMAT_1, ...FORMAT_2]);
    for (const number of [1, 600, 1_200]) expect(repository.find(`user${number}`)).toEqual(userNamed(`user${number}`));
    expect(await repository.secrets.insert(keyOf('user1'), '1', 10)).toBe('inserted');
    expect(repository.secrets.find(keyOf('user1').digest)).toEqual(keyOf('user1'));
    await repository.close();
    expect(openRepository(file).secrets.find(keyOf('user1').digest)).toEqual(keyOf('user1'));
  });

  it('is upgraded if it is a backup, which has no log', async () => {
    const file = storeOfFormat1(10);
    connect(file).execute('PRAGMA journal_mode = DELETE');
    expect(openRepository(file).find('user10')).toEqual(userNamed('user10'));
    expect(formatOf(file)).toBe(2);
  });

  it('is upgraded once if another process upgrades it at the same moment', async () => {
    const file = storeOfFormat1(10);
    const upgrade = Connection.prototype.inTransaction;
    const meanwhile = vi.spyOn(Connection.prototype, 'inTransaction').mockImplementationOnce(function <T>(
      this: Connection,
      run: () => T,
    ): T {
      const other = openRepository(file);
      void other.secrets.insert(keyOf('user1'), '1', 10);
      return upgrade.call(this, run) as T;
    });
    const repository = openRepository(file);
    expect(meanwhile).toHaveBeenCalled();
    await vi.waitUntil(() => repository.secrets.find(keyOf('user1').digest) !== undefined);
    expect(tablesOf(file)).toEqual([...FORMAT_1, ...FORMAT_2]);
  });

  it.each(['SQLITE_FULL', 'SQLITE_IOERR_WRITE'])(
    'stays as it is if the disk fails in the middle, and the error gives advice: %s',
    (code) => {
      const file = storeOfFormat1(10);
      const execute = Connection.prototype.execute;
      vi.spyOn(Connection.prototype, 'execute').mockImplementation(function (this: Connection, sql: string) {
        if (sql.includes('PRAGMA user_version')) throw Object.assign(new Error('of the disk'), { code });
        execute.call(this, sql);
      });
      expect(() => openRepository(file)).toThrow(
        `cannot open the user store in ${file}: the file system has no room, or fails (of the disk). Make room there`,
      );
      vi.restoreAllMocks();
      expect(tablesOf(file)).toEqual(FORMAT_1);
      expect(formatOf(file)).toBe(1);
      expect(openRepository(file).find('user10')).toEqual(userNamed('user10'));
    },
  );

  it.each([
    ['CREATE TABLE secrets (x)', 'the table "secrets"'],
    ['CREATE VIEW Generation AS SELECT 1', 'the view "Generation"'],
    ['CREATE TABLE other (x); CREATE INDEX secrets_names ON other (x)', 'the index "secrets_names"'],
    ['CREATE TABLE other (x); CREATE TRIGGER t AFTER INSERT ON other BEGIN DELETE FROM users; END', 'the trigger "t"'],
  ])('is refused, and stays as it is, with something else in it: %s', (sql, what) => {
    const file = storeOfFormat1(10);
    connect(file).execute(sql);
    const before = tablesOf(file);
    expect(() => openRepository(file)).toThrow(
      `its tables are not as kapacitor-auth made them: see ${what}. Restore a backup`,
    );
    expect(tablesOf(file)).toEqual(before);
    expect(formatOf(file)).toBe(1);
  });

  it('is upgraded beside tables of another program', () => {
    const file = storeOfFormat1(10);
    connect(file).execute('CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)');
    expect(openRepository(file).find('user10')).toEqual(userNamed('user10'));
  });
});

describe('a process of an older version', () => {
  it('goes on after the upgrade, and its changes end what they must end', async () => {
    const file = storeOfFormat1(10);
    const older = connect(file);
    const change = (text: string, ...values: string[]) => older.all({ text, values });
    expect(change('UPDATE users SET permissions = $2 WHERE name = $1 RETURNING name', 'user1', 'api')).toHaveLength(1);
    const repository = openRepository(file);
    const { secrets } = repository;
    for (const owner of ['user1', 'user2']) {
      await secrets.insert(keyOf(owner), '1', 10);
      await secrets.insert(sessionOf(owner), '1', 10);
    }
    change('UPDATE users SET hash = $2, revision = $3 WHERE name = $1 RETURNING name', 'user1', 'another', '2');
    change('DELETE FROM users WHERE name = $1 RETURNING name', 'user2');
    // An answered change, after which every earlier one is in force.
    await repository.insert(userNamed('last'));
    expect(secrets.find(keyOf('user1').digest)).toBeDefined();
    expect(secrets.find(sessionOf('user1').digest)).toBeUndefined();
    expect(secrets.find(keyOf('user2').digest)).toBeUndefined();
  });
});
