import { describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../lib/stores/sqlite/connection.js';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import {
  FORMAT_1,
  FORMAT_2,
  NEWEST,
  NEWEST_FORMAT,
  storeOfFormat1,
  storeOfFormat2,
  storeOfFormat2WithSecrets,
} from '../../support/sqlite-formats.js';
import { connect, openRepository } from '../../support/sqlite-repository.js';
import { keyOf, sessionOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

const formatOf = (file: string) => connect(file).value('PRAGMA user_version');
const tablesOf = (file: string) =>
  connect(file)
    .all({ text: 'SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL', values: [] })
    .map(({ sql }) => sql);

describe.each([
  [1, FORMAT_1, storeOfFormat1],
  [2, [...FORMAT_1, ...FORMAT_2], storeOfFormat2],
])('a store of format %s', (format, before, storeOf) => {
  it('is upgraded when it is opened, and keeps its users', async () => {
    const file = storeOf(1_200);
    expect(tablesOf(file)).toEqual(before);
    const repository = openRepository(file);
    expect(formatOf(file)).toBe(NEWEST_FORMAT);
    expect(tablesOf(file).toSorted()).toEqual(NEWEST.toSorted());
    for (const number of [1, 600, 1_200]) expect(repository.find(`user${number}`)).toEqual(userNamed(`user${number}`));
    expect(await repository.secrets.insert(keyOf('user1'), '1', 10)).toBe('inserted');
    expect(repository.secrets.find(keyOf('user1').digest)).toEqual(keyOf('user1'));
    await repository.close();
    expect(openRepository(file).secrets.find(keyOf('user1').digest)).toEqual(keyOf('user1'));
  });

  it('is upgraded if it is a backup, which has no log', async () => {
    const file = storeOf(10);
    connect(file).execute('PRAGMA journal_mode = DELETE');
    expect(openRepository(file).find('user10')).toEqual(userNamed('user10'));
    expect(formatOf(file)).toBe(NEWEST_FORMAT);
  });

  it('is upgraded once if another process upgrades it at the same moment', async () => {
    const file = storeOf(10);
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
    expect(tablesOf(file).toSorted()).toEqual(NEWEST.toSorted());
  });

  it.each(['SQLITE_FULL', 'SQLITE_IOERR_WRITE'])(
    'stays as it is if the disk fails in the middle, and the error gives advice: %s',
    (code) => {
      const file = storeOf(10);
      const execute = Connection.prototype.execute;
      vi.spyOn(Connection.prototype, 'execute').mockImplementation(function (this: Connection, sql: string) {
        if (sql.includes('PRAGMA user_version')) throw Object.assign(new Error('of the disk'), { code });
        execute.call(this, sql);
      });
      expect(() => openRepository(file)).toThrow(
        `cannot open the user store in ${file}: the file system has no room, or fails (of the disk). Make room there`,
      );
      vi.restoreAllMocks();
      expect(tablesOf(file)).toEqual(before);
      expect(formatOf(file)).toBe(format);
      expect(openRepository(file).find('user10')).toEqual(userNamed('user10'));
    },
  );

  it.each([
    ['CREATE TABLE logins (x)', 'the table "logins"'],
    ['CREATE VIEW Permission_Lists AS SELECT 1', 'the view "Permission_Lists"'],
    ['CREATE TABLE other (x); CREATE INDEX users_disabled ON other (x)', 'the index "users_disabled"'],
    ['CREATE TABLE other (x); CREATE TRIGGER t AFTER INSERT ON other BEGIN DELETE FROM users; END', 'the trigger "t"'],
  ])('is refused, and stays as it is, with something else in it: %s', (sql, what) => {
    const file = storeOf(10);
    connect(file).execute(sql);
    const changed = tablesOf(file);
    expect(() => openRepository(file)).toThrow(
      `its tables are not as kapacitor-auth made them: see ${what}. Restore a backup`,
    );
    expect(tablesOf(file)).toEqual(changed);
    expect(formatOf(file)).toBe(format);
  });

  it('is upgraded beside tables of another program', () => {
    const file = storeOf(10);
    connect(file).execute('CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)');
    expect(openRepository(file).find('user10')).toEqual(userNamed('user10'));
  });
});

describe('a store of format 1 with a table of another program', () => {
  it.each([
    ['CREATE TABLE secrets (x)', 'the table "secrets"'],
    ['CREATE VIEW Generation AS SELECT 1', 'the view "Generation"'],
    ['CREATE TABLE other (x); CREATE INDEX secrets_names ON other (x)', 'the index "secrets_names"'],
  ])('is refused if a later format has that name: %s', (sql, what) => {
    const file = storeOfFormat1(10);
    connect(file).execute(sql);
    expect(() => openRepository(file)).toThrow(`its tables are not as kapacitor-auth made them: see ${what}`);
    expect(formatOf(file)).toBe(1);
  });
});

describe('an upgrade from format 2', () => {
  it('keeps the users and their secrets, who say nothing about their accounts and have no login', async () => {
    const repository = openRepository(storeOfFormat2WithSecrets());
    expect(repository.find('user1')).toEqual(userNamed('user1', { type: 'admin' }));
    expect(repository.find('user2')).toEqual(userNamed('user2', { enabled: false }));
    expect(repository.secrets.find(keyOf('user1').digest)).toEqual(keyOf('user1'));
    expect((await repository.logins.lastOf(['user1'])).size).toBe(0);
    expect(await repository.replace(userNamed('user1'), '1')).toBe('last-admin');
  });

  it('makes indexes that lists and counts find the former users with', async () => {
    const repository = openRepository(storeOfFormat2WithSecrets());
    const select = async (conditions: object) => {
      const filter = { pattern: new NamePattern(''), ...conditions };
      const users = await repository.list({ ...filter, after: undefined, offset: 0, limit: 10 });
      expect(await repository.count(filter)).toBe(users.length);
      return users.map(({ name }) => name);
    };
    expect(await select({ type: 'admin' })).toEqual(['user1']);
    expect(await select({ enabled: false })).toEqual(['user2']);
    expect(await select({ permission: 'api' })).toEqual(['user3', 'user4', 'user5']);
    expect(await select({ permission: 'write_points' })).toEqual(['user3', 'user4']);
  });
});

describe('a process of an older version', () => {
  it.each([
    [1, storeOfFormat1],
    [2, storeOfFormat2],
  ])('goes on after the upgrade, and its changes end what they must end: format %s', async (_format, storeOf) => {
    const file = storeOf(10);
    const older = connect(file);
    const change = (text: string, ...values: string[]) => older.all({ text, values });
    expect(change('UPDATE users SET permissions = $2 WHERE name = $1 RETURNING name', 'user1', 'api')).toHaveLength(1);
    const repository = openRepository(file);
    const { secrets } = repository;
    for (const owner of ['user1', 'user2']) {
      await secrets.insert(keyOf(owner), '1', 10);
      await secrets.insert(sessionOf(owner), '1', 10);
    }
    await repository.logins.record([{ name: 'user2', ago: 0 }]);
    change('UPDATE users SET hash = $2, revision = $3 WHERE name = $1 RETURNING name', 'user1', 'another', '2');
    change('DELETE FROM users WHERE name = $1 RETURNING name', 'user2');
    // An answered change, after which every earlier one is in force.
    await repository.insert(userNamed('last'));
    expect(secrets.find(keyOf('user1').digest)).toBeDefined();
    expect(secrets.find(sessionOf('user1').digest)).toBeUndefined();
    expect(secrets.find(keyOf('user2').digest)).toBeUndefined();
    expect((await repository.logins.lastOf(['user2'])).size).toBe(0);
    const added = change(
      "INSERT INTO users (name, type, permissions, enabled, hash, revision) VALUES ($1, 'admin', 'api', 1, $2, $3) ON CONFLICT (name) DO NOTHING RETURNING name",
      'added',
      userNamed('').hash,
      '1',
    );
    expect(added).toEqual([{ name: 'added' }]);
    expect(repository.find('added')).toEqual(userNamed('added', { type: 'admin', permissions: ['api'] }));
  });
});
