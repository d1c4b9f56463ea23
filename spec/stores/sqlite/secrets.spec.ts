import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../lib/stores/sqlite/connection.js';
import type { KeyOwner } from '../../../lib/users/repository.js';
import type { StoredSecret } from '../../../lib/users/secret.js';
import { failure } from '../../support/failure.js';
import { connect, inPortions, openRepository, storeWithSecrets } from '../../support/sqlite-repository.js';
import { digestOf, keyOf, NOON, sessionOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { countTurns } from '../../support/turns.js';

const KEY = keyOf('user0');
const SESSION = sessionOf('user0');

const refused = failure('STORE_UNAVAILABLE', 503, 'the user store refuses the change');

describe('a change with sqlite3, which ignores foreign keys', () => {
  it.each<[string, string, string[]]>([
    ['a deleted user', "DELETE FROM users WHERE name = 'user0'", []],
    [
      'a replaced user',
      "INSERT OR REPLACE INTO users (name, type, permissions, enabled, hash, revision) VALUES ('user0', 'admin', '', 1, 'another', '2')",
      [],
    ],
    ['another hash', "UPDATE users SET hash = 'another' WHERE name = 'user0'", ['key']],
    ['a disabled user', "UPDATE users SET enabled = 0 WHERE name = 'user0'", ['key']],
    [
      'other permissions',
      "UPDATE users SET permissions = 'api', type = 'admin' WHERE name = 'user0'",
      ['key', 'session'],
    ],
    ['a deleted key', "DELETE FROM secrets WHERE name = 'key' AND owner = 'user0'", ['session']],
    ['a deleted table of users', 'DELETE FROM users', []],
  ])('is in force at the next question: %s', async (_what, sql, left) => {
    const { repository, secrets, other } = await storeWithSecrets();
    const found = () => [KEY, SESSION].filter(({ digest }) => secrets.find(digest)).map(({ kind }) => kind);
    expect(found()).toEqual(['key', 'session']);
    other.execute(sql);
    // An answered change, after which every earlier one is in force.
    await repository.insert(userNamed('last'));
    expect(found()).toEqual(left);
  });

  it('lets a user with a new name keep its secrets, and gives it none of a user who had the name', async () => {
    const { secrets, other } = await storeWithSecrets(3);
    other.execute("UPDATE users SET name = 'renamed' WHERE name = 'user0'");
    other.execute("UPDATE OR REPLACE users SET name = 'user1' WHERE name = 'user2'");
    const rows = other.all({ text: 'SELECT owner, id FROM secrets ORDER BY owner, id', values: [] });
    expect(rows).toEqual([
      { owner: 'renamed', id: KEY.id },
      { owner: 'renamed', id: SESSION.id },
      { owner: 'user1', id: keyOf('user2').id },
      { owner: 'user1', id: sessionOf('user2').id },
    ]);
    expect(await secrets.list('user0', 'key')).toEqual([]);
  });

  it('leaves a secret of nobody to nobody: a later user of the name does not get it, and a snapshot has none', async () => {
    const { repository, secrets, other } = await storeWithSecrets();
    other.execute("UPDATE secrets SET owner = 'later' WHERE owner = 'user0'");
    const users: KeyOwner[] = [];
    for await (const user of repository.snapshot()) users.push(user);
    expect(users).toEqual([userNamed('user0'), { ...userNamed('user1'), keys: [keyOf('user1')] }]);
    await repository.insert(userNamed('later'));
    expect(await secrets.list('later', 'key')).toEqual([]);
    expect(secrets.find(KEY.digest)).toBeUndefined();
  });
});

describe('a secret that breaks a rule of the table', () => {
  it.each<[string, Partial<StoredSecret>]>([
    ['the digest of another secret', { digest: keyOf('user1').digest }],
    ['the id of another secret', { id: keyOf('user1').id }],
    ['a digest of another length', { digest: 'short' }],
    ['no id', { id: undefined as never }],
    ['a name', { name: 'of a key' }],
    ['a fraction of a millisecond', { created: 0.5 }],
    ['an odd time', { expires: 'tomorrow' as never }],
  ])('is refused alone, and makes no session end: %s', async (_what, change) => {
    const { secrets } = await storeWithSecrets();
    const outcomes = await Promise.allSettled([
      secrets.insert(keyOf('user1', 'first'), '1', 10),
      secrets.insert({ ...sessionOf('user0', 2), ...change }, '1', 1),
      secrets.insert(keyOf('user1', 'last'), '1', 10),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((outcomes[1] as PromiseRejectedResult).reason).toEqual(refused);
    expect(secrets.find(keyOf('user1').digest)).toEqual(keyOf('user1'));
    expect(await secrets.list('user0', 'session')).toEqual([SESSION]);
    expect(await secrets.list('user1', 'key')).toHaveLength(3);
  });

  it('keeps the users out whom it comes with, and all others of the call', async () => {
    const { repository, secrets } = await storeWithSecrets();
    const taken = keyOf('b', 'key', { digest: KEY.digest });
    const users = [
      { ...userNamed('a'), keys: [keyOf('a')] },
      { ...userNamed('b'), keys: [taken] },
    ];
    await expect(repository.insertMany(users)).rejects.toEqual(refused);
    expect([repository.find('a'), repository.find('b')]).toEqual([undefined, undefined]);
    expect(secrets.find(keyOf('a').digest)).toBeUndefined();
    expect(secrets.find(KEY.digest)).toEqual(KEY);
  });

  it.each([undefined, null, true, ['a']])('fails alone with a field that SQLite does not take: %s', async (odd) => {
    const { secrets } = await storeWithSecrets();
    const inserted = secrets.insert(keyOf('user0', 'other'), '1', 10);
    await expect(secrets.insert(keyOf('user0', 'odd', { created: odd as never }), '1', 10)).rejects.toThrow(TypeError);
    await expect(secrets.remove('user0', 'key', odd as never)).rejects.toThrow(/which cannot be stored$/);
    expect(await inserted).toBe('inserted');
  });
});

describe('expired secrets', () => {
  const sessions = Array.from({ length: 1_200 }, (_, index) =>
    sessionOf('user0', 10 + index, { expires: NOON + index }),
  );

  async function setUpExpired() {
    const store = await storeWithSecrets();
    await inPortions(sessions, (session) => store.secrets.insert(session, '1', 10_000));
    return store;
  }

  it('are removed in parts, between which other changes are made', async () => {
    const { repository, secrets } = await setUpExpired();
    const order: string[] = [];
    const turns = countTurns();
    const removal = Promise.resolve(secrets.removeExpired(NOON + 5_000)).then(() => order.push('removed'));
    const change = repository.insert(userNamed('other')).then(() => order.push('changed'));
    await Promise.all([removal, change]);
    expect(order).toEqual(['changed', 'removed']);
    expect(turns()).toBeGreaterThan(3);
    expect(await secrets.list('user0', 'session')).toEqual([SESSION]);
  });

  it('cause no change if there are none', async () => {
    const { file, secrets, other } = await setUpExpired();
    other.execute('BEGIN IMMEDIATE');
    await secrets.removeExpired(NOON - 1);
    other.execute('ROLLBACK');
    await secrets.removeExpired(NOON);
    expect(connect(file).value('SELECT count(*) FROM secrets WHERE expires IS NOT NULL')).toBe(1_199);
  });
});

describe('each question about secrets', () => {
  it('is answered from an index, however many secrets there are', async () => {
    const { other } = await storeWithSecrets();
    const asked = new Set<string>();
    for (const method of ['first', 'all', 'run'] as const) {
      const ask = Connection.prototype[method] as (this: Connection, statement: { text: string }) => never;
      vi.spyOn(Connection.prototype, method).mockImplementation(function (this: Connection, statement) {
        asked.add(statement.text);
        return ask.call(this, statement);
      });
    }
    const { repository, secrets } = await storeWithSecrets(1);
    await secrets.recordUses([{ digest: KEY.digest, lastUsed: NOON }]);
    await secrets.insert(keyOf('user0', 'again', { name: 'key' }), '1', 10);
    await secrets.list('user0', 'key');
    secrets.find(KEY.digest);
    for await (const user of repository.snapshot()) expect(user.name).toBe('user0');
    await secrets.remove('user0', 'session', SESSION.id);
    await secrets.insert(sessionOf('user0', 3, { expires: NOON + 1 }), '1', 10);
    await secrets.removeExpired(NOON + 1);
    await secrets.removeAll('user0', 'key');
    await repository.remove('user0');
    vi.restoreAllMocks();
    const queries = [...asked].filter((text) => /\bsecrets\b/.test(text) && !text.includes('FROM generation'));
    expect(queries.length).toBeGreaterThan(11);
    for (const text of queries) {
      const plan = other.all({ text: `EXPLAIN QUERY PLAN ${text}`, values: text.match(/\$\d/g)?.map(() => 1) ?? [] });
      const scans = plan.filter(({ detail }) =>
        /SCAN (secrets|users|other)|USE TEMP B-TREE FOR (?!GROUP)/.test(`${detail}`),
      );
      expect([text, scans]).toEqual([text, []]);
    }
  });
});

describe('a closed store', () => {
  it('answers no question about secrets', async () => {
    const { repository, secrets } = await storeWithSecrets();
    await repository.close();
    expect(() => secrets.find(KEY.digest)).toThrow('is closed');
    expect(() => secrets.list('user0', 'key')).toThrow('is closed');
    const uses = [{ digest: KEY.digest, lastUsed: NOON }];
    await expect(secrets.insert(keyOf('user0', 'more'), '1', 10)).rejects.toThrow('is closed');
    await expect(secrets.remove('user0', 'key', KEY.id)).rejects.toThrow('is closed');
    await expect(secrets.removeAll('user0', 'key')).rejects.toThrow('is closed');
    await expect(secrets.recordUses(uses)).rejects.toThrow('is closed');
    await expect(secrets.removeExpired(NOON)).rejects.toThrow('is closed');
  });
});

describe('a backup', () => {
  it('has every key and session, and the digest of none that was removed', async () => {
    const { repository, secrets } = await storeWithSecrets(300);
    for (let index = 0; index < 50; index += 1) await secrets.remove(`user${index}`, 'key', `user${index}-key`);
    await repository.remove('user100');
    const file = join(temporaryFolder(), 'backup.db');
    await repository.backup(file);
    const content = readFileSync(file);
    for (const name of ['user0', 'user49', 'user100']) expect(content.includes(keyOf(name).digest)).toBe(false);
    const backup = openRepository(file);
    expect(backup.secrets.find(keyOf('user50').digest)).toEqual(keyOf('user50'));
    expect(backup.secrets.find(SESSION.digest)).toEqual(SESSION);
    expect(backup.secrets.find(digestOf('user100 key'))).toBeUndefined();
    await backup.remove('user50');
    expect(backup.secrets.find(keyOf('user50').digest)).toBeUndefined();
  });
});
