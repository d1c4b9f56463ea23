import { MemoryUserRepository, type UserFilterOptions, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { failure } from '../support/failure.js';
import { createUserService } from '../support/user-service.js';

/** A repository that knows no condition but the pattern. */
function ofPatternsOnly(): UserRepository {
  const memory = new MemoryUserRepository();
  return {
    find: (name) => memory.find(name),
    list: ({ pattern, after, offset, limit }) => memory.list({ pattern, after, offset, limit }),
    insert: (user) => memory.insert(user),
    replace: (user, revision) => memory.replace(user, revision),
    remove: (name) => memory.remove(name),
  };
}

const FILTERS: readonly [UserFilterOptions, string[]][] = [
  [{}, ['Anna', 'anton', 'berta', 'carl']],
  [{ type: 'admin' }, ['Anna']],
  [{ type: 'normal' }, ['anton', 'berta', 'carl']],
  [{ enabled: false }, ['berta', 'carl']],
  [{ enabled: true }, ['Anna', 'anton']],
  [{ permission: 'api' }, ['anton', 'carl']],
  [{ permission: 'ap' }, []],
  [{ q: 'aN' }, ['Anna', 'anton']],
  [{ q: 'r' }, ['berta', 'carl']],
  [{ q: 'nobody' }, []],
  [{ q: 'r', permission: 'api', enabled: false, type: 'normal', pattern: 'c*' }, ['carl']],
];

describe.each([
  ['memory', () => new MemoryUserRepository()],
  ['a repository that knows patterns only', ofPatternsOnly],
])('a filter: %s', (_, repository: () => UserRepository) => {
  async function setUp() {
    const { users } = createUserService(repository());
    await users.create({ name: 'Anna', password: 'p', type: 'admin' });
    await users.create({ name: 'anton', password: 'p', permissions: ['api'] });
    await users.create({ name: 'berta', password: 'p', enabled: false });
    await users.create({ name: 'carl', password: 'p', enabled: false, permissions: ['write_points', 'api'] });
    return users;
  }

  it.each(FILTERS)('%j', async (options, names) => {
    const users = await setUp();
    expect((await users.list(options)).map(({ name }) => name)).toEqual(names);
    expect(await users.count(options)).toBe(names.length);
  });

  it('comes before the page', async () => {
    const users = await setUp();
    const page = async (options: object) => (await users.list({ type: 'normal', ...options })).map(({ name }) => name);
    expect(await page({ limit: 0 })).toEqual([]);
    expect(await page({ limit: 2 })).toEqual(['anton', 'berta']);
    expect(await page({ offset: 1, limit: 2 })).toEqual(['berta', 'carl']);
    expect(await page({ after: 'anton' })).toEqual(['berta', 'carl']);
  });

  it.each([
    [{ typ: 'admin' }, 'unknown option "typ": did you mean type?'],
    [{ type: 'root' }, 'type must be "admin" or "normal", not "root"'],
    [{ enabled: 'true' }, 'enabled must be true or false, not "true"'],
    [{ q: 7 }, 'q must be a text, not a number'],
    [{ permission: ['api'] }, 'permission must be a text, not an array'],
    [{ limit: 5 }, 'unknown option "limit": a filter has pattern, q, type, enabled and permission', 'count'],
  ])('%j is refused', async (options, message, method = 'list') => {
    const users = await setUp();
    const refused = failure('REQUEST_INVALID', 400, message);
    await expect(users[method as 'list' | 'count'](options as never)).rejects.toThrow(refused);
    await expect(users.count(options as never)).rejects.toThrow(refused);
  });
});

it('a repository that filters by itself is asked once', async () => {
  const repository = new MemoryUserRepository();
  const { users } = createUserService(repository);
  const [list, count] = [vi.spyOn(repository, 'list'), vi.spyOn(repository, 'count')];
  await users.list({ type: 'admin' });
  await users.count({ type: 'admin' });
  expect([list.mock.calls.length, count.mock.calls.length]).toEqual([1, 1]);
});
