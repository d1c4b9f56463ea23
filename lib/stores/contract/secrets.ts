import assert from 'node:assert/strict';
import type { StoredSecret } from '../../users/secret.js';
import { describeSecretInsertions } from './secret-insertions.js';
import {
  assertGone,
  assertSecrets,
  digestOf,
  insert,
  insertSecrets,
  key,
  MINUTE,
  NOON,
  OWNER,
  session,
  testSecrets,
} from './secret-suite.js';
import { describeSecretsOfUsers } from './secrets-of-users.js';
import { OWN_PERMISSIONS, type Suite, userNamed } from './suite.js';

/** The secrets of users, if the repository keeps any. */
export function describeSecrets(suite: Suite): void {
  describeFind(suite);
  describeSeveral(suite);
  describeSecretInsertions(suite);
  describeRemove(suite);
  describeUses(suite);
  describeExpiry(suite);
  describeSecretsOfUsers(suite);
}

function describeFind(suite: Suite): void {
  const test = testSecrets(suite);

  suite.describe('secrets.find and secrets.list, if the repository keeps secrets,', () => {
    test('return secrets as they were inserted', async (store) => {
      const complete = { permissions: ['api', ...OWN_PERMISSIONS], expires: NOON + MINUTE, lastUsed: NOON - 1 };
      const all = [key('a', complete), key('b', { created: NOON + 1 }), session('c', complete), session('d')];
      await insertSecrets(store, all);
      await assertSecrets(store, all);
    });

    test('tell no permissions from all that the owner may', async (store) => {
      const both = [key('a', { permissions: [] }), key('b', { created: NOON + 1, permissions: undefined })];
      await insertSecrets(store, both);
      await assertSecrets(store, both);
    });

    test('return any name of a key, and compare names byte by byte', async (store) => {
      const names = [
        "O'Brien",
        '"quoted"',
        'a\nb\tc',
        '🔑 für alles',
        'a',
        'A',
        'e',
        '\u00e9',
        'e\u0301',
        ' a ',
        '%_\\',
        '{}',
        'null',
      ];
      const keys = [...names, '', 'x'.repeat(1_000)].map((name, index) => key(name, { created: NOON + index }));
      await insertSecrets(store, keys);
      await assertSecrets(store, keys);
      assert.equal(await insert(store, key('A', { digest: digestOf('another'), id: 'another' })), 'name-taken');
    });

    test('return times from 1970 on, and beyond the range of 32 bits', async (store) => {
      const times = { created: 0, expires: 253_402_300_799_999, lastUsed: 0 };
      await insertSecrets(store, [key('a', times)]);
      await assertSecrets(store, [key('a', times)]);
    });
  });
}

function describeSeveral(suite: Suite): void {
  const test = testSecrets(suite);

  suite.describe('secrets.find and secrets.list of several secrets, if the repository keeps secrets,', () => {
    test('return nothing for an unknown digest or user, and compare digests byte by byte', async (store) => {
      const [lower, upper] = ['a', 'A'].map((letter) => key(letter, { digest: letter.repeat(43) }));
      await insertSecrets(store, [lower as StoredSecret]);
      assert.equal(await store.secrets.find((upper as StoredSecret).digest), undefined);
      assert.equal(await store.secrets.find(digestOf('unknown')), undefined);
      assert.deepEqual(await store.secrets.list('Someone', 'key'), []);
      assert.deepEqual(await store.secrets.list('someone', 'session'), []);
      await insertSecrets(store, [upper as StoredSecret]);
      assert.equal((await store.secrets.find('a'.repeat(43)))?.name, 'a');
      assert.equal((await store.secrets.find('A'.repeat(43)))?.name, 'A');
    });

    test('list the oldest first, and those of the same time in the order of their ids', async (store) => {
      const inOrder = [
        session('z', { created: NOON - 1 }),
        ...['1', 'A', 'a', 'b'].map((id) => session(id)),
        session('0', { created: NOON + 1 }),
      ];
      await insertSecrets(store, inOrder.toReversed());
      await assertSecrets(store, inOrder);
    });

    test('keep the secrets of users apart, and keys from sessions', async (store) => {
      await store.insert(userNamed('other'));
      const others = [key('a', { owner: 'other' }), session('s', { owner: 'other', id: 't' })];
      await insertSecrets(store, [key('a'), session('s'), ...others]);
      await assertSecrets(store, [key('a'), session('s')]);
      await assertSecrets(store, others, 'other');
    });
  });
}

function describeRemove(suite: Suite): void {
  const test = testSecrets(suite);
  const all = [key('a'), key('b', { created: NOON + 1 }), session('s'), session('t')];

  suite.describe('secrets.remove and secrets.removeAll, if the repository keeps secrets,', () => {
    test('remove one secret, or all of a kind', async (store) => {
      await insertSecrets(store, all);
      assert.equal(await store.secrets.remove(OWNER.name, 'key', key('a').id), true);
      assert.equal(await store.secrets.remove(OWNER.name, 'key', key('a').id), false);
      await assertGone(store, all.slice(0, 1));
      await assertSecrets(store, all.slice(1));
      assert.equal(await store.secrets.removeAll(OWNER.name, 'session'), 2);
      await assertGone(store, all.slice(2));
      await assertSecrets(store, all.slice(1, 2));
      assert.equal(await store.secrets.removeAll(OWNER.name, 'session'), 0);
      assert.equal(await store.secrets.removeAll(OWNER.name, 'key'), 1);
      await assertSecrets(store, []);
    });

    test('leave the secrets of other users and of the other kind', async (store) => {
      await store.insert(userNamed('other'));
      await insertSecrets(store, all);
      assert.equal(await store.secrets.remove('other', 'key', key('a').id), false);
      assert.equal(await store.secrets.remove(OWNER.name, 'session', key('a').id), false);
      assert.equal(await store.secrets.remove(OWNER.name, 'key', 's'), false);
      assert.equal(await store.secrets.remove(OWNER.name, 'key', 'unknown'), false);
      assert.equal(await store.secrets.removeAll('other', 'key'), 0);
      assert.equal(await store.secrets.removeAll('nobody', 'session'), 0);
      await assertSecrets(store, all);
    });

    test('answer true once when many remove the same secret at once', async (store) => {
      await insertSecrets(store, all);
      const outcomes = await Promise.all(
        Array(5)
          .fill('s')
          .map((id) => store.secrets.remove(OWNER.name, 'session', id)),
      );
      assert.equal(outcomes.filter(Boolean).length, 1);
    });
  });
}

function describeUses(suite: Suite): void {
  const test = testSecrets(suite);

  suite.describe('secrets.recordUses, if the repository keeps secrets,', () => {
    test('records the last use of each secret, at most once a minute', async (store) => {
      const [first, second] = [key('a'), session('b')];
      await insertSecrets(store, [first, second]);
      const uses: readonly (readonly [use: number, recorded: number])[] = [
        [NOON, NOON],
        [NOON + MINUTE - 1, NOON],
        [NOON + MINUTE, NOON + MINUTE],
        [NOON, NOON + MINUTE],
        [NOON + 10 * MINUTE, NOON + 10 * MINUTE],
      ];
      for (const [lastUsed, recorded] of uses) {
        await store.secrets.recordUses([
          { digest: first.digest, lastUsed },
          { digest: second.digest, lastUsed: lastUsed + 1 },
        ]);
        const listed = [
          ...(await store.secrets.list(OWNER.name, 'key')),
          ...(await store.secrets.list(OWNER.name, 'session')),
        ];
        assert.deepEqual(listed, [
          { ...first, lastUsed: recorded },
          { ...second, lastUsed: recorded + 1 },
        ]);
      }
    });

    test('leaves out secrets that are gone, and brings none back', async (store) => {
      await insertSecrets(store, [key('a'), key('b')]);
      await store.secrets.remove(OWNER.name, 'key', key('a').id);
      const uses = [key('a'), key('unknown'), key('b')].map(({ digest }) => ({ digest, lastUsed: NOON }));
      await store.secrets.recordUses(uses);
      await store.secrets.recordUses([]);
      assert.deepEqual(await store.secrets.list(OWNER.name, 'key'), [key('b', { lastUsed: NOON })]);
      await assertGone(store, [key('a'), key('unknown')]);
    });

    test('records the uses of thousands of secrets at once', async (store) => {
      const keys = Array.from({ length: 100 }, (_, index) => key(`${index}`, { created: NOON + index }));
      await insertSecrets(store, keys);
      const unknown = Array.from({ length: 2_500 }, (_, index) => ({ digest: digestOf(`${index}`), lastUsed: NOON }));
      await store.secrets.recordUses([...unknown, ...keys.map(({ digest }) => ({ digest, lastUsed: NOON }))]);
      const listed = await store.secrets.list(OWNER.name, 'key');
      assert.deepEqual(
        listed,
        keys.map((each) => ({ ...each, lastUsed: NOON })),
      );
    });
  });
}

function describeExpiry(suite: Suite): void {
  const test = testSecrets(suite);

  suite.describe('secrets.removeExpired, if the repository keeps secrets,', () => {
    test('removes the secrets of all users that are expired at this moment, and no others', async (store) => {
      await store.insert(userNamed('other'));
      const expired = [key('a', { expires: NOON }), session('s', { expires: NOON - 1 })];
      const others = [session('u', { owner: 'other', expires: NOON })];
      const valid = [
        key('b', { expires: NOON + 1 }),
        key('c', { created: NOON + 1 }),
        session('t', { expires: NOON + 1 }),
      ];
      await insertSecrets(
        store,
        [...expired, ...others, ...valid].map((each) => ({ ...each, created: each.created - 9 })),
      );
      await store.secrets.removeExpired(NOON);
      await assertGone(store, [...expired, ...others]);
      await assertSecrets(
        store,
        valid.map((each) => ({ ...each, created: each.created - 9 })),
      );
      await store.secrets.removeExpired(NOON - 1);
      assert.equal((await store.secrets.list(OWNER.name, 'key')).length, 2);
      await store.secrets.removeExpired(Number.MAX_SAFE_INTEGER);
      await assertSecrets(store, [{ ...key('c'), created: NOON - 8 }]);
    });

    test('removes thousands of secrets', async (store) => {
      const sessions = Array.from({ length: 1_600 }, (_, index) =>
        session(`${index}`, { expires: index % 4 === 0 ? NOON + 2 : NOON + 1 }),
      );
      for (let from = 0; from < sessions.length; from += 100)
        await insertSecrets(store, sessions.slice(from, from + 100), 10_000);
      await store.secrets.removeExpired(NOON + 1);
      assert.equal((await store.secrets.list(OWNER.name, 'session')).length, 400);
      await store.secrets.removeExpired(NOON + 2);
      await assertSecrets(store, []);
    });
  });
}
