import assert from 'node:assert/strict';
import type { KeyOwner } from '../../users/repository.js';
import type { StoredSecret } from '../../users/secret.js';
import type { StoredUser } from '../../users/user.js';
import {
  assertGone,
  assertSecrets,
  digestOf,
  insert,
  insertSecrets,
  key,
  NOON,
  OWNER,
  type SecretStore,
  session,
  testSecrets,
} from './secret-suite.js';
import { insertAll, type Suite, userNamed } from './suite.js';

/** The effect of changes of users on their secrets, and keys beside users in `snapshot` and `insertMany`. */
export function describeSecretsOfUsers(suite: Suite): void {
  describeRemovedOwner(suite);
  describeChangedOwner(suite);
  describeSnapshot(suite);
  describeInsertMany(suite);
}

function describeRemovedOwner(suite: Suite): void {
  const test = testSecrets(suite);
  const all = [key('a'), key('b', { created: NOON + 1, expires: NOON + 2 }), session('s')];

  suite.describe('remove, if the repository keeps secrets,', () => {
    test('removes the secrets of the user, and those of no other', async (store) => {
      await store.insert(userNamed('other'));
      const others = [key('a', { owner: 'other' }), session('s', { owner: 'other', id: 't' })];
      await insertSecrets(store, [...all, ...others]);
      assert.equal(await store.remove(OWNER.name), 'removed');
      await assertGone(store, all);
      await assertSecrets(store, []);
      await assertSecrets(store, others, 'other');
    });

    test('leaves no secret for a later user of the same name', async (store) => {
      await insertSecrets(store, all);
      await store.remove(OWNER.name);
      await store.insert(OWNER);
      await assertGone(store, all);
      await assertSecrets(store, []);
      await insertSecrets(store, all);
      await assertSecrets(store, all);
    });

    test('leaves the secrets of a user whom it does not remove', async (store) => {
      await store.insert(userNamed('root', { type: 'admin' }));
      const own = [key('a', { owner: 'root' }), session('s', { owner: 'root' })];
      await insertSecrets(store, own);
      assert.equal(await store.remove('root'), 'last-admin');
      await assertSecrets(store, own, 'root');
    });
  });
}

function describeChangedOwner(suite: Suite): void {
  const test = testSecrets(suite);
  const HASH = `$2b$04$${'x'.repeat(53)}`;
  const all = [key('a'), session('s'), session('t')];

  /** Replaces `someone`, and asserts that these are the secrets afterwards. */
  async function change(
    store: SecretStore,
    changes: Partial<StoredUser>,
    left: readonly StoredSecret[],
  ): Promise<void> {
    await insertSecrets(store, all);
    assert.equal(await store.replace({ ...OWNER, revision: 'second', ...changes }, OWNER.revision), 'replaced');
    await assertSecrets(store, left);
    await assertGone(store, all.slice(left.length));
  }

  suite.describe('replace, if the repository keeps secrets,', () => {
    test('removes the sessions of a user who gets another hash', (store) => change(store, { hash: HASH }, [key('a')]));

    test('removes the sessions of a user who is disabled', (store) => change(store, { enabled: false }, [key('a')]));

    test('removes the sessions of a user who stays disabled', async (store) => {
      await store.replace({ ...OWNER, enabled: false, revision: 'disabled' }, OWNER.revision);
      for (const secret of all) await store.secrets.insert(secret, 'disabled', 10);
      await store.replace({ ...OWNER, enabled: false, revision: 'second' }, 'disabled');
      await assertSecrets(store, [key('a')]);
    });

    test('keeps the sessions of a user who gets other permissions', (store) =>
      change(store, { permissions: ['api'] }, all));

    test('keeps the sessions of a user who gets another type', (store) => change(store, { type: 'admin' }, all));

    test('removes the sessions of no other user', async (store) => {
      await store.insert(userNamed('other'));
      const others = [key('a', { owner: 'other' }), session('u', { owner: 'other' })];
      await insertSecrets(store, others);
      await change(store, { hash: HASH, enabled: false }, [key('a')]);
      await assertSecrets(store, others, 'other');
    });

    test('removes no session if it refuses the change', async (store) => {
      await store.insert(userNamed('root', { type: 'admin' }));
      const own = [session('s', { owner: 'root', id: 'root' })];
      await insertSecrets(store, [...all, ...own]);
      assert.equal(await store.replace({ ...OWNER, hash: HASH, revision: 'second' }, 'another'), 'conflict');
      const disabled = userNamed('root', { type: 'admin', enabled: false, revision: 'second' });
      assert.equal(await store.replace(disabled, 'first of root'), 'last-admin');
      await assertSecrets(store, all);
      await assertSecrets(store, own, 'root');
    });
  });
}

async function all(users: AsyncIterable<KeyOwner>): Promise<KeyOwner[]> {
  const read: KeyOwner[] = [];
  for await (const user of users) read.push(user);
  return read;
}

function describeSnapshot(suite: Suite): void {
  const test = testSecrets(suite, 'snapshot');

  suite.describe('snapshot, if the repository has it and keeps secrets,', () => {
    test('returns each user with its keys, the oldest first, and without its sessions', async (store) => {
      const users = ['a', 'someone', 'ｚ', '𐐀'].map((name) => userNamed(name));
      await insertAll(store, users);
      const keys = [key('z'), key('a', { created: NOON + 1, expires: NOON + 2, permissions: ['api'] })];
      const others = [key('a', { owner: '𐐀', lastUsed: NOON, permissions: [] }), key('a', { owner: 'ｚ' })];
      await insertSecrets(store, [...others, ...keys.toReversed(), session('s'), session('t', { owner: 'a' })]);
      const [a, someone, z, beyond] = users;
      assert.deepEqual(await all(store.snapshot()), [
        a,
        { ...someone, keys },
        { ...z, keys: others.slice(1) },
        { ...beyond, keys: others.slice(0, 1) },
      ]);
    });

    test('returns every key as at one moment, however many there are and whatever changes meanwhile', async (store) => {
      const users = Array.from({ length: 2_500 }, (_, index) => userNamed(`user${10_000 + index}`));
      await insertAll(store, users);
      const keysOf = ({ name: owner }: StoredUser, index: number) =>
        index % 100 === 0 ? Array.from({ length: 60 }, (_, count) => key(`${count}`, { owner, created: count })) : [];
      const owners = users.map((user, index): KeyOwner => {
        const keys = keysOf(user, index);
        return keys.length > 0 ? { ...user, keys } : user;
      });
      for (const { keys = [] } of owners) await insertSecrets(store, keys);
      const read: KeyOwner[] = [];
      for await (const user of store.snapshot()) {
        read.push(user);
        if (read.length > 1) continue;
        await insertSecrets(store, [key('new', { owner: 'user12400' })]);
        await store.secrets.removeAll('user12300', 'key');
        await store.remove('user12200');
      }
      assert.deepEqual(read.slice(1), owners);
      assert.deepEqual(read[0], OWNER);
    });
  });
}

function describeInsertMany(suite: Suite): void {
  const test = testSecrets(suite, 'insertMany');
  const withKeys = (name: string, ...names: string[]): KeyOwner => ({
    ...userNamed(name),
    keys: names.map((each, index) => key(each, { owner: name, created: NOON + index })),
  });

  suite.describe('insertMany, if the repository has it and keeps secrets,', () => {
    test('adds the keys of the users that it adds', async (store) => {
      const complete = key('k', { owner: 'a', permissions: ['api'], expires: NOON + 2, lastUsed: NOON });
      const users = [
        { ...userNamed('a'), keys: [complete] },
        withKeys('b', "O'Brien", '🔑'),
        { ...userNamed('c'), keys: [] },
      ];
      assert.deepEqual(await store.insertMany(users), ['a', 'b', 'c']);
      for (const { name, keys } of users) await assertSecrets(store, keys ?? [], name);
      const second = key('k', { owner: 'a', digest: digestOf('second'), id: 'second' });
      assert.equal(await insert(store, second), 'name-taken');
      assert.deepEqual(await store.find('a'), userNamed('a'));
    });

    test('adds no key to a user who exists, although it is the same user', async (store) => {
      const user = withKeys('a', 'first', 'second');
      await store.insertMany([user]);
      await store.secrets.remove('a', 'key', key('first', { owner: 'a' }).id);
      const [, second] = user.keys ?? [];
      assert.deepEqual(await store.insertMany([user, withKeys('b', 'k'), withKeys(OWNER.name, 'k')]), ['b']);
      await assertSecrets(store, [second as StoredSecret], 'a');
      await assertSecrets(store, [key('k', { owner: 'b' })], 'b');
      await assertSecrets(store, []);
    });

    test('adds the keys of the first of several users with the same name', async (store) => {
      const [first, second] = [withKeys('a', 'first'), withKeys('a', 'second')];
      assert.deepEqual(await store.insertMany([userNamed('b'), first, second, withKeys('b', 'k')]), ['b', 'a']);
      await assertSecrets(store, first.keys ?? [], 'a');
      await assertSecrets(store, [], 'b');
    });

    test('adds the keys of many users', async (store) => {
      const users = Array.from({ length: 1_000 }, (_, index) => withKeys(`user${index}`, 'a', 'b', 'c'));
      assert.equal((await store.insertMany(users)).length, 1_000);
      for (const { name, keys } of users.slice(-3)) await assertSecrets(store, keys ?? [], name);
    });

    test('adds the keys of one of two calls that insert the same users at once', async (store) => {
      const names = Array.from({ length: 50 }, (_, index) => `user${index}`);
      const sides = [
        names.map((name) => withKeys(name, 'one')),
        names.toReversed().map((name) => withKeys(name, 'other')),
      ];
      const added = await Promise.all(sides.map((users) => store.insertMany(users)));
      assert.deepEqual(added.flat().toSorted(), names.toSorted());
      for (const [side, users] of sides.entries()) {
        for (const { name, keys } of users.filter((user) => added[side]?.includes(user.name))) {
          await assertSecrets(store, keys ?? [], name);
        }
      }
    });
  });
}
