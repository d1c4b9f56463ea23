import assert from 'node:assert/strict';
import { type LoginTimes, RECORD_LOGIN_EVERY, type RecordedLogin } from '../../users/login-times.js';
import type { StoredUser } from '../../users/user.js';
import { key, OWNER, session } from './secret-suite.js';
import { everybody, insertAll, type Suite, testOf, userNamed } from './suite.js';

/** Milliseconds that the clock of the store may differ from that of this process, and a test may take. */
const CLOCKS_DIFFER = 60_000;
const HOUR = 3_600_000;

/** The part `logins`, if the repository has it. */
export function describeLogins(suite: Suite): void {
  describeRecord(suite);
  describeLastOf(suite);
  describeUsers(suite);
}

/** Records logins, and asserts that those of these users are as long ago as expected: the clock runs on between the steps. */
async function assertAgo(logins: LoginTimes, expected: Readonly<Record<string, number>>): Promise<void> {
  const times = await logins.lastOf(Object.keys(expected));
  assert.deepEqual([...times.keys()].toSorted(), Object.keys(expected).toSorted());
  for (const [name, ago] of Object.entries(expected)) {
    const time = times.get(name) as number;
    assert.ok(Number.isInteger(time), `${time} is no number of milliseconds`);
    const off = Math.abs(Date.now() - ago - time);
    assert.ok(off < CLOCKS_DIFFER, `the login of ${name} is ${off} ms away from ${ago} ms ago`);
  }
}

function describeRecord(suite: Suite): void {
  const test = (title: string, run: (logins: LoginTimes) => Promise<void>) =>
    testOf(suite, 'logins', title, async (repository) => {
      await insertAll(
        repository,
        ['a', 'b', 'c'].map((name) => userNamed(name)),
      );
      await run(repository.logins);
    });

  suite.describe('logins.record, if the repository has it,', () => {
    test('counts back from the clock of the store', async (logins) => {
      await logins.record([]);
      assert.equal((await logins.lastOf(['a', 'b', 'c'])).size, 0);
      await logins.record([
        { name: 'a', ago: 0 },
        { name: 'b', ago: 24 * HOUR },
        { name: 'c', ago: 1.5 },
      ]);
      await assertAgo(logins, { a: 0, b: 24 * HOUR, c: 0 });
    });

    test('records a user once a minute at most', async (logins) => {
      const lastOf = async () => (await logins.lastOf(['a'])).get('a') as number;
      await logins.record([{ name: 'a', ago: 3 * HOUR }]);
      const first = await lastOf();
      for (const ago of [3 * HOUR, 4 * HOUR, 3 * HOUR - RECORD_LOGIN_EVERY / 2])
        await logins.record([{ name: 'a', ago }]);
      assert.equal(await lastOf(), first);
      await logins.record([{ name: 'a', ago: 3 * HOUR - RECORD_LOGIN_EVERY }]);
      const second = await lastOf();
      assert.ok(second >= first + RECORD_LOGIN_EVERY && second < first + 2 * RECORD_LOGIN_EVERY);
      await logins.record([{ name: 'a', ago: 0 }]);
      await assertAgo(logins, { a: 0 });
      const third = await lastOf();
      for (const ago of [0, HOUR]) await logins.record([{ name: 'a', ago }]);
      assert.equal(await lastOf(), third);
    });

    test('takes several logins of one user, in any order', async (logins) => {
      const ago = [3 * HOUR, 0, 2 * HOUR, HOUR];
      await logins.record(ago.flatMap((each): RecordedLogin[] => ['b', 'a'].map((name) => ({ name, ago: each }))));
      await assertAgo(logins, { a: 0, b: 0 });
    });

    test('records the logins of others when one is not due', async (logins) => {
      await logins.record([{ name: 'b', ago: HOUR }]);
      await logins.record(['a', 'b', 'nobody', 'c'].map((name) => ({ name, ago: name === 'b' ? HOUR : 0 })));
      await assertAgo(logins, { a: 0, b: HOUR, c: 0 });
    });

    test('records the latest of logins that come at once', async (logins) => {
      const hours = Array.from({ length: 10 }, (_, index) => index);
      await Promise.all(
        hours.map((hour) => {
          const each = ['a', 'b', 'c'].map((name) => ({ name, ago: hour * HOUR }));
          return logins.record(hour % 2 === 0 ? each : each.toReversed());
        }),
      );
      await assertAgo(logins, { a: 0, b: 0, c: 0 });
    });
  });
}

function describeLastOf(suite: Suite): void {
  suite.describe('logins.record and logins.lastOf, if the repository has them,', () => {
    testOf(suite, 'logins', 'leave out users without a login, and names that no user has', async (repository) => {
      await insertAll(
        repository,
        ['a', 'b'].map((name) => userNamed(name)),
      );
      const { logins } = repository;
      await logins.record(['a', 'nobody', 'A'].map((name) => ({ name, ago: 0 })));
      assert.deepEqual([...(await logins.lastOf(['nobody', 'b', 'A', 'a', 'x'.repeat(256)])).keys()], ['a']);
      assert.equal((await logins.lastOf([])).size, 0);
      await repository.insert(userNamed('nobody'));
      assert.equal((await logins.lastOf(['nobody'])).size, 0);
    });

    testOf(suite, 'logins', 'take every name that a user may have', async (repository) => {
      const names = [
        'ユーザー',
        'Größe',
        'a@b.example-1_x',
        '...',
        '__proto__',
        'constructor',
        '0',
        'x'.repeat(256),
        '𐐀',
      ];
      await insertAll(
        repository,
        names.map((name) => userNamed(name)),
      );
      await repository.logins.record(names.map((name) => ({ name, ago: 0 })));
      const times = await repository.logins.lastOf([...names, ...names]);
      assert.deepEqual([...times.keys()].toSorted(), names.toSorted());
    });

    testOf(suite, 'logins', 'take thousands of names at once', async (repository) => {
      const users = Array.from({ length: 2_500 }, (_, index) => userNamed(`user${10_000 + index}`));
      if (repository.insertMany === undefined) await insertAll(repository, users);
      else await repository.insertMany(users);
      const known = users.map(({ name }) => name);
      const names = [...known, ...known.map((name) => `${name}-unknown`)];
      await repository.logins.record(names.map((name, index) => ({ name, ago: index * HOUR })));
      const times = await repository.logins.lastOf(names);
      assert.deepEqual([...times.keys()].toSorted(), known);
      const span = (times.get('user10000') as number) - (times.get('user12499') as number);
      assert.ok(Math.abs(span - 2_499 * HOUR) < CLOCKS_DIFFER);
    });
  });
}

/** Logins beside the users. */
function describeUsers(suite: Suite): void {
  suite.describe('logins, if the repository has them,', () => {
    testOf(suite, 'logins', 'of a removed user are gone for a later user of the same name', async (repository) => {
      const { logins } = repository;
      await insertAll(repository, [userNamed('a'), userNamed('b')]);
      await logins.record(['a', 'b'].map((name) => ({ name, ago: HOUR })));
      assert.equal(await repository.remove('a', 'another'), 'conflict');
      await assertAgo(logins, { a: HOUR, b: HOUR });
      assert.equal(await repository.remove('a'), 'removed');
      assert.deepEqual([...(await logins.lastOf(['a', 'b'])).keys()], ['b']);
      await logins.record([{ name: 'a', ago: 0 }]);
      await repository.insert(userNamed('a'));
      assert.equal((await logins.lastOf(['a'])).size, 0);
      await logins.record([{ name: 'a', ago: 2 * HOUR }]);
      await assertAgo(logins, { a: 2 * HOUR, b: HOUR });
    });

    testOf(suite, 'logins', 'change no user, no revision and no secret', async (repository) => {
      const users: StoredUser[] = [userNamed('root', { type: 'admin' }), OWNER];
      await insertAll(repository, users);
      const { logins, secrets } = repository;
      for (const secret of [key('a'), session('s')]) await secrets?.insert(secret, OWNER.revision, 10);
      for (const ago of [2 * HOUR, HOUR, 0]) await logins.record(users.map(({ name }) => ({ name, ago })));
      for (const user of users) assert.deepEqual(await repository.find(user.name), user);
      assert.deepEqual(await repository.list({ pattern: everybody, after: undefined, offset: 0, limit: 9 }), users);
      for (const secret of [key('a'), session('s')]) {
        if (secrets) assert.deepEqual(await secrets.find(secret.digest), secret);
      }
    });

    testOf(suite, 'logins', 'stay when a user is changed', async (repository) => {
      await repository.insert(userNamed('a'));
      await repository.logins.record([{ name: 'a', ago: HOUR }]);
      const changed = userNamed('a', { enabled: false, hash: `$2b$04$${'x'.repeat(53)}`, revision: 'second' });
      assert.equal(await repository.replace(changed, 'first of a'), 'replaced');
      await assertAgo(repository.logins, { a: HOUR });
    });
  });
}
