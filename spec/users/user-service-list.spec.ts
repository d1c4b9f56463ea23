import { describe, expect, it, vi } from 'vitest';
import { failure } from '../support/failure.js';
import { ANY_ACCOUNT } from '../support/user.js';
import { createUserService } from '../support/user-service.js';

describe('listing users', () => {
  it('returns the first hundred by default, without hashes', async () => {
    const { users } = createUserService();
    for (let index = 0; index < 101; index += 1) await users.create({ name: `user${index}`, password: 'p' });
    const listed = await users.list();
    expect(listed).toHaveLength(100);
    expect(listed[0]).toEqual({ name: 'user0', type: 'normal', permissions: [], enabled: true, ...ANY_ACCOUNT });
    expect(await users.list({ pattern: 'user9*', offset: 1, limit: 2 })).toMatchObject([
      { name: 'user90' },
      { name: 'user91' },
    ]);
  });

  it('pages through all users, each once, after the last name of the page before', async () => {
    const { users } = createUserService();
    const names = ['a', 'a-b', 'a.b', 'ab', 'ｚ', '𐐀'];
    for (const name of names) await users.create({ name, password: 'p' });
    const pageAfter = async (after?: string) => (await users.list({ after, limit: 2 })).map(({ name }) => name);
    expect(await pageAfter()).toEqual(['a', 'a-b']);
    expect(await pageAfter('a-b')).toEqual(['a.b', 'ab']);
    expect(await pageAfter('ab')).toEqual(['ｚ', '𐐀']);
    expect(await pageAfter('𐐀')).toEqual([]);
  });

  it.each(['', undefined])('begins with the first user after %j', async (after) => {
    const { users, repository } = createUserService();
    const list = vi.spyOn(repository, 'list');
    await users.create({ name: 'a', password: 'p' });
    expect(await users.list({ after })).toMatchObject([{ name: 'a' }]);
    expect(list).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ after: undefined }));
  });

  it.each(['a name with spaces', '..', '\u0001', 'x'.repeat(256), 'é'.repeat(128)])(
    'begins after %j, which need not exist',
    async (after) => {
      const { users } = createUserService();
      await users.create({ name: '𐐀', password: 'p' });
      expect(await users.list({ after })).toMatchObject([{ name: '𐐀' }]);
    },
  );

  it.each([5, null, ['a'], 'x'.repeat(257), 'é'.repeat(129), '\ud800', 'a\0b'])(
    'refuses to begin after %j',
    async (after) => {
      const { users, repository } = createUserService();
      const list = vi.spyOn(repository, 'list');
      await expect(users.list({ after: after as never })).rejects.toThrow(
        failure('REQUEST_INVALID', 400, "invalid after parameter: it must be a user's name, at most 256 bytes"),
      );
      expect(list).not.toHaveBeenCalled();
    },
  );

  it.each([
    [{ offset: -1 }, 'offset must be an integer, 0 or more'],
    [{ limit: 1.5 }, 'limit must be an integer, 0 or more'],
    [{ limit: Number.POSITIVE_INFINITY }, 'limit must be an integer, 0 or more'],
    [{ limit: 10_001 }, 'limit must be at most 10000: for more users, pass the last name of a page as after'],
    [{ pattern: '[' }, 'invalid pattern "["'],
    [{ pattern: 5 }, 'pattern must be a text, not a number'],
    [{ ofset: 5 }, 'unknown option "ofset": did you mean offset?'],
    [{ page: 2 }, 'unknown option "page": a list has pattern, q, type, enabled, permission, after, offset and limit'],
    ['a*', 'a list must be an object with pattern, q, type, enabled, permission, after, offset and limit, not a text'],
    [null, 'a list must be an object with pattern, q, type, enabled, permission, after, offset and limit, not null'],
  ])('refuses %j', async (options, message) => {
    const listing = createUserService().users.list(options as never);
    await expect(listing).rejects.toThrow(failure('REQUEST_INVALID', 400, message));
  });
});
