import assert from 'node:assert/strict';
import type { StoredSecret } from '../../users/secret.js';
import {
  assertGone,
  assertSecrets,
  digestOf,
  insert,
  insertSecrets,
  key,
  NOON,
  OWNER,
  session,
  testSecrets,
} from './secret-suite.js';
import { type Suite, userNamed } from './suite.js';

/** Inserting secrets: the conditions, the limits, and what other changes do at the same moment. */
export function describeSecretInsertions(suite: Suite): void {
  describeInsert(suite);
  describeConcurrentInsert(suite);
  describeRoom(suite);
  describeRoomForSessions(suite);
}

function describeInsert(suite: Suite): void {
  const test = testSecrets(suite);

  suite.describe('secrets.insert, if the repository keeps secrets,', () => {
    test('refuses a secret if its owner is unknown or has another revision', async (store) => {
      for (const secret of [key('a'), session('a'), key('a', { owner: 'nobody' })]) {
        assert.equal(await store.secrets.insert(secret, 'another', 10), 'conflict');
        assert.equal(await store.secrets.find(secret.digest), undefined);
      }
      assert.equal(await store.secrets.insert(key('a', { owner: 'nobody' }), OWNER.revision, 10), 'conflict');
      await store.replace({ ...OWNER, revision: 'second' }, OWNER.revision);
      assert.equal(await insert(store, key('a')), 'conflict');
      await assertSecrets(store, []);
      assert.equal(await store.secrets.insert(key('a'), 'second', 10), 'inserted');
    });

    test('refuses a secret if its owner was removed, and if another user has the name now', async (store) => {
      await store.remove(OWNER.name);
      assert.equal(await insert(store, session('a')), 'conflict');
      await store.insert(userNamed(OWNER.name, { revision: 'of another user' }));
      assert.equal(await insert(store, session('a')), 'conflict');
      await assertSecrets(store, []);
    });

    test('refuses a key whose name the owner has given to another key', async (store) => {
      await insertSecrets(store, [key('a')]);
      const again = key('a', { digest: digestOf('again'), id: 'again', permissions: ['api'] });
      assert.equal(await insert(store, again), 'name-taken');
      await assertSecrets(store, [key('a')]);
      await assertGone(store, [again]);
      await store.secrets.remove(OWNER.name, 'key', key('a').id);
      assert.equal(await insert(store, again), 'inserted');
    });
  });
}

function describeConcurrentInsert(suite: Suite): void {
  const test = testSecrets(suite);

  suite.describe('secrets.insert beside other changes, if the repository keeps secrets,', () => {
    test('adds one key when many of the same name come at once', async (store) => {
      const attempts = Array.from({ length: 10 }, (_, index) =>
        key('a', { digest: digestOf(`${index}`), id: `${index}` }),
      );
      const outcomes = await Promise.all(attempts.map((attempt) => insert(store, attempt)));
      const added = outcomes.indexOf('inserted');
      assert.deepEqual(outcomes.toSpliced(added, 1), Array(9).fill('name-taken'));
      await assertSecrets(store, attempts.slice(added, added + 1));
    });

    test('leaves no session of a password that is changed at the same moment', async (store) => {
      for (let round = 0; round < 10; round += 1) {
        const owner = userNamed(`owner${round}`);
        await store.insert(owner);
        const sessions = Array.from({ length: 3 }, (_, index) => session(`${index}-${round}`, { owner: owner.name }));
        const [first, outcome, ...others] = await Promise.all([
          insert(store, sessions[0] as StoredSecret),
          store.replace({ ...owner, hash: `$2b$04$${'x'.repeat(53)}`, revision: 'second' }, owner.revision),
          ...sessions.slice(1).map((each) => insert(store, each)),
        ]);
        assert.equal(outcome, 'replaced');
        for (const each of [first, ...others]) assert.match(each, /^(inserted|conflict)$/);
        await assertGone(store, sessions);
        await assertSecrets(store, [], owner.name);
      }
    });

    test('leaves no secret of a user who is removed at the same moment', async (store) => {
      for (let round = 0; round < 10; round += 1) {
        const owner = `owner${round}`;
        await store.insert(userNamed(owner));
        const keys = ['a', 'b', 'c'].map((name) => key(name, { owner }));
        await Promise.all([
          insert(store, keys[0] as StoredSecret),
          store.remove(owner),
          ...keys.slice(1).map((each) => insert(store, each)),
        ]);
        await assertGone(store, keys);
        await store.insert(userNamed(owner));
        await assertSecrets(store, [], owner);
      }
    });
  });
}

function describeRoom(suite: Suite): void {
  const test = testSecrets(suite);

  suite.describe('secrets.insert with a limit, if the repository keeps secrets,', () => {
    test('refuses a key if the owner has as many, and name-taken comes before full', async (store) => {
      await store.insert(userNamed('other'));
      const own = [key('a'), key('b', { created: NOON + 1 }), session('s')];
      await insertSecrets(store, [...own, key('a', { owner: 'other' })]);
      assert.equal(await insert(store, key('c'), 2), 'full');
      assert.equal(await insert(store, key('c'), 1), 'full');
      assert.equal(await insert(store, key('b', { digest: digestOf('other'), id: 'other' }), 2), 'name-taken');
      await assertSecrets(store, own);
      assert.equal(await insert(store, key('b', { owner: 'other' }), 2), 'inserted');
      assert.equal(await insert(store, key('c'), 3), 'inserted');
    });

    test('adds one key when many come at once for the last place', async (store) => {
      await insertSecrets(store, [key('a', { created: NOON - 1 })]);
      const attempts = Array.from({ length: 10 }, (_, index) => key(`b${index}`));
      const outcomes = await Promise.all(attempts.map((attempt) => insert(store, attempt, 2)));
      const added = outcomes.indexOf('inserted');
      assert.deepEqual(outcomes.toSpliced(added, 1), Array(9).fill('full'));
      await assertSecrets(store, [key('a', { created: NOON - 1 }), attempts[added] as StoredSecret]);
    });
  });
}

function describeRoomForSessions(suite: Suite): void {
  const test = testSecrets(suite);

  suite.describe('secrets.insert with a limit of sessions, if the repository keeps secrets,', () => {
    test('lets the oldest sessions make room for a session, and no key', async (store) => {
      const sessions = ['d', 'b', 'a', 'c', 'e'].map((id, index) => session(id, { created: NOON + index }));
      await insertSecrets(store, [key('k'), key('l', { created: NOON + 1 }), ...sessions]);
      const next = session('next', { created: NOON + 9 });
      assert.equal(await insert(store, next, 3), 'inserted');
      await assertGone(store, sessions.slice(0, 3));
      await assertSecrets(store, [key('k'), key('l', { created: NOON + 1 }), ...sessions.slice(3), next]);
    });

    test('keeps a new session that is older than the others, and removes those of the same time by id', async (store) => {
      await store.insert(userNamed('other'));
      const others = [session('other', { owner: 'other', created: NOON - 9 })];
      await insertSecrets(store, [...others, session('a'), session('b'), session('c')]);
      const late = session('late', { created: NOON - 1 });
      assert.equal(await insert(store, late, 3), 'inserted');
      await assertSecrets(store, [late, session('b'), session('c')]);
      assert.equal(await insert(store, session('d'), 1), 'inserted');
      await assertSecrets(store, [session('d')]);
      await assertSecrets(store, others, 'other');
    });

    test('keeps no more sessions than the limit when many come at once', async (store) => {
      const sessions = Array.from({ length: 20 }, (_, index) => session(`${10 + index}`, { created: NOON + index }));
      await insertSecrets(store, sessions, 5);
      assert.equal((await store.secrets.list(OWNER.name, 'session')).length, 5);
    });

    test('removes no session if it refuses one', async (store) => {
      await insertSecrets(store, [session('a'), session('b')]);
      assert.equal(await store.secrets.insert(session('c'), 'another', 1), 'conflict');
      await assertSecrets(store, [session('a'), session('b')]);
    });

    test('first removes what is expired when the new secret is created', async (store) => {
      const expired = [
        key('a', { expires: NOON + 5 }),
        key('b', { expires: NOON + 4 }),
        session('s', { expires: NOON }),
      ];
      const valid = [key('c', { expires: NOON + 6 }), session('t', { expires: NOON + 6 })];
      await insertSecrets(
        store,
        [...expired, ...valid].map((secret) => ({ ...secret, created: NOON - 1 })),
      );
      const next = key('a', { created: NOON + 5, digest: digestOf('next'), id: 'next' });
      assert.equal(await insert(store, next, 2), 'inserted');
      await assertSecrets(store, [
        { ...key('c'), ...valid[0], created: NOON - 1 },
        next,
        { ...session('t'), ...valid[1], created: NOON - 1 },
      ]);
    });
  });
}
