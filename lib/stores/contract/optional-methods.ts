import assert from 'node:assert/strict';
import type { StoredUser } from '../../users/user.js';
import { everybody, insertAll, names, OWN_PERMISSIONS, type Suite, testOf, userNamed } from './suite.js';

/** The methods that a repository may leave out. */
export function describeOptionalMethods(suite: Suite): void {
  describeHasAdmin(suite);
  describeInsertFirstAdmin(suite);
  describeInsertMany(suite);
  describeSnapshot(suite);
  describePermissionsInUse(suite);
}

function describeHasAdmin(suite: Suite): void {
  suite.describe('hasAdmin, if the repository has it,', () => {
    testOf(
      suite,
      'hasAdmin',
      'is false in an empty store, and with only normal users and disabled admins',
      async (repository) => {
        assert.equal(await repository.hasAdmin(), false);
        await repository.insert(userNamed('someone', { permissions: ['all'] }));
        await repository.insert(userNamed('disabled', { type: 'admin', enabled: false }));
        assert.equal(await repository.hasAdmin(), false);
      },
    );

    testOf(suite, 'hasAdmin', 'is true as soon as an admin is inserted or promoted', async (repository) => {
      await repository.insert(userNamed('someone'));
      await repository.replace(userNamed('someone', { type: 'admin' }), 'first of someone');
      assert.equal(await repository.hasAdmin(), true);
      await repository.insert(userNamed('other', { type: 'admin' }));
      await repository.remove('someone');
      assert.equal(await repository.hasAdmin(), true);
    });
  });
}

function describeInsertFirstAdmin(suite: Suite): void {
  suite.describe('insertFirstAdmin, if the repository has it,', () => {
    const admin = (name: string) => userNamed(name, { type: 'admin' });

    testOf(suite, 'insertFirstAdmin', 'adds an admin if no admin is enabled', async (repository) => {
      await repository.insert(userNamed('someone'));
      await repository.insert(userNamed('disabled', { type: 'admin', enabled: false }));
      assert.equal(await repository.insertFirstAdmin(admin('root')), 'inserted');
      assert.deepEqual(await repository.find('root'), admin('root'));
      assert.equal(await repository.remove('root'), 'last-admin');
    });

    testOf(
      suite,
      'insertFirstAdmin',
      'adds no second admin, and answers admin-exists rather than name-taken',
      async (repository) => {
        await repository.insert(admin('root'));
        await repository.insert(userNamed('someone'));
        assert.equal(await repository.insertFirstAdmin(admin('other')), 'admin-exists');
        assert.equal(await repository.insertFirstAdmin({ ...admin('root'), revision: 'second' }), 'admin-exists');
        assert.equal(await repository.insertFirstAdmin(admin('someone')), 'admin-exists');
        assert.equal(await repository.find('other'), undefined);
        assert.deepEqual(await repository.find('root'), admin('root'));
      },
    );

    testOf(suite, 'insertFirstAdmin', 'neither promotes nor enables a user who has the name', async (repository) => {
      const disabled = userNamed('disabled', { type: 'admin', enabled: false });
      for (const user of [userNamed('someone'), disabled]) {
        await repository.insert(user);
        assert.equal(await repository.insertFirstAdmin({ ...admin(user.name), revision: 'second' }), 'name-taken');
        assert.deepEqual(await repository.find(user.name), user);
      }
    });

    testOf(suite, 'insertFirstAdmin', 'adds one admin when many come at once', async (repository) => {
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, index) => repository.insertFirstAdmin(admin(`admin${index}`))),
      );
      const others = outcomes.filter((outcome) => outcome !== 'inserted');
      assert.deepEqual(others, Array(9).fill('admin-exists'));
      assert.deepEqual(await names(repository), [`admin${outcomes.indexOf('inserted')}`]);
    });
  });
}

function describeInsertMany(suite: Suite): void {
  suite.describe('insertMany, if the repository has it,', () => {
    testOf(
      suite,
      'insertMany',
      'adds users as they are, and returns their names in the given order',
      async (repository) => {
        const users = [
          userNamed('ユーザー', { permissions: ['api', 'write_points'] }),
          userNamed('root', { type: 'admin' }),
          userNamed('Größe', { enabled: false, permissions: ['all'] }),
          userNamed('x'.repeat(256)),
          userNamed('clerk', { permissions: OWN_PERMISSIONS }),
        ];
        const given = users.map(({ name }) => name);
        assert.deepEqual(await repository.insertMany(users), given);
        for (const user of users) assert.deepEqual(await repository.find(user.name), user);
        assert.equal(await repository.remove('root'), 'last-admin');
      },
    );

    testOf(suite, 'insertMany', 'keeps existing users, and does not return their names', async (repository) => {
      await repository.insert(userNamed('b', { permissions: ['api'] }));
      assert.deepEqual(await repository.insertMany([userNamed('c'), userNamed('b'), userNamed('a')]), ['c', 'a']);
      assert.deepEqual(await repository.find('b'), userNamed('b', { permissions: ['api'] }));
      assert.deepEqual(await repository.insertMany([userNamed('a'), userNamed('b')]), []);
      assert.deepEqual(await repository.insertMany([]), []);
      assert.deepEqual(await names(repository), ['a', 'b', 'c']);
    });

    testOf(suite, 'insertMany', 'adds the first of several users with the same name', async (repository) => {
      const twice = ['b', 'a', 'b', 'a', 'a'].map((name, index) => userNamed(name, { revision: String(index) }));
      assert.deepEqual(await repository.insertMany(twice), ['b', 'a']);
      assert.equal((await repository.find('a'))?.revision, '1');
      assert.equal((await repository.find('b'))?.revision, '0');
    });

    testOf(
      suite,
      'insertMany',
      'adds each name once when two calls insert the same users at once',
      async (repository) => {
        const users = Array.from({ length: 200 }, (_, index) => userNamed(`user${index}`));
        const sides = await Promise.all([
          repository.insertMany(users),
          repository.insertMany(users.toReversed()),
          repository.insert(userNamed('user100')),
        ]);
        const answered = [...sides[0], ...sides[1], ...(sides[2] ? ['user100'] : [])];
        assert.deepEqual(answered.toSorted(), users.map(({ name }) => name).toSorted());
      },
    );
  });
}

async function all(users: AsyncIterable<StoredUser>): Promise<StoredUser[]> {
  const read: StoredUser[] = [];
  for await (const user of users) read.push(user);
  return read;
}

function describeSnapshot(suite: Suite): void {
  suite.describe('snapshot, if the repository has it,', () => {
    testOf(suite, 'snapshot', 'returns every user, in the order of the bytes of their names', async (repository) => {
      assert.deepEqual(await all(repository.snapshot()), []);
      const users = [
        userNamed('Größe', { type: 'admin' }),
        userNamed('a', { permissions: ['api'] }),
        userNamed('a-b', { enabled: false }),
        userNamed('clerk', { permissions: OWN_PERMISSIONS }),
        userNamed('ユーザー'),
        userNamed('ｚ'),
        userNamed('𐐀'),
      ];
      for (const user of users.toReversed()) await repository.insert(user);
      assert.deepEqual(await all(repository.snapshot()), users);
    });

    testOf(suite, 'snapshot', 'returns every user as at one moment, whatever changes meanwhile', async (repository) => {
      const users = Array.from({ length: 2_500 }, (_, index) => userNamed(`user${10_000 + index}`));
      await insertAll(repository, users);
      const read: StoredUser[] = [];
      for await (const user of repository.snapshot()) {
        read.push(user);
        if (read.length > 1) continue;
        await repository.insert(userNamed('user10000-1'));
        await repository.insert(userNamed('user99999'));
        await repository.remove('user12000');
        await repository.replace(userNamed('user12400', { revision: 'second' }), 'first of user12400');
      }
      assert.deepEqual(read, users);
      const later = await all(repository.snapshot());
      assert.equal(later.length, 2_501);
      assert.equal(later.find(({ name }) => name === 'user12400')?.revision, 'second');
    });

    testOf(suite, 'snapshot', 'can be left early while another snapshot continues', async (repository) => {
      for (const name of ['a', 'b', 'c']) await repository.insert(userNamed(name));
      const other = repository.snapshot()[Symbol.asyncIterator]();
      assert.equal((await other.next()).value.name, 'a');
      for await (const user of repository.snapshot()) if (user.name === 'b') break;
      assert.equal((await other.next()).value.name, 'b');
      await other.return?.();
      assert.equal((await repository.list({ pattern: everybody, after: undefined, offset: 0, limit: 9 })).length, 3);
      assert.equal(await repository.insert(userNamed('d')), true);
    });
  });
}

function describePermissionsInUse(suite: Suite): void {
  suite.describe('permissionsInUse, if the repository has it,', () => {
    testOf(suite, 'permissionsInUse', 'returns each permission that a user has, once', async (repository) => {
      assert.deepEqual(await repository.permissionsInUse(), []);
      await repository.insert(userNamed('root', { type: 'admin' }));
      await repository.insert(userNamed('a', { permissions: ['api', 'clerk'] }));
      await repository.insert(userNamed('b', { permissions: ['clerk'], enabled: false }));
      await repository.insert(userNamed('c', { permissions: OWN_PERMISSIONS }));
      await repository.insert(userNamed('gone', { permissions: ['former'] }));
      await repository.remove('gone');
      const inUse = new Set(['api', 'clerk', ...OWN_PERMISSIONS]);
      assert.deepEqual([...(await repository.permissionsInUse())].sort(), [...inUse].sort());
    });

    testOf(suite, 'permissionsInUse', 'reads every user, however many there are', async (repository) => {
      const permissions = (index: number) => (index % 1_000 === 999 ? [`p${index}`] : []);
      const users = Array.from({ length: 2_500 }, (_, index) =>
        userNamed(`user${10_000 + index}`, { permissions: permissions(index) }),
      );
      await insertAll(repository, [...users, userNamed('ｚ', { permissions: ['last'] }), userNamed('𐐀')]);
      assert.deepEqual([...(await repository.permissionsInUse())].sort(), ['last', 'p1999', 'p999']);
    });
  });
}
