import { describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../lib/stores/sqlite/connection.js';
import { openRepository, storeWithSecrets } from '../../support/sqlite-repository.js';
import { keyOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

const namesOf = async (store: Awaited<ReturnType<typeof storeWithSecrets>>, ...names: string[]) =>
  [...(await store.repository.logins.lastOf(names)).keys()].toSorted();

describe('a recorded login', () => {
  it('makes no process read a user or a secret again', async () => {
    const store = await storeWithSecrets();
    const reader = openRepository(store.file);
    const findBoth = () => [reader.find('user0'), reader.secrets.find(keyOf('user0').digest)];
    const found = findBoth();
    await store.repository.logins.record([{ name: 'user0', ago: 0 }]);
    const first = vi.spyOn(Connection.prototype, 'first');
    expect(findBoth()).toEqual(found);
    const texts = first.mock.calls.map(([{ text }]) => text);
    expect(texts).toContain('SELECT users, secrets FROM generation');
    expect(texts.filter((text) => /FROM (users|secrets)/.test(text))).toEqual([]);
    expect([...(await reader.logins.lastOf(['user0'])).keys()]).toEqual(['user0']);
  });

  it.each<[string, string, string[]]>([
    ['a deleted user loses it', "DELETE FROM users WHERE name = 'user0'", ['user1']],
    [
      'a replaced user loses it',
      "INSERT OR REPLACE INTO users (name, type, permissions, enabled, hash, revision) VALUES ('user0', 'normal', '', 1, 'h', '2')",
      ['user1'],
    ],
    ['a renamed user keeps it', "UPDATE users SET name = 'renamed' WHERE name = 'user0'", ['renamed', 'user1']],
    [
      'a user who is replaced by a renamed one loses it',
      "UPDATE OR REPLACE users SET name = 'user1' WHERE name = 'user2'",
      ['user0'],
    ],
    ['a disabled user keeps it', "UPDATE users SET enabled = 0 WHERE name = 'user0'", ['user0', 'user1']],
  ])('follows changes with sqlite3: %s', async (_what, sql, names) => {
    const store = await storeWithSecrets(3);
    await store.repository.logins.record(['user0', 'user1'].map((name) => ({ name, ago: 0 })));
    store.other.execute(sql);
    expect(await namesOf(store, 'user0', 'user1', 'user2', 'renamed')).toEqual(names);
  });

  it('is in a backup and survives a restart', async () => {
    const store = await storeWithSecrets();
    await store.repository.logins.record([{ name: 'user0', ago: 0 }]);
    await store.repository.insert(userNamed('noted', { note: 'of the operator', expires: 1 }));
    await store.repository.backup(`${store.file}.copy`);
    const copy = openRepository(`${store.file}.copy`);
    expect([...(await copy.logins.lastOf(['user0', 'user1'])).keys()]).toEqual(['user0']);
    expect(copy.find('noted')).toEqual(userNamed('noted', { note: 'of the operator', expires: 1 }));
  });
});
