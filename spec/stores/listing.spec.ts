import type { StoredUser, UserFilter } from 'kapacitor-auth';
import { expect, it } from 'vitest';
import { countUsers, type ListSource, listUsers, type Page } from '../../lib/stores/listing.js';
import { NamePattern } from '../../lib/users/name-pattern.js';
import { compareNames } from '../../lib/users/user-name.js';
import { userNamed } from '../support/stored-user.js';

const numbered = (index: number) => `user${String(index).padStart(6, '0')}`;
const numberedFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, step) => numbered(first + step));

interface Settings {
  readonly namesAtOnce?: number;
  /** Those who are removed while their names are compared. */
  readonly removed?: readonly string[];
}

/** A source with these users that tells what it is asked. */
function sourceOf(all: readonly string[], { namesAtOnce = 4_000, removed = [] }: Settings = {}) {
  const asked: (Partial<Page> & { of: string; names?: number })[] = [];
  const sorted = all.toSorted(compareNames);
  const select = ({ prefix, after, offset, limit }: Page) =>
    sorted
      .filter((name) => name.startsWith(prefix) && (after === undefined || compareNames(name, after) > 0))
      .slice(offset, offset + limit);
  const source: ListSource = {
    namesAtOnce,
    users: async (page) => {
      asked.push({ of: 'users', ...page });
      return select(page).map((name) => userNamed(name));
    },
    names: async (page) => {
      asked.push({ of: 'names', ...page });
      return select(page);
    },
    usersNamed: async (names) => {
      asked.push({ of: 'usersNamed', names: names.length });
      return names.filter((name) => !removed.includes(name)).map((name) => userNamed(name));
    },
    count: async (selection) => {
      asked.push({ of: 'count', ...selection });
      return select({ ...selection, after: undefined, offset: 0, limit: all.length }).length;
    },
  };
  const list = async ({ pattern = '', after, offset = 0, limit = 100, ...filter }: Query = {}): Promise<string[]> => {
    const query = { pattern: new NamePattern(pattern), after, offset, limit, ...filter };
    const users: StoredUser[] = await listUsers(query, source);
    return users.map(({ name }) => name);
  };
  const count = (pattern: string, filter: Omit<UserFilter, 'pattern'> = {}) =>
    countUsers({ pattern: new NamePattern(pattern), ...filter }, source);
  return { list, count, asked };
}

interface Query extends Omit<UserFilter, 'pattern'> {
  readonly pattern?: string;
  readonly after?: string;
  readonly offset?: number;
  readonly limit?: number;
}

const FEW = ['ada', 'adam', 'bea', 'ben', 'Zoe', 'zoë'];

it.each<{ what: string; query: Query; expected: string[] }>([
  { what: 'everybody, byte by byte', query: {}, expected: ['Zoe', 'ada', 'adam', 'bea', 'ben', 'zoë'] },
  { what: 'a prefix', query: { pattern: 'ad*' }, expected: ['ada', 'adam'] },
  { what: 'a prefix, after one of its names', query: { pattern: 'ad*', after: 'ada' }, expected: ['adam'] },
  { what: 'a prefix, after a name before it', query: { pattern: 'be*', after: 'Zoe' }, expected: ['bea', 'ben'] },
  { what: 'a prefix, after all of its names', query: { pattern: 'ad*', after: 'bea' }, expected: [] },
  { what: 'a part of a prefix', query: { pattern: 'b*', offset: 1, limit: 1 }, expected: ['ben'] },
  { what: 'an offset that nobody is beyond', query: { offset: 6 }, expected: [] },
  { what: 'a name without a wildcard', query: { pattern: 'ada' }, expected: ['ada'] },
  { what: 'a pattern', query: { pattern: '[az]*[ae]' }, expected: ['ada'] },
  { what: 'a part of a pattern', query: { pattern: '*e*', offset: 1, limit: 1 }, expected: ['bea'] },
  { what: 'a pattern, after a name', query: { pattern: '*e*', after: 'bea' }, expected: ['ben'] },
  { what: 'a pattern that nobody matches', query: { pattern: '*x' }, expected: [] },
  { what: 'an offset that nobody who matches is beyond', query: { pattern: '*e*', offset: 3 }, expected: [] },
])('lists $what', async ({ query, expected }) => {
  expect(await sourceOf(FEW).list(query)).toEqual(expected);
});

it.each<{ what: string; query: Query }>([
  { what: 'nobody is to be listed', query: { limit: 0 } },
  { what: 'nobody is to be listed of those who match', query: { pattern: '*e*', limit: 0 } },
  { what: 'the prefix has a NUL', query: { pattern: 'ad\0*' } },
  { what: 'the name has a NUL', query: { pattern: 'ad\0' } },
])('reads nothing if $what', async ({ query }) => {
  const { list, asked } = sourceOf(FEW);
  expect(await list(query)).toEqual([]);
  expect(asked).toEqual([]);
});

it('reads a thousand users at a time, and no more than the limit', async () => {
  const { list, asked } = sourceOf(numberedFrom(0, 5_000));
  expect(await list({ limit: 2_500 })).toEqual(numberedFrom(0, 2_500));
  expect(asked).toEqual([
    { of: 'users', prefix: '', after: undefined, offset: 0, limit: 1_000 },
    { of: 'users', prefix: '', after: numbered(999), offset: 0, limit: 1_000 },
    { of: 'users', prefix: '', after: numbered(1_999), offset: 0, limit: 500 },
  ]);
});

it('ends with the last user, even if the last part is full', async () => {
  const { list, asked } = sourceOf(numberedFrom(0, 2_000));
  expect(await list({ limit: Number.MAX_SAFE_INTEGER })).toEqual(numberedFrom(0, 2_000));
  expect(asked).toHaveLength(3);
});

it('skips ten thousand names at a time, and gets only the last name of each part', async () => {
  const { list, asked } = sourceOf(numberedFrom(0, 25_000));
  expect(await list({ pattern: 'user*', after: numbered(99), offset: 20_500, limit: 2 })).toEqual(
    numberedFrom(20_600, 2),
  );
  expect(asked).toEqual([
    { of: 'names', prefix: 'user', after: numbered(99), offset: 9_999, limit: 1 },
    { of: 'names', prefix: 'user', after: numbered(10_099), offset: 9_999, limit: 1 },
    { of: 'users', prefix: 'user', after: numbered(20_099), offset: 500, limit: 2 },
  ]);
});

it('skips no more names than there are, however large the offset is', async () => {
  const { list, asked } = sourceOf(numberedFrom(0, 15_000));
  expect(await list({ offset: Number.MAX_SAFE_INTEGER })).toEqual([]);
  expect(asked).toHaveLength(2);
});

it('compares a thousand names first, and then more at a time, up to the limit of the source', async () => {
  const { list, asked } = sourceOf(numberedFrom(0, 12_000), { namesAtOnce: 3_000 });
  expect(await list({ pattern: 'user*999', offset: 10 })).toEqual([numbered(10_999), numbered(11_999)]);
  expect(asked).toEqual([
    { of: 'names', prefix: 'user', after: undefined, offset: 0, limit: 1_000 },
    { of: 'names', prefix: 'user', after: numbered(999), offset: 0, limit: 2_000 },
    { of: 'names', prefix: 'user', after: numbered(2_999), offset: 0, limit: 3_000 },
    { of: 'names', prefix: 'user', after: numbered(5_999), offset: 0, limit: 3_000 },
    { of: 'names', prefix: 'user', after: numbered(8_999), offset: 0, limit: 3_000 },
    { of: 'names', prefix: 'user', after: numbered(11_999), offset: 0, limit: 3_000 },
    { of: 'usersNamed', names: 2 },
  ]);
});

it('never reads more names at a time than the source allows', async () => {
  const { list, asked } = sourceOf(numberedFrom(0, 250), { namesAtOnce: 100 });
  expect(await list({ pattern: '*49' })).toEqual([49, 149, 249].map(numbered));
  expect(asked.map(({ limit }) => limit)).toEqual([100, 100, 100, undefined]);
});

it('reads matching users a thousand at a time, and no more names once there are enough', async () => {
  const { list, asked } = sourceOf(numberedFrom(0, 9_000));
  expect(await list({ pattern: '*r*', limit: 2_500 })).toEqual(numberedFrom(0, 2_500));
  expect(asked.map(({ of, limit, names }) => [of, limit ?? names])).toEqual([
    ['names', 1_000],
    ['names', 2_000],
    ['usersNamed', 1_000],
    ['usersNamed', 1_000],
    ['usersNamed', 500],
  ]);
});

it('leaves out a matching user who is removed before it is read', async () => {
  const { list } = sourceOf(FEW, { removed: ['bea'] });
  expect(await list({ pattern: '*e*' })).toEqual(['Zoe', 'ben']);
});

it('lets other work run after each hundred compared names', async () => {
  const { list } = sourceOf(numberedFrom(0, 1_000));
  let turns = 0;
  let isDone = false;
  const takeTurn = (): void => {
    turns += 1;
    if (!isDone) setImmediate(takeTurn);
  };
  setImmediate(takeTurn);
  await list({ pattern: '*x' });
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(10);
});

it('lets the source check what it can, and looks for a part of the name itself', async () => {
  const { list, asked } = sourceOf(FEW);
  const conditions = { type: 'normal', enabled: true, permission: 'api' } as const;
  expect(await list({ ...conditions, q: 'o' })).toEqual(['Zoe', 'zoë']);
  expect(await list({ ...conditions, pattern: 'a*', q: 'da' })).toEqual(['ada', 'adam']);
  expect(await list(conditions)).toHaveLength(6);
  expect(asked.map(({ of }) => of)).toEqual(['names', 'usersNamed', 'names', 'usersNamed', 'users']);
  for (const question of asked) if (question.of !== 'usersNamed') expect(question).toMatchObject(conditions);
});

it.each(['a\0', '\ud800'])('knows that nobody has the permission %j', async (permission) => {
  const { list, count, asked } = sourceOf(FEW);
  expect(await list({ permission })).toEqual([]);
  expect(await count('', { permission })).toBe(0);
  expect(asked).toEqual([]);
});

it('lets the source count, unless it has to compare names', async () => {
  const { count, asked } = sourceOf(numberedFrom(0, 3_000));
  expect(await count('user*', { enabled: false })).toBe(3_000);
  expect(asked).toEqual([{ of: 'count', prefix: 'user', type: undefined, enabled: false, permission: undefined }]);
  expect(await count('*9')).toBe(300);
  expect(await count('', { q: 'r0000' })).toBe(numberedFrom(0, 3_000).filter((name) => name.includes('r0000')).length);
});
