import assert from 'node:assert/strict';
import { everybody, names, OWN_PERMISSIONS, type Suite, userNamed } from './suite.js';

/** Finding, inserting, replacing and removing single users. */
export function describeChanges(suite: Suite): void {
  describeInsert(suite);
  describeReplace(suite);
  describeDemotion(suite);
  describeDisabled(suite);
  describeRemove(suite);
}

function describeInsert({ describe, test }: Suite): void {
  describe('find and insert', () => {
    test('return a user as it was inserted', async (repository) => {
      const user = userNamed('someone', { permissions: ['api', 'config_api'] });
      assert.equal(await repository.insert(user), true);
      assert.deepEqual(await repository.find('someone'), user);
    });

    test("keep any names of permissions, which may be the app's own", async (repository) => {
      const user = userNamed('someone', { permissions: OWN_PERMISSIONS });
      assert.equal(await repository.insert(user), true);
      assert.deepEqual(await repository.find('someone'), user);
      assert.deepEqual(await repository.list({ pattern: everybody, after: undefined, offset: 0, limit: 10 }), [user]);
      const fewer = userNamed('someone', { permissions: OWN_PERMISSIONS.slice(1, 3), revision: 'second' });
      assert.equal(await repository.replace(fewer, user.revision), 'replaced');
      assert.deepEqual(await repository.find('someone'), fewer);
    });

    test('find no user in an empty store', async (repository) => {
      assert.equal(await repository.find('someone'), undefined);
      assert.deepEqual(await names(repository), []);
    });

    test('keep an existing user when another of the same name is inserted', async (repository) => {
      const first = userNamed('taken');
      await repository.insert(first);
      assert.equal(await repository.insert(userNamed('taken', { type: 'admin', revision: 'second' })), false);
      assert.deepEqual(await repository.find('taken'), first);
    });

    test('compare names byte by byte', async (repository) => {
      for (const each of ['a', 'A', 'é', 'e', 'ａ']) assert.equal(await repository.insert(userNamed(each)), true);
      assert.equal((await repository.find('A'))?.revision, 'first of A');
      assert.equal((await repository.find('ａ'))?.revision, 'first of ａ');
      assert.equal(await repository.find('E'), undefined);
    });

    test('accept every name that a user may have', async (repository) => {
      const all = ['ユーザー', 'Größe', 'a@b.example-1_x', '...', '__proto__', 'constructor', '0', 'x'.repeat(256)];
      for (const each of all) assert.equal(await repository.insert(userNamed(each)), true);
      for (const each of all) assert.deepEqual(await repository.find(each), userNamed(each));
    });

    test('insert one user when many of the same name come at once', async (repository) => {
      const attempts = Array.from({ length: 20 }, (_, index) =>
        repository.insert(userNamed('wanted', { revision: String(index) })),
      );
      const outcomes = await Promise.all(attempts);
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.equal((await repository.find('wanted'))?.revision, String(outcomes.indexOf(true)));
    });
  });
}

function describeReplace({ describe, test }: Suite): void {
  describe('replace', () => {
    test('replaces a user that has the expected revision', async (repository) => {
      const before = userNamed('someone', { permissions: ['api'] });
      const after = userNamed('someone', {
        permissions: ['all'],
        hash: `$2b$04$${'x'.repeat(53)}`,
        revision: 'second',
      });
      await repository.insert(before);
      assert.equal(await repository.replace(after, before.revision), 'replaced');
      assert.deepEqual(await repository.find('someone'), after);
    });

    test('changes nothing when the revision differs or the user does not exist', async (repository) => {
      const user = userNamed('someone');
      await repository.insert(user);
      const change = userNamed('someone', { permissions: ['all'], revision: 'second' });
      assert.equal(await repository.replace(change, 'another'), 'conflict');
      assert.deepEqual(await repository.find('someone'), user);
      assert.equal(await repository.replace(userNamed('nobody'), 'first of nobody'), 'conflict');
      assert.equal(await repository.find('nobody'), undefined);
    });

    test('makes one of many concurrent changes of the same revision', async (repository) => {
      const user = userNamed('someone');
      await repository.insert(user);
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          repository.replace(userNamed('someone', { revision: String(index) }), user.revision),
        ),
      );
      assert.equal(outcomes.filter((outcome) => outcome === 'replaced').length, 1);
      assert.equal(outcomes.filter((outcome) => outcome === 'conflict').length, 19);
    });
  });
}

/** Changes that could leave no admin. */
function describeDemotion({ describe, test }: Suite): void {
  describe('replace', () => {
    test('promotes users, and demotes all admins but the last', async (repository) => {
      await repository.insert(userNamed('first', { type: 'admin' }));
      const second = userNamed('second');
      await repository.insert(second);
      const demoted = userNamed('first', { revision: 'demoted' });
      assert.equal(await repository.replace(demoted, 'first of first'), 'last-admin');
      assert.equal((await repository.find('first'))?.type, 'admin');
      const promoted = userNamed('second', { type: 'admin', revision: 'promoted' });
      assert.equal(await repository.replace(promoted, second.revision), 'replaced');
      assert.equal(await repository.replace(demoted, 'first of first'), 'replaced');
      assert.equal(await repository.replace(userNamed('second', { revision: 'demoted' }), 'promoted'), 'last-admin');
    });

    test('changes the last admin if it stays an admin', async (repository) => {
      await repository.insert(userNamed('root', { type: 'admin' }));
      const changed = userNamed('root', { type: 'admin', revision: 'second' });
      assert.equal(await repository.replace(changed, 'first of root'), 'replaced');
      assert.deepEqual(await repository.find('root'), changed);
    });

    test('keeps one of two admins when both are demoted at once', async (repository) => {
      await repository.insert(userNamed('one', { type: 'admin' }));
      await repository.insert(userNamed('two', { type: 'admin' }));
      const outcomes = await Promise.all(
        ['one', 'two'].map((each) => repository.replace(userNamed(each, { revision: 'demoted' }), `first of ${each}`)),
      );
      assert.deepEqual(outcomes.toSorted(), ['last-admin', 'replaced']);
    });
  });
}

function describeDisabled({ describe, test }: Suite): void {
  describe('a disabled user', () => {
    test('is found and listed as it was inserted', async (repository) => {
      const user = userNamed('someone', { enabled: false, permissions: ['api'] });
      await repository.insert(user);
      assert.deepEqual(await repository.find('someone'), user);
      assert.deepEqual(await repository.list({ pattern: everybody, after: undefined, offset: 0, limit: 10 }), [user]);
      const enabled = userNamed('someone', { permissions: ['api'], revision: 'second' });
      assert.equal(await repository.replace(enabled, user.revision), 'replaced');
      assert.deepEqual(await repository.find('someone'), enabled);
    });

    test('does not count as an admin', async (repository) => {
      await repository.insert(userNamed('root', { type: 'admin' }));
      await repository.insert(userNamed('disabled', { type: 'admin', enabled: false }));
      const disabled = userNamed('root', { type: 'admin', enabled: false, revision: 'disabled' });
      assert.equal(await repository.replace(disabled, 'first of root'), 'last-admin');
      assert.equal(await repository.remove('root'), 'last-admin');
      assert.equal((await repository.find('root'))?.enabled, true);
      assert.equal(await repository.remove('disabled'), 'removed');
      await repository.insert(userNamed('other', { type: 'admin' }));
      assert.equal(await repository.replace(disabled, 'first of root'), 'replaced');
      assert.equal(await repository.remove('other'), 'last-admin');
      const enabled = userNamed('root', { type: 'admin', revision: 'enabled' });
      assert.equal(await repository.replace(enabled, 'disabled'), 'replaced');
      assert.equal(await repository.remove('other'), 'removed');
    });
  });
}

function describeRemove({ describe, test }: Suite): void {
  describe('remove', () => {
    test('removes a user', async (repository) => {
      await repository.insert(userNamed('someone'));
      assert.equal(await repository.remove('someone'), 'removed');
      assert.equal(await repository.find('someone'), undefined);
      assert.deepEqual(await names(repository), []);
      assert.equal(await repository.insert(userNamed('someone')), true);
    });

    test('answers not-found for a name that no user has', async (repository) => {
      assert.equal(await repository.remove('nobody'), 'not-found');
    });

    test('removes a user only if it has the expected revision, where one is given', async (repository) => {
      await repository.insert(userNamed('someone'));
      assert.equal(await repository.remove('someone', 'another'), 'conflict');
      assert.equal(await repository.remove('someone', ''), 'conflict');
      assert.deepEqual(await repository.find('someone'), userNamed('someone'));
      assert.equal(await repository.remove('nobody', 'another'), 'not-found');
      await repository.replace(userNamed('someone', { revision: 'second' }), 'first of someone');
      assert.equal(await repository.remove('someone', 'first of someone'), 'conflict');
      assert.equal(await repository.remove('someone', 'second'), 'removed');
      assert.equal(await repository.find('someone'), undefined);
      assert.equal(await repository.remove('someone', 'second'), 'not-found');
    });

    test('answers conflict before last-admin', async (repository) => {
      await repository.insert(userNamed('root', { type: 'admin' }));
      assert.equal(await repository.remove('root', 'another'), 'conflict');
      assert.equal(await repository.remove('root', 'first of root'), 'last-admin');
      assert.deepEqual(await repository.find('root'), userNamed('root', { type: 'admin' }));
      await repository.insert(userNamed('other', { type: 'admin' }));
      assert.equal(await repository.remove('root', 'another'), 'conflict');
      assert.equal(await repository.remove('root', 'first of root'), 'removed');
    });

    test('removes nobody whom another change came before', async (repository) => {
      await repository.insert(userNamed('someone'));
      const outcomes = await Promise.all([
        repository.replace(userNamed('someone', { revision: 'second' }), 'first of someone'),
        repository.remove('someone', 'first of someone'),
      ]);
      const isReplaced = outcomes[0] === 'replaced';
      assert.deepEqual(outcomes, isReplaced ? ['replaced', 'conflict'] : ['conflict', 'removed']);
      assert.equal((await repository.find('someone'))?.revision, isReplaced ? 'second' : undefined);
    });

    test('keeps the last admin', async (repository) => {
      await repository.insert(userNamed('root', { type: 'admin' }));
      await repository.insert(userNamed('someone'));
      assert.equal(await repository.remove('root'), 'last-admin');
      assert.equal((await repository.find('root'))?.type, 'admin');
      await repository.insert(userNamed('other', { type: 'admin' }));
      assert.equal(await repository.remove('root'), 'removed');
      assert.equal(await repository.remove('other'), 'last-admin');
    });

    test('keeps one of many admins when all are removed at once', async (repository) => {
      const admins = ['a', 'b', 'c', 'd', 'e'];
      for (const each of admins) await repository.insert(userNamed(each, { type: 'admin' }));
      const outcomes = await Promise.all(admins.map((each) => repository.remove(each)));
      assert.equal(outcomes.filter((outcome) => outcome === 'removed').length, 4);
      assert.equal((await names(repository)).length, 1);
    });
  });
}
