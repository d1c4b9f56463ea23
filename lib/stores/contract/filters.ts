import assert from 'node:assert/strict';
import { NamePattern } from '../../users/name-pattern.js';
import type { UserFilter, UserListQuery, UserRepository } from '../../users/repository.js';
import type { StoredUser } from '../../users/user.js';
import { insertAll, OWN_PERMISSIONS, type Suite, testOf, userNamed } from './suite.js';

/** A part of a query. The pattern is its text. */
type Conditions = Partial<Omit<UserListQuery, 'pattern'>> & { readonly pattern?: string };

function filterOf({ pattern = '', q, type, enabled, permission }: Conditions): UserFilter {
  return { pattern: new NamePattern(pattern), q, type, enabled, permission };
}

/** In the order of the bytes of their names. */
const USERS: readonly StoredUser[] = [
  userNamed('Ada', { type: 'admin' }),
  userNamed('Größe', { permissions: ['api'] }),
  userNamed('ad', { enabled: false, permissions: ['api', 'write_points'] }),
  userNamed('ada', { permissions: ['api', 'clerk'] }),
  userNamed('adam', { type: 'admin', enabled: false }),
  userNamed('bo', { permissions: ['all'] }),
  userNamed('bob', { enabled: false }),
  userNamed('clerk', { permissions: OWN_PERMISSIONS }),
  userNamed('ΑΔΑ', { permissions: ['clerk'] }),
  userNamed('ｚ', { type: 'admin' }),
  userNamed('𐐀', { enabled: false, permissions: ['clerk'] }),
];

const EXPECTED: readonly (readonly [Conditions, names: readonly string[]])[] = [
  [{}, USERS.map(({ name }) => name)],
  [{ type: 'admin' }, ['Ada', 'adam', 'ｚ']],
  [{ type: 'normal' }, ['Größe', 'ad', 'ada', 'bo', 'bob', 'clerk', 'ΑΔΑ', '𐐀']],
  [{ enabled: true }, ['Ada', 'Größe', 'ada', 'bo', 'clerk', 'ΑΔΑ', 'ｚ']],
  [{ enabled: false }, ['ad', 'adam', 'bob', '𐐀']],
  [{ permission: 'api' }, ['Größe', 'ad', 'ada']],
  [{ permission: 'clerk' }, ['ada', 'ΑΔΑ', '𐐀']],
  [{ permission: 'all' }, ['bo']],
  [{ permission: 'a' }, ['clerk']],
  [{ permission: 'a-b' }, ['clerk']],
  [{ permission: 'write_points' }, ['ad', 'clerk']],
  [{ q: 'ad' }, ['Ada', 'ad', 'ada', 'adam']],
  [{ q: 'da' }, ['Ada', 'ada', 'adam']],
  [{ q: 'öß' }, ['Größe']],
  [{ q: 'αδ' }, ['ΑΔΑ']],
  [{ pattern: 'a*', enabled: true }, ['ada']],
  [{ pattern: 'a*', type: 'admin' }, ['adam']],
  [{ pattern: '*a', type: 'admin' }, ['Ada']],
  [{ pattern: '*a*', permission: 'api' }, ['ad', 'ada']],
  [{ type: 'admin', enabled: true }, ['Ada', 'ｚ']],
  [{ type: 'admin', enabled: false }, ['adam']],
  [{ enabled: false, permission: 'clerk' }, ['𐐀']],
  [{ type: 'normal', enabled: true, permission: 'api', q: 'd', pattern: 'a*' }, ['ada']],
  [{ type: 'normal', enabled: false, permission: 'api', q: 'd', pattern: 'a?' }, ['ad']],
];

/** Conditions that select nobody. */
const NOBODY: readonly Conditions[] = [
  { type: 'admin', permission: 'api' },
  { type: 'admin', permission: 'all' },
  { permission: '' },
  { permission: 'ap' },
  { permission: 'API' },
  { permission: 'api,clerk' },
  { permission: 'p' },
  { permission: '%' },
  { permission: "'" },
  { permission: '{api}' },
  { permission: 'a\0' },
  { permission: '\ud800' },
  { permission: 'x'.repeat(10_000) },
  { q: 'nobody' },
  { q: '%' },
  { q: '\0' },
  { pattern: 'A*', enabled: false },
];

/** The conditions of lists, and counts, if the repository counts users itself. */
export function describeFilters(suite: Suite): void {
  describeConditions(suite);
  describePages(suite);
  describeChanges(suite);
  describeMany(suite);
}

async function namesOf(repository: UserRepository, conditions: Conditions): Promise<string[]> {
  const { after, offset = 0, limit = 10_000 } = conditions;
  const users = await repository.list({ ...filterOf(conditions), after, offset, limit });
  return users.map(({ name }) => name);
}

function describeConditions(suite: Suite): void {
  suite.describe('list and count, if the repository has count,', () => {
    testOf(suite, 'count', 'select by pattern, part of the name, type, state and permission', async (repository) => {
      assert.equal(await repository.count(filterOf({})), 0);
      assert.equal(await repository.count(filterOf({ type: 'admin', permission: 'api' })), 0);
      await insertAll(repository, USERS.toReversed());
      for (const [conditions, names] of EXPECTED) {
        assert.deepEqual(await namesOf(repository, conditions), names, JSON.stringify(conditions));
        assert.equal(await repository.count(filterOf(conditions)), names.length, JSON.stringify(conditions));
      }
    });

    testOf(suite, 'count', 'select nobody by conditions that nobody fulfils', async (repository) => {
      await insertAll(repository, USERS);
      for (const conditions of NOBODY) {
        assert.deepEqual(await namesOf(repository, conditions), [], JSON.stringify(conditions));
        assert.equal(await repository.count(filterOf(conditions)), 0, JSON.stringify(conditions));
      }
    });

    testOf(suite, 'count', 'return selected users as they are', async (repository) => {
      await insertAll(repository, USERS);
      const all = { after: undefined, offset: 0, limit: 10 };
      for (const conditions of [{ permission: 'a-b' }, { permission: 'a-b', q: 'ler' }]) {
        const users = await repository.list({ ...filterOf(conditions), ...all });
        assert.deepEqual(users, [userNamed('clerk', { permissions: OWN_PERMISSIONS })]);
      }
    });
  });
}

function describePages(suite: Suite): void {
  suite.describe('list, if the repository has count,', () => {
    testOf(suite, 'count', 'counts after, offset and limit among the selected users only', async (repository) => {
      await insertAll(repository, USERS.toReversed());
      for (const [conditions, names] of EXPECTED) {
        for (const offset of [0, 1, 2, names.length]) {
          for (const limit of [0, 1, 2]) {
            const expected = names.slice(offset, offset + limit);
            assert.deepEqual(await namesOf(repository, { ...conditions, offset, limit }), expected);
          }
        }
        for (const after of ['A', 'Ada', 'ad', 'adb', 'bob', '𐐀']) {
          const later = names.filter((name) => Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0);
          assert.deepEqual(await namesOf(repository, { ...conditions, after }), later);
          assert.deepEqual(await namesOf(repository, { ...conditions, after, offset: 1, limit: 1 }), later.slice(1, 2));
        }
      }
    });
  });
}

function describeChanges(suite: Suite): void {
  suite.describe('list and count, if the repository has count,', () => {
    testOf(suite, 'count', 'select users by what they are after each change', async (repository) => {
      const select = async (conditions: Conditions) => {
        const names = await namesOf(repository, conditions);
        assert.equal(await repository.count(filterOf(conditions)), names.length);
        return names;
      };
      await repository.insert(userNamed('someone', { permissions: ['api', 'clerk'] }));
      await repository.insert(userNamed('other', { permissions: ['clerk'] }));
      const replace = async (changes: Partial<StoredUser>, expected: string) =>
        assert.equal(await repository.replace(userNamed('someone', changes), expected), 'replaced');
      await replace({ permissions: ['api', 'write_points'], revision: '2' }, 'first of someone');
      assert.deepEqual(await select({ permission: 'clerk' }), ['other']);
      assert.deepEqual(await select({ permission: 'write_points' }), ['someone']);
      assert.deepEqual(await select({ permission: 'api' }), ['someone']);
      await replace({ enabled: false, revision: '3' }, '2');
      assert.deepEqual(await select({ permission: 'api' }), []);
      assert.deepEqual(await select({ enabled: false }), ['someone']);
      await replace({ type: 'admin', revision: '4' }, '3');
      assert.deepEqual(await select({ enabled: false }), []);
      assert.deepEqual(await select({ type: 'admin' }), ['someone']);
      await repository.remove('other');
      assert.deepEqual(await select({ permission: 'clerk' }), []);
      await repository.insert(userNamed('other', { permissions: ['write_points'] }));
      assert.deepEqual(await select({ permission: 'clerk' }), []);
      assert.deepEqual(await select({ permission: 'write_points' }), ['other']);
    });
  });
}

function describeMany(suite: Suite): void {
  const nameOf = (index: number) => `user${10_000 + index}`;
  const users = Array.from({ length: 2_500 }, (_, index) =>
    userNamed(nameOf(index), {
      type: index % 500 === 0 ? 'admin' : 'normal',
      enabled: index % 3 !== 0,
      permissions: index % 2 === 1 ? ['api', `p${index % 7}`] : [],
    }),
  );
  const namesWhere = (isMeant: (index: number) => boolean) =>
    users.map(({ name }) => name).filter((_, index) => isMeant(index));

  suite.describe('list and count, if the repository has count,', () => {
    testOf(suite, 'count', 'select more users than are read at once', async (repository) => {
      if (repository.insertMany === undefined) await insertAll(repository, users);
      else await repository.insertMany(users);
      const expected: readonly (readonly [Conditions, names: readonly string[]])[] = [
        [{}, namesWhere(() => true)],
        [{ type: 'admin' }, namesWhere((index) => index % 500 === 0)],
        [{ type: 'normal' }, namesWhere((index) => index % 500 !== 0)],
        [{ enabled: true }, namesWhere((index) => index % 3 !== 0)],
        [{ permission: 'api' }, namesWhere((index) => index % 2 === 1)],
        [
          { permission: 'p3', enabled: false },
          namesWhere((index) => index % 2 === 1 && index % 7 === 3 && index % 3 === 0),
        ],
        [{ permission: 'api', q: '9' }, namesWhere((index) => index % 2 === 1 && nameOf(index).includes('9'))],
        [{ permission: 'api', pattern: 'user*7' }, namesWhere((index) => index % 10 === 7)],
      ];
      for (const [conditions, names] of expected) {
        assert.deepEqual(await namesOf(repository, conditions), names);
        assert.equal(await repository.count(filterOf(conditions)), names.length);
        const [offset, after] = [Math.floor(0.9 * names.length), nameOf(1_200)];
        assert.deepEqual(await namesOf(repository, { ...conditions, offset }), names.slice(offset));
        assert.deepEqual(
          await namesOf(repository, { ...conditions, after }),
          names.filter((name) => name > after),
        );
      }
    });
  });
}
