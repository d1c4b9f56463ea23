import { describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../lib/stores/sqlite/connection.js';
import { openRepository, storeWithSecrets } from '../../support/sqlite-repository.js';
import { keyOf, NOON } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

const KEY = keyOf('user0');

describe('a user or secret in memory', () => {
  it('is not read again in any process because of a recorded use, if there are 10,000 of each', {
    timeout: 60_000,
  }, async () => {
    const { file, repository, secrets } = await storeWithSecrets(10_000);
    const reader = openRepository(file);
    const names = Array.from({ length: 10_000 }, (_, index) => `user${index}`);
    const findAll = (from: typeof reader) => {
      for (const name of names) {
        from.find(name);
        from.secrets.find(keyOf(name).digest);
      }
    };
    findAll(reader);
    findAll(repository);
    const first = vi.spyOn(Connection.prototype, 'first');
    await secrets.recordUses(names.map((name) => ({ digest: keyOf(name).digest, lastUsed: NOON })));
    first.mockClear();
    findAll(reader);
    findAll(repository);
    const texts = new Set(first.mock.calls.map(([{ text }]) => text));
    expect([...texts].filter((text) => /FROM (users|secrets)/.test(text))).toEqual([]);
    expect(texts).toContain('SELECT users, secrets FROM generation');
    expect(await reader.secrets.list('user9999', 'key')).toEqual([keyOf('user9999', 'key', { lastUsed: NOON })]);
  });

  it.each<[string, (store: Awaited<ReturnType<typeof storeWithSecrets>>) => unknown, reads: number]>([
    ['another user', ({ repository }) => repository.insert(userNamed('later')), 1],
    ['another key', ({ secrets }) => secrets.insert(keyOf('user1', 'more'), '1', 10), 0],
    ['a removed key', ({ secrets }) => secrets.removeAll('user1', 'key'), 0],
    ['a table of another program', ({ other }) => other.execute('CREATE TABLE _litestream_seq (x)'), 0],
  ])('is read again only after a change of its table: %s', async (_what, change, reads) => {
    const store = await storeWithSecrets();
    const found = store.repository.find('user0');
    await change(store);
    await store.secrets.recordUses([{ digest: KEY.digest, lastUsed: NOON }]);
    const first = vi.spyOn(Connection.prototype, 'first');
    expect(store.repository.find('user0')).toBe(found);
    expect(first.mock.calls.filter(([{ text }]) => text.includes('FROM users'))).toHaveLength(reads);
  });
});

describe('a store without its number of changes', () => {
  it('reads users and secrets each time, so that no change is missed', async () => {
    const { repository, secrets, other } = await storeWithSecrets();
    expect([repository.find('user0'), secrets.find(KEY.digest)]).toEqual([userNamed('user0'), KEY]);
    other.execute('DELETE FROM generation');
    await secrets.remove('user0', 'key', KEY.id);
    await repository.replace(userNamed('user0', { revision: '2' }), '1');
    expect(repository.find('user0')).toMatchObject({ revision: '2' });
    expect(secrets.find(KEY.digest)).toBeUndefined();
  });
});
