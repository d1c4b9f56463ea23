import { describe, expect, it, vi } from 'vitest';
import { Connection, type Statement } from '../../../lib/stores/sqlite/connection.js';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import type { UserFilter } from '../../../lib/users/repository.js';
import { connect, openRepository, storeFile } from '../../support/sqlite-repository.js';
import { userNamed } from '../../support/stored-user.js';

type Conditions = Omit<Partial<UserFilter>, 'pattern'>;

const COUNT = 12_000;
const nameOf = (index: number) => `user${10_000 + index}`;

/** Users with the permission `api`, every second one of whom has a list of permissions of its own. */
async function setUp() {
  const file = storeFile();
  const repository = openRepository(file);
  const users = Array.from({ length: COUNT }, (_, index) =>
    userNamed(nameOf(index), {
      type: index % 4_000 === 1 ? 'admin' : 'normal',
      enabled: index % 3_000 !== 2,
      permissions: ['api', ...(index % 100 === 0 ? ['medium'] : []), ...(index % 2 ? [`p${index}`] : [])].toSorted(),
    }),
  );
  await repository.insertMany(users);
  const select = async (conditions: Conditions, after?: string) => {
    const filter = { pattern: new NamePattern(''), ...conditions };
    const listed = await repository.list({ ...filter, after, offset: 0, limit: 10_000 });
    return { names: listed.map(({ name }) => name), count: await repository.count(filter) };
  };
  return { repository, other: connect(file), users, select };
}

describe('a list or a count', () => {
  it('is served by indexes', { timeout: 60_000 }, async () => {
    const { other, select } = await setUp();
    const asked = new Map<string, Statement>();
    const { all, first } = Connection.prototype;
    vi.spyOn(Connection.prototype, 'all').mockImplementation(function (this: Connection, statement) {
      asked.set(statement.text, statement);
      return all.call(this, statement);
    });
    vi.spyOn(Connection.prototype, 'first').mockImplementation(function (this: Connection, statement) {
      asked.set(statement.text, statement);
      return first.call(this, statement);
    });
    for (const conditions of [
      {},
      { type: 'admin' },
      { type: 'normal' },
      { enabled: false },
      { enabled: true },
      { permission: 'medium' },
      { permission: 'api', enabled: true },
      { permission: 'p1', enabled: false, type: 'normal' },
    ] satisfies Conditions[])
      await select(conditions, nameOf(100));
    vi.restoreAllMocks();
    const texts = [...asked.values()].filter(({ text }) => / users|permission_lists/.test(text));
    expect(texts.length).toBeGreaterThan(8);
    for (const { text, values } of texts) {
      const plan = other.all({ text: `EXPLAIN QUERY PLAN ${text}`, values }).map(({ detail }) => String(detail));
      const scans = plan.filter((detail) => /^SCAN (users|permission_lists)\b/.test(detail));
      // A page from the first name on reads its index from the beginning, as far as its limit.
      for (const scan of scans) expect(scan).toMatch(/USING (COVERING )?INDEX/);
    }
  });

  it('merges few lists of permissions, and reads everybody for a permission in too many', {
    timeout: 60_000,
  }, async () => {
    const { select, users } = await setUp();
    const namesWhere = (permission: string) =>
      users.filter(({ permissions }) => permissions.includes(permission)).map(({ name }) => name);
    expect(await select({ permission: 'medium' })).toEqual({ names: namesWhere('medium'), count: 120 });
    expect(await select({ permission: 'p4321' })).toEqual({ names: [nameOf(4_321)], count: 1 });
    expect(await select({ permission: 'nobody' })).toEqual({ names: [], count: 0 });
    const { names, count } = await select({ permission: 'api' });
    expect(names).toEqual(namesWhere('api').slice(0, 10_000));
    expect(count).toBe(COUNT);
    expect(await select({ permission: 'api', type: 'normal', enabled: true }, nameOf(11_990))).toEqual({
      names: Array.from({ length: 9 }, (_, index) => nameOf(11_991 + index)),
      count: users.filter(({ type, enabled }) => type === 'normal' && enabled).length,
    });
  });

  it('merges users with many different lists in the order of their names', { timeout: 60_000 }, async () => {
    const repository = openRepository(storeFile());
    const users = Array.from({ length: 3_000 }, (_, index) =>
      userNamed(nameOf((index * 7) % 3_000), { permissions: index % 10 ? [] : ['api', `p${index % 700}`].toSorted() }),
    );
    await repository.insertMany(users);
    const pattern = new NamePattern('');
    const listed = await repository.list({ pattern, permission: 'api', after: undefined, offset: 50, limit: 150 });
    const expected = users.filter(({ permissions }) => permissions.length > 0).map(({ name }) => name);
    expect(listed.map(({ name }) => name)).toEqual(expected.toSorted().slice(50, 200));
  });
});

describe('a change of permissions with sqlite3', () => {
  it.each([
    ["UPDATE users SET permissions = 'other' WHERE name = 'a'", ['b']],
    ["DELETE FROM users WHERE name = 'a'", ['b']],
    ["UPDATE users SET permissions = 'x,clerk,clerk' WHERE name = 'a'", ['a', 'b']],
    [`UPDATE users SET permissions = 'clerk,"\\' WHERE name = 'a'`, ['a', 'b']],
    ["UPDATE OR REPLACE users SET name = 'b' WHERE name = 'c'", ['a']],
    [
      "INSERT OR REPLACE INTO users (name, type, permissions, enabled, hash, revision) VALUES ('a', 'normal', 'x', 1, 'h', '2')",
      ['b'],
    ],
    [
      "INSERT OR REPLACE INTO users (name, type, permissions, enabled, hash, revision) VALUES ('c', 'normal', 'clerk', 1, 'h', '2')",
      ['a', 'b', 'c'],
    ],
    ['DELETE FROM users', []],
  ])('is in force in the next list and count: %s', async (sql, names) => {
    const file = storeFile();
    const repository = openRepository(file);
    await repository.insertMany([
      userNamed('a', { permissions: ['api', 'clerk'] }),
      userNamed('b', { permissions: ['clerk'] }),
      userNamed('c'),
    ]);
    connect(file).execute(sql);
    const filter = { pattern: new NamePattern(''), permission: 'clerk' };
    const users = await repository.list({ ...filter, after: undefined, offset: 0, limit: 10 });
    expect(users.map(({ name }) => name)).toEqual(names);
    expect(await repository.count(filter)).toBe(names.length);
  });
});

it('a permission that is in many lists is found after many users without it, in the order of the names', async () => {
  const repository = openRepository(storeFile());
  const without = Array.from({ length: 600 }, (_, index) => userNamed(`a${1_000 + index}`));
  const holders = Array.from({ length: 900 }, (_, index) =>
    userNamed(`b${1_000 + index}`, { permissions: [`p${index % 30}`, 'shared'], enabled: index >= 250 }),
  );
  await repository.insertMany([...without, ...holders]);
  const filter = { pattern: new NamePattern(''), permission: 'shared', enabled: true };
  const listed = await repository.list({ ...filter, after: undefined, offset: 10, limit: 300 });
  expect(listed.map(({ name }) => name)).toEqual(holders.slice(260, 560).map(({ name }) => name));
});
