import assert from 'node:assert/strict';
import { NamePattern } from '../../lib/users/name-pattern.js';
import type { UserRepository } from '../../lib/users/repository.js';
import type { StoredUser } from '../../lib/users/user.js';

/** The two functions of a test runner that the suite needs: those of vitest, jest, mocha or `node:test`. */
export interface TestRunner {
  readonly describe: (name: string, define: () => void) => unknown;
  readonly it: (name: string, run: () => Promise<void>) => unknown;
}

/** What the suite asks for a repository. */
export interface RepositoryFactory {
  /** An empty repository, opened. */
  create(): UserRepository | Promise<UserRepository>;
  /** Lets go of a repository that `create` gave, and of what it kept. */
  destroy?(repository: UserRepository): void | Promise<void>;
}

const everybody = new NamePattern('');

/** A user to keep. The hash has the form of bcrypt's, and is nobody's. */
function userNamed(name: string, changes: Partial<StoredUser> = {}): StoredUser {
  const hash = `$2b$10$${'.'.repeat(53)}`;
  return { name, type: 'normal', permissions: [], enabled: true, hash, revision: `first of ${name}`, ...changes };
}

/**
 * The suite that every repository passes: what {@link UserRepository} promises, as tests. An app with a repository of
 * its own runs it in its own tests:
 *
 * ```ts
 * import { describe, it } from 'node:test';
 * import { userRepositoryContract } from 'kapacitor-auth/contract';
 *
 * userRepositoryContract({ describe, it }, 'my repository', { create: () => new MyRepository() });
 * ```
 */
export function userRepositoryContract({ describe, it }: TestRunner, name: string, factory: RepositoryFactory): void {
  const test = (title: string, run: (repository: UserRepository) => Promise<void>) => {
    it(title, async () => {
      const repository = await factory.create();
      try {
        await run(repository);
      } finally {
        await factory.destroy?.(repository);
      }
    });
  };
  const namesAfter = async (
    repository: UserRepository,
    after: string | undefined,
    pattern = '',
    offset = 0,
    limit = 1_000,
  ) => (await repository.list({ pattern: new NamePattern(pattern), after, offset, limit })).map((user) => user.name);
  const names = (repository: UserRepository, pattern?: string, offset?: number, limit?: number) =>
    namesAfter(repository, undefined, pattern, offset, limit);

  describe(`${name} keeps the contract of a user repository`, () => {
    describe('find and insert', () => {
      test('give back a user as it was inserted', async (repository) => {
        const user = userNamed('someone', { permissions: ['api', 'config_api'] });
        assert.equal(await repository.insert(user), true);
        assert.deepEqual(await repository.find('someone'), user);
      });

      test('know nobody in an empty store', async (repository) => {
        assert.equal(await repository.find('someone'), undefined);
        assert.deepEqual(await names(repository), []);
      });

      test('keep the user who is there when another of the same name comes', async (repository) => {
        const first = userNamed('taken');
        await repository.insert(first);
        assert.equal(await repository.insert(userNamed('taken', { type: 'admin', revision: 'second' })), false);
        assert.deepEqual(await repository.find('taken'), first);
      });

      test('tell names apart byte by byte', async (repository) => {
        for (const each of ['a', 'A', 'é', 'e', 'ａ']) assert.equal(await repository.insert(userNamed(each)), true);
        assert.equal((await repository.find('A'))?.revision, 'first of A');
        assert.equal((await repository.find('ａ'))?.revision, 'first of ａ');
        assert.equal(await repository.find('E'), undefined);
      });

      test('take every name that a user may have', async (repository) => {
        const all = ['ユーザー', 'Größe', 'a@b.example-1_x', '...', '__proto__', 'constructor', '0', 'x'.repeat(256)];
        for (const each of all) assert.equal(await repository.insert(userNamed(each)), true);
        for (const each of all) assert.deepEqual(await repository.find(each), userNamed(each));
      });

      test('let one of many concurrent insertions of a name through', async (repository) => {
        const attempts = Array.from({ length: 20 }, (_, index) =>
          repository.insert(userNamed('wanted', { revision: String(index) })),
        );
        const outcomes = await Promise.all(attempts);
        assert.equal(outcomes.filter(Boolean).length, 1);
        assert.equal((await repository.find('wanted'))?.revision, String(outcomes.indexOf(true)));
      });
    });

    describe('list', () => {
      const ORDERED = ['ExampleUsername', 'Größe', 'a', 'a-b', 'a.b', 'ab', 'b', 'ユーザー'];

      test('gives users in the order of the bytes of their names', async (repository) => {
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

      test('passes over and limits', async (repository) => {
        for (const each of ORDERED) await repository.insert(userNamed(each));
        assert.deepEqual(await names(repository, '', 0, 2), ORDERED.slice(0, 2));
        assert.deepEqual(await names(repository, '', 3, 2), ORDERED.slice(3, 5));
        assert.deepEqual(await names(repository, '', 7, 10), ORDERED.slice(7));
        assert.deepEqual(await names(repository, '', 8, 10), []);
        assert.deepEqual(await names(repository, '', 100, 10), []);
        assert.deepEqual(await names(repository, '', 0, 0), []);
      });

      test('gives only those whose names match the pattern, and counts only these', async (repository) => {
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

      test('pages through more users than it looks at in one go', async (repository) => {
        const many = Array.from({ length: 2_500 }, (_, index) => `user${String(index).padStart(5, '0')}`);
        for (let from = 0; from < many.length; from += 100) {
          await Promise.all(many.slice(from, from + 100).map((each) => repository.insert(userNamed(each))));
        }
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

      test('pages through everybody, each once, when it begins after the last name of the page before', async (repository) => {
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

      test('begins after a name that nobody has, in the order of bytes', async (repository) => {
        for (const each of [...ORDERED, 'ｚ', '𐐀']) await repository.insert(userNamed(each));
        assert.deepEqual(await namesAfter(repository, 'a-'), ['a-b', 'a.b', 'ab', 'b', 'ユーザー', 'ｚ', '𐐀']);
        assert.deepEqual(await namesAfter(repository, 'a-c'), ['a.b', 'ab', 'b', 'ユーザー', 'ｚ', '𐐀']);
        assert.deepEqual(await namesAfter(repository, 'ｚｚ'), ['𐐀']);
        assert.deepEqual(await namesAfter(repository, '/ a b'), [...ORDERED, 'ｚ', '𐐀']);
        assert.deepEqual(await namesAfter(repository, 'é'.repeat(128)), ['ユーザー', 'ｚ', '𐐀']);
      });

      test('gives everybody after a name before all others, and nobody after the last', async (repository) => {
        for (const each of ORDERED) await repository.insert(userNamed(each));
        assert.deepEqual(await namesAfter(repository, '-'), ORDERED);
        assert.deepEqual(await namesAfter(repository, 'ユーザー'), []);
        assert.deepEqual(await namesAfter(repository, '𐐀'), []);
      });

      test('begins after a name among those that match a pattern', async (repository) => {
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

      test('passes over and limits from the name on that it begins after', async (repository) => {
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

      test('goes on after a user who is removed between two pages', async (repository) => {
        for (const each of ORDERED) await repository.insert(userNamed(each));
        assert.deepEqual(await names(repository, '', 0, 4), ORDERED.slice(0, 4));
        await repository.remove('a-b');
        assert.deepEqual(await namesAfter(repository, 'a-b', '', 0, 4), ORDERED.slice(4));
      });
    });

    describe('replace', () => {
      test('puts a user in the place of the one with the expected revision', async (repository) => {
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

      test('changes nothing when the revision is another, or the user is gone', async (repository) => {
        const user = userNamed('someone');
        await repository.insert(user);
        const change = userNamed('someone', { permissions: ['all'], revision: 'second' });
        assert.equal(await repository.replace(change, 'another'), 'conflict');
        assert.deepEqual(await repository.find('someone'), user);
        assert.equal(await repository.replace(userNamed('nobody'), 'first of nobody'), 'conflict');
        assert.equal(await repository.find('nobody'), undefined);
      });

      test('lets one of many concurrent changes of the same revision through', async (repository) => {
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

      test('makes admins, and demotes all of them but the last', async (repository) => {
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

      test('lets the last admin change when it stays one', async (repository) => {
        await repository.insert(userNamed('root', { type: 'admin' }));
        const changed = userNamed('root', { type: 'admin', revision: 'second' });
        assert.equal(await repository.replace(changed, 'first of root'), 'replaced');
        assert.deepEqual(await repository.find('root'), changed);
      });

      test('leaves one of two admins when both are demoted at once', async (repository) => {
        await repository.insert(userNamed('one', { type: 'admin' }));
        await repository.insert(userNamed('two', { type: 'admin' }));
        const outcomes = await Promise.all(
          ['one', 'two'].map((each) =>
            repository.replace(userNamed(each, { revision: 'demoted' }), `first of ${each}`),
          ),
        );
        assert.deepEqual(outcomes.toSorted(), ['last-admin', 'replaced']);
      });
    });

    describe('a disabled user', () => {
      test('is kept as it was, and listed', async (repository) => {
        const user = userNamed('someone', { enabled: false, permissions: ['api'] });
        await repository.insert(user);
        assert.deepEqual(await repository.find('someone'), user);
        assert.deepEqual(await repository.list({ pattern: everybody, after: undefined, offset: 0, limit: 10 }), [user]);
        const enabled = userNamed('someone', { permissions: ['api'], revision: 'second' });
        assert.equal(await repository.replace(enabled, user.revision), 'replaced');
        assert.deepEqual(await repository.find('someone'), enabled);
      });

      test('is not the last admin', async (repository) => {
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

    describe('remove', () => {
      test('takes a user away', async (repository) => {
        await repository.insert(userNamed('someone'));
        assert.equal(await repository.remove('someone'), 'removed');
        assert.equal(await repository.find('someone'), undefined);
        assert.deepEqual(await names(repository), []);
        assert.equal(await repository.insert(userNamed('someone')), true);
      });

      test('says when there is nobody to remove', async (repository) => {
        assert.equal(await repository.remove('nobody'), 'not-found');
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

      test('leaves one of many admins when all are removed at once', async (repository) => {
        const admins = ['a', 'b', 'c', 'd', 'e'];
        for (const each of admins) await repository.insert(userNamed(each, { type: 'admin' }));
        const outcomes = await Promise.all(admins.map((each) => repository.remove(each)));
        assert.equal(outcomes.filter((outcome) => outcome === 'removed').length, 4);
        assert.equal((await names(repository)).length, 1);
      });
    });
  });
}
