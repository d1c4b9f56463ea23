import { describe, expect, it } from 'vitest';
import type { StoredSecret } from '../../../lib/users/secret.js';
import { openPostgres } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

const keyOf = (owner: string, id: string, changes: Partial<StoredSecret> = {}): StoredSecret => ({
  digest: `digest of ${id}`,
  kind: 'key',
  id,
  owner,
  name: id,
  permissions: undefined,
  created: 1_000,
  expires: undefined,
  lastUsed: undefined,
  ...changes,
});

describe('secrets', () => {
  it('work', async () => {
    const repository = await openPostgres();
    const { secrets } = repository;
    await repository.insert(userNamed('a'));
    const key = keyOf('a', 'one', { permissions: ['api'], expires: 1e13 });
    expect(await secrets.insert(key, '1', 2)).toBe('inserted');
    expect(await secrets.find(key.digest)).toEqual(key);
    expect(secrets.find(key.digest)).toEqual(key);
    expect(secrets.find(key.digest)).toBe(secrets.find(key.digest));
    expect(await secrets.insert(keyOf('a', 'x', { name: 'one' }), '1', 2)).toBe('name-taken');
    expect(await secrets.insert(keyOf('a', 'two', { permissions: [] }), '1', 2)).toBe('inserted');
    expect(await secrets.insert(keyOf('a', 'three'), '1', 2)).toBe('full');
    expect(await secrets.insert(keyOf('a', 'three'), '2', 2)).toBe('conflict');
    expect(await secrets.list('a', 'key')).toEqual([key, keyOf('a', 'two', { permissions: [] })]);
    await secrets.recordUses([
      { digest: key.digest, lastUsed: 5 },
      { digest: key.digest, lastUsed: 7 },
      { digest: 'x', lastUsed: 7 },
    ]);
    expect(await secrets.list('a', 'key')).toEqual([{ ...key, lastUsed: 7 }, keyOf('a', 'two', { permissions: [] })]);
    expect(await secrets.remove('a', 'key', 'nothing')).toBe(false);
    expect(await secrets.remove('a', 'session', 'one')).toBe(false);
    expect(await secrets.remove('a', 'key', 'one')).toBe(true);
    expect(await secrets.find(key.digest)).toBeUndefined();
    expect(await secrets.removeAll('a', 'key')).toBe(1);
    expect(await secrets.removeAll('a', 'key')).toBe(0);
    const session = keyOf('a', 's1', { kind: 'session', name: undefined });
    expect(await secrets.insert(session, '1', 1)).toBe('inserted');
    expect(await secrets.find(session.digest)).toEqual(session);
    expect(await secrets.insert({ ...session, digest: 'd2', id: 's2' }, '1', 1)).toBe('inserted');
    expect(await secrets.find(session.digest)).toBeUndefined();
    expect(await secrets.find('d2')).toBeDefined();
    expect(await repository.replace(userNamed('a', { revision: '2', hash: 'x' }), '1')).toBe('replaced');
    expect(await secrets.find('d2')).toBeUndefined();
    await secrets.insert(keyOf('a', 'k', { expires: 3 }), '2', 2);
    await secrets.removeExpired(2);
    expect(await secrets.find('digest of k')).toBeDefined();
    await secrets.removeExpired(3);
    expect(await secrets.list('a', 'key')).toEqual([]);
    await secrets.insert(keyOf('a', 'k'), '2', 2);
    const users = [];
    for await (const user of repository.snapshot()) users.push(user);
    expect(users).toEqual([{ ...userNamed('a', { revision: '2', hash: 'x' }), keys: [keyOf('a', 'k')] }]);
    expect(await repository.remove('a')).toBe('removed');
    expect(await secrets.find('digest of k')).toBeUndefined();
    expect(await repository.insertMany([{ ...userNamed('a'), keys: [keyOf('a', 'k')] }])).toEqual(['a']);
    expect(await secrets.find('digest of k')).toEqual(keyOf('a', 'k'));
  });
});
