import assert from 'node:assert/strict';
import type { UserRepository } from '../../users/repository.js';
import type { StoredAccount, StoredUser } from '../../users/user.js';
import { key, NOON, OWNER, session } from './secret-suite.js';
import { everybody, OWN_PERMISSIONS, type Suite, testOf, userNamed } from './suite.js';

const WHOLE: Required<StoredAccount> = {
  created: NOON,
  passwordChanged: NOON + 1,
  expires: NOON + 2,
  mustChangePassword: true,
  note: 'Leads the night shift.',
};

const ACCOUNTS: readonly StoredAccount[] = [
  {},
  WHOLE,
  { created: 0, passwordChanged: 0, expires: 0 },
  { created: 1, passwordChanged: 253_402_300_799_999, expires: 253_402_300_799_999 },
  { mustChangePassword: true },
  ...["O'Brien", '"', '\\', '%_$1', ' a ', '{}', 'null', 'NULL', '0', '=1+1', 'ß 𐐀 👩‍👩‍👧', '👩'.repeat(200)].map(
    (note) => ({ note }),
  ),
];

/** Users of each kind of account, in the order of their names. */
const USERS: readonly StoredUser[] = ACCOUNTS.map((account, index) =>
  userNamed(`user${10 + index}`, { permissions: index % 2 === 0 ? [] : OWN_PERMISSIONS, ...account }),
);

/** The accounts of users, if the repository keeps them. */
export function describeAccounts(suite: Suite): void {
  describeKept(suite);
  describeReplaced(suite);
  describeEnds(suite);
  describeSessions(suite);
}

async function assertKept(repository: UserRepository, users: readonly StoredUser[]): Promise<void> {
  for (const user of users) assert.deepEqual(await repository.find(user.name), user);
  assert.deepEqual(await repository.list({ pattern: everybody, after: undefined, offset: 0, limit: 100 }), users);
  const read: StoredUser[] = [];
  for await (const user of repository.snapshot?.() ?? users) read.push(user);
  assert.deepEqual(read, users);
}

function describeKept(suite: Suite): void {
  suite.describe('accounts, if the repository keeps them,', () => {
    testOf(suite, 'keepsAccounts', 'are found and listed as they were inserted', async (repository) => {
      for (const user of USERS.toReversed()) assert.equal(await repository.insert(user), true);
      await assertKept(repository, USERS);
    });

    testOf(suite, 'keepsAccounts', 'are found and listed as many were inserted at once', async (repository) => {
      if (repository.insertMany === undefined) return;
      const names = USERS.map(({ name }) => name);
      assert.deepEqual(await repository.insertMany(USERS), names);
      await assertKept(repository, USERS);
    });

    testOf(suite, 'keepsAccounts', 'are those of the first admin as well', async (repository) => {
      const { expires: _, ...account } = WHOLE;
      const root = userNamed('root', { type: 'admin', ...account });
      assert.equal(
        (await repository.insertFirstAdmin?.(root)) ?? (await repository.insert(root)),
        repository.insertFirstAdmin ? 'inserted' : true,
      );
      assert.deepEqual(await repository.find('root'), root);
    });
  });
}

function describeReplaced(suite: Suite): void {
  suite.describe('replace, if the repository keeps accounts,', () => {
    testOf(
      suite,
      'keepsAccounts',
      'sets every field, and clears each that the new user does not have',
      async (repository) => {
        await repository.insert(userNamed('someone', { revision: 'no account' }));
        let { revision: last } = userNamed('someone', { revision: 'no account' });
        for (const [index, account] of [...ACCOUNTS, ...ACCOUNTS.toReversed()].entries()) {
          const user = userNamed('someone', { ...account, revision: `${index}` });
          assert.equal(await repository.replace(user, last), 'replaced');
          assert.deepEqual(await repository.find('someone'), user);
          last = user.revision;
        }
      },
    );

    testOf(suite, 'keepsAccounts', 'changes no account if it refuses the change', async (repository) => {
      const user = userNamed('someone', WHOLE);
      await repository.insert(user);
      assert.equal(await repository.replace(userNamed('someone', { note: 'other' }), 'another'), 'conflict');
      assert.deepEqual(await repository.find('someone'), user);
    });

    testOf(suite, 'keepsAccounts', 'changes the account of no other user', async (repository) => {
      const other = userNamed('other', WHOLE);
      await repository.insert(other);
      await repository.insert(userNamed('someone', WHOLE));
      await repository.replace(userNamed('someone', { revision: 'second' }), 'first of someone');
      await repository.remove('someone');
      await repository.insert(userNamed('someone'));
      assert.deepEqual(await repository.find('other'), other);
      assert.deepEqual(await repository.find('someone'), userNamed('someone'));
    });
  });
}

/** An admin with an end is no enabled admin: one day it would leave none. */
function describeEnds(suite: Suite): void {
  const ending = (name: string, changes: Partial<StoredUser> = {}) =>
    userNamed(name, { type: 'admin', expires: NOON, ...changes });

  suite.describe('an admin with an end, if the repository keeps accounts,', () => {
    testOf(suite, 'keepsAccounts', 'does not count as an admin', async (repository) => {
      await repository.insert(ending('ending'));
      await repository.insert(ending('later', { expires: 253_402_300_799_999 }));
      if (repository.hasAdmin) assert.equal(await repository.hasAdmin(), false);
      await repository.insert(userNamed('root', { type: 'admin' }));
      if (repository.hasAdmin) assert.equal(await repository.hasAdmin(), true);
      assert.equal(await repository.remove('root'), 'last-admin');
      assert.equal(await repository.replace(userNamed('root', { revision: 'second' }), 'first of root'), 'last-admin');
      assert.equal(await repository.remove('ending'), 'removed');
      assert.equal(await repository.replace(userNamed('later', { revision: 'second' }), 'first of later'), 'replaced');
    });

    testOf(suite, 'keepsAccounts', 'is no last admin that was given an end', async (repository) => {
      const root = userNamed('root', { type: 'admin' });
      const given = ending('root', { revision: 'second' });
      await repository.insert(root);
      await repository.insert(ending('ending'));
      assert.equal(await repository.replace(given, root.revision), 'last-admin');
      assert.deepEqual(await repository.find('root'), root);
      await repository.insert(userNamed('other', { type: 'admin' }));
      assert.equal(await repository.replace(given, root.revision), 'replaced');
      assert.deepEqual(await repository.find('root'), given);
      assert.equal(await repository.remove('other'), 'last-admin');
    });

    testOf(suite, 'keepsAccounts', 'counts again when its end is taken away', async (repository) => {
      await repository.insert(userNamed('root', { type: 'admin' }));
      await repository.insert(ending('other'));
      const endless = userNamed('other', { type: 'admin', revision: 'second' });
      assert.equal(await repository.replace(endless, 'first of other'), 'replaced');
      assert.equal(await repository.remove('root'), 'removed');
      assert.equal(await repository.replace(ending('other', { revision: 'third' }), 'second'), 'last-admin');
    });

    testOf(
      suite,
      'keepsAccounts',
      'leaves one of two admins when both are given an end at once',
      async (repository) => {
        for (const name of ['one', 'two']) await repository.insert(userNamed(name, { type: 'admin' }));
        const outcomes = await Promise.all(
          ['one', 'two'].map((name) => repository.replace(ending(name, { revision: 'second' }), `first of ${name}`)),
        );
        assert.deepEqual(outcomes.toSorted(), ['last-admin', 'replaced']);
      },
    );

    testOf(suite, 'keepsAccounts', 'leaves room for a first admin', async (repository) => {
      await repository.insert(ending('ending'));
      if (repository.insertFirstAdmin === undefined) return;
      const root = userNamed('root', { type: 'admin' });
      assert.equal(await repository.insertFirstAdmin({ ...root, name: 'ending' }), 'name-taken');
      assert.equal(await repository.insertFirstAdmin(root), 'inserted');
      assert.equal(await repository.remove('root'), 'last-admin');
    });
  });
}

function describeSessions(suite: Suite): void {
  suite.describe('replace, if the repository keeps accounts and secrets,', () => {
    testOf(
      suite,
      'keepsAccounts',
      'keeps the sessions of a user who is given an end, in the past as well',
      async (repository) => {
        const { secrets } = repository;
        if (secrets === undefined) return;
        await repository.insert(OWNER);
        for (const secret of [key('a'), session('s')]) await secrets.insert(secret, OWNER.revision, 10);
        const changes: Partial<StoredUser>[] = [{ expires: 1 }, { expires: NOON }, { ...WHOLE }, {}];
        let last = OWNER.revision;
        for (const [index, each] of changes.entries()) {
          assert.equal(await repository.replace({ ...OWNER, ...each, revision: `${index}` }, last), 'replaced');
          last = `${index}`;
          assert.deepEqual(await secrets.list(OWNER.name, 'session'), [session('s')]);
          assert.deepEqual(await secrets.find(key('a').digest), key('a'));
        }
        const disabled = { ...OWNER, ...WHOLE, enabled: false, revision: 'disabled' };
        assert.equal(await repository.replace(disabled, last), 'replaced');
        assert.deepEqual(await secrets.list(OWNER.name, 'session'), []);
        assert.deepEqual(await secrets.list(OWNER.name, 'key'), [key('a')]);
      },
    );
  });
}
