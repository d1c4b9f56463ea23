import assert from 'node:assert/strict';
import { everybody, insertAll, names, namesAfter, type Suite, userNamed } from './suite.js';

const ORDERED = ['ExampleUsername', 'Größe', 'a', 'a-b', 'a.b', 'ab', 'b', 'ユーザー'];

/** A list: its order, patterns, limits and pages. */
export function describeLists(suite: Suite): void {
  describeList(suite);
  describePages(suite);
  describeListAfter(suite);
}

function describeList({ describe, test }: Suite): void {
  describe('list', () => {
    test('returns users in the order of the bytes of their names', async (repository) => {
      for (const each of ORDERED.toReversed()) await repository.insert(userNamed(each));
      assert.deepEqual(await names(repository), ORDERED);
      const [first] = await repository.list({ pattern: everybody, after: undefined, offset: 0, limit: 1 });
      assert.deepEqual(first, userNamed('ExampleUsername'));
    });

    test('orders names beyond the basic plane by bytes as well, not by UTF-16 units', async (repository) => {
      const beyond = ['ｚ', '𐐀'];
      for (const each of beyond.toReversed()) await repository.insert(userNamed(each));
      assert.deepEqual(await names(repository), beyond);
    });

    test('skips as many users as offset says, and returns at most limit', async (repository) => {
      for (const each of ORDERED) await repository.insert(userNamed(each));
      assert.deepEqual(await names(repository, '', 0, 2), ORDERED.slice(0, 2));
      assert.deepEqual(await names(repository, '', 3, 2), ORDERED.slice(3, 5));
      assert.deepEqual(await names(repository, '', 7, 10), ORDERED.slice(7));
      assert.deepEqual(await names(repository, '', 8, 10), []);
      assert.deepEqual(await names(repository, '', 100, 10), []);
      assert.deepEqual(await names(repository, '', 0, 0), []);
    });

    test('returns only users whose names match the pattern, and counts only these', async (repository) => {
      for (const each of ORDERED) await repository.insert(userNamed(each));
      assert.deepEqual(await names(repository, 'a*'), ['a', 'a-b', 'a.b', 'ab']);
      assert.deepEqual(await names(repository, 'a*', 1, 2), ['a-b', 'a.b']);
      assert.deepEqual(await names(repository, 'a*', 4, 2), []);
      assert.deepEqual(await names(repository, '*b'), ['a-b', 'a.b', 'ab', 'b']);
      assert.deepEqual(await names(repository, '*b', 1, 2), ['a.b', 'ab']);
      assert.deepEqual(await names(repository, 'a?b'), ['a-b', 'a.b']);
      assert.deepEqual(await names(repository, 'ユ*'), ['ユーザー']);
      assert.deepEqual(await names(repository, 'a'), ['a']);
      assert.deepEqual(await names(repository, 'nobody*'), []);
      for (const each of ['\0*', 'a\0', '*\0', '[\0]']) assert.deepEqual(await names(repository, each), []);
    });
  });
}

function describePages({ describe, test }: Suite): void {
  describe('list', () => {
    test('returns more users than it reads at once', async (repository) => {
      const many = Array.from({ length: 2_500 }, (_, index) => `user${String(index).padStart(5, '0')}`);
      await insertAll(
        repository,
        many.map((each) => userNamed(each)),
      );
      assert.deepEqual(await names(repository, '', 0, 10_000), many);
      assert.deepEqual(await names(repository, 'user*', 2_400, 200), many.slice(2_400));
      assert.deepEqual(
        await names(repository, '*7', 240, 10_000),
        many.filter((each) => each.endsWith('7')).slice(240),
      );
      assert.deepEqual(await namesAfter(repository, 'user00299', '', 0, 10_000), many.slice(300));
      assert.deepEqual(await namesAfter(repository, 'user00299', 'user*', 2_000, 100), many.slice(2_300, 2_400));
      assert.deepEqual(
        await namesAfter(repository, 'user00299', '*7', 210, 10_000),
        many.filter((each) => each.endsWith('7')).slice(240),
      );
    });

    test('returns every user once, page by page, when each page begins after the last name of the one before', async (repository) => {
      const everyName = [...ORDERED, 'ｚ', 'ｚｚ', '𐐀'];
      for (const each of everyName.toReversed()) await repository.insert(userNamed(each));
      for (const limit of [1, 2, 5]) {
        const listed: string[] = [];
        let page: string[];
        do {
          page = await namesAfter(repository, listed.at(-1), '', 0, limit);
          listed.push(...page);
          // A repository that gives a name twice would never come to an end.
        } while (page.length === limit && listed.length <= everyName.length);
        assert.deepEqual(listed, everyName);
      }
    });

    test('continues after a name whose user was removed between two pages', async (repository) => {
      for (const each of ORDERED) await repository.insert(userNamed(each));
      assert.deepEqual(await names(repository, '', 0, 4), ORDERED.slice(0, 4));
      await repository.remove('a-b');
      assert.deepEqual(await namesAfter(repository, 'a-b', '', 0, 4), ORDERED.slice(4));
    });
  });
}

/** A list that begins after a name. */
function describeListAfter({ describe, test }: Suite): void {
  describe('list', () => {
    test('begins after a name that no user has, in the order of bytes', async (repository) => {
      for (const each of [...ORDERED, 'ｚ', '𐐀']) await repository.insert(userNamed(each));
      assert.deepEqual(await namesAfter(repository, 'a-'), ['a-b', 'a.b', 'ab', 'b', 'ユーザー', 'ｚ', '𐐀']);
      assert.deepEqual(await namesAfter(repository, 'a-c'), ['a.b', 'ab', 'b', 'ユーザー', 'ｚ', '𐐀']);
      assert.deepEqual(await namesAfter(repository, 'ｚｚ'), ['𐐀']);
      assert.deepEqual(await namesAfter(repository, '/ a b'), [...ORDERED, 'ｚ', '𐐀']);
      assert.deepEqual(await namesAfter(repository, 'é'.repeat(128)), ['ユーザー', 'ｚ', '𐐀']);
    });

    test('returns every user after a name before all others, and none after the last name', async (repository) => {
      for (const each of ORDERED) await repository.insert(userNamed(each));
      assert.deepEqual(await namesAfter(repository, '-'), ORDERED);
      assert.deepEqual(await namesAfter(repository, 'ユーザー'), []);
      assert.deepEqual(await namesAfter(repository, '𐐀'), []);
    });

    test('begins after a name, and returns only users whose names match the pattern', async (repository) => {
      for (const each of [...ORDERED, 'ｚ', 'ｚｚ', '𐐀']) await repository.insert(userNamed(each));
      assert.deepEqual(await namesAfter(repository, 'a-b', 'a*'), ['a.b', 'ab']);
      assert.deepEqual(await namesAfter(repository, 'a', 'a*'), ['a-b', 'a.b', 'ab']);
      assert.deepEqual(await namesAfter(repository, 'ExampleUsername', 'a*'), ['a', 'a-b', 'a.b', 'ab']);
      assert.deepEqual(await namesAfter(repository, 'ab', 'a*'), []);
      assert.deepEqual(await namesAfter(repository, 'b', 'a*'), []);
      assert.deepEqual(await namesAfter(repository, '𐐀', 'ｚ*'), []);
      assert.deepEqual(await namesAfter(repository, 'ｚ', '𐐀*'), ['𐐀']);
      assert.deepEqual(await namesAfter(repository, 'a-b', '*b'), ['a.b', 'ab', 'b']);
      assert.deepEqual(await namesAfter(repository, 'a-b', 'a?b'), ['a.b']);
      assert.deepEqual(await namesAfter(repository, 'E', 'a'), ['a']);
      assert.deepEqual(await namesAfter(repository, 'a', 'a'), []);
    });

    test('counts offset and limit from the name that it begins after', async (repository) => {
      for (const each of ORDERED) await repository.insert(userNamed(each));
      assert.deepEqual(await namesAfter(repository, 'a', '', 1, 2), ['a.b', 'ab']);
      assert.deepEqual(await namesAfter(repository, 'a', '', 4, 2), ['ユーザー']);
      assert.deepEqual(await namesAfter(repository, 'a', '', 5, 2), []);
      assert.deepEqual(await namesAfter(repository, 'a', '', 0, 0), []);
      assert.deepEqual(await namesAfter(repository, 'a', 'a*', 1, 1), ['a.b']);
      assert.deepEqual(await namesAfter(repository, 'a', 'a*', 3, 1), []);
      assert.deepEqual(await namesAfter(repository, 'a-', 'a*', 1, 1), ['a.b']);
      assert.deepEqual(await namesAfter(repository, 'a-b', '*b', 1, 2), ['ab', 'b']);
    });
  });
}
