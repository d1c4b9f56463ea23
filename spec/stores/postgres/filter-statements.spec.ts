import { postgresSchema } from 'kapacitor-auth/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import type { UserFilter } from '../../../lib/users/repository.js';
import { createDatabase, openPostgres, psql, recordingPool, usersTable } from '../../support/postgres-repository.js';
import { expectIndex } from '../../support/query-plan.js';

const USERS = 200_000;
const database = await createDatabase();
const schema = 'auth';
const url = `${database.url}?schema=${schema}`;
const [users, grants] = [usersTable(url), usersTable(url).replace(/"$/, '_grants"')];

const nameOf = (index: number) => `user${String(index).padStart(7, '0')}`;

beforeAll(async () => {
  await psql(url, postgresSchema({ schema }));
  // The rows are not stored in the order of their names. Without triggers, which would take longer.
  await psql(
    url,
    `SET session_replication_role = replica;
    INSERT INTO ${users} (name, type, enabled, permissions, hash)
      SELECT 'user' || lpad(i::text, 7, '0'), CASE WHEN i % 40000 = 1 THEN 'admin' ELSE 'normal' END, i % 20000 <> 2,
        CASE WHEN i % 10 = 0 THEN '{}' ELSE '{api}'::text[] END || CASE WHEN i % 40000 = 3 THEN '{rare}'::text[] ELSE '{}' END
          || CASE WHEN i % 100 = 4 THEN '{common}'::text[] ELSE '{}' END, '$2b$10$' || repeat('.', 53)
      FROM (SELECT i * 7368787 % ${USERS} AS i FROM generate_series(1::bigint, ${USERS}) AS i) AS numbers;
    INSERT INTO ${grants} SELECT permission, name FROM ${users}, unnest(permissions) AS permission;
    ALTER TABLE ${users} SET (parallel_workers = 0);
    ALTER TABLE ${grants} SET (parallel_workers = 0)`,
  );
  await psql(url, `VACUUM ANALYZE ${users}`);
  await psql(url, `VACUUM ANALYZE ${grants}`);
}, 240_000);

afterAll(database.drop);

type Conditions = Pick<UserFilter, 'type' | 'enabled' | 'permission' | 'q'>;

/** A repository, and the statements that it sends. */
async function openRecorded() {
  const { pool, sent } = recordingPool(url);
  const repository = await openPostgres(pool, { schema });
  return {
    repository,
    sentFor: async (action: () => unknown) => {
      sent.length = 0;
      await action();
      return sent.filter(({ text }) => !text.includes('unnest') && text.includes('kapacitor_auth_users'));
    },
  };
}

/** The numbers of users that fulfil a condition, in order. */
const numbers = (isMeant: (index: number) => boolean, from = 0) =>
  Array.from({ length: USERS }, (_, index) => index).filter((index) => index >= from && isMeant(index));

describe(`among ${USERS} users, indexes serve a page of`, () => {
  it.each<[string, Conditions, (index: number) => boolean]>([
    ['five admins', { type: 'admin' }, (index) => index % 40_000 === 1],
    ['normal users', { type: 'normal' }, (index) => index % 40_000 !== 1],
    ['ten disabled users', { enabled: false }, (index) => index % 20_000 === 2],
    ['enabled users', { enabled: true }, (index) => index % 20_000 !== 2],
    ['admins who are enabled', { type: 'admin', enabled: true }, (index) => index % 40_000 === 1],
    ['five users with a permission', { permission: 'rare' }, (index) => index % 40_000 === 3],
    ['one in a hundred users with a permission', { permission: 'common' }, (index) => index % 100 === 4],
    ['most users, by their permission', { permission: 'api' }, (index) => index % 10 !== 0],
    ['normal users with a permission', { type: 'normal', permission: 'common' }, (index) => index % 100 === 4],
  ])('%s, also from the middle on', async (_what, conditions, isMeant) => {
    const { repository, sentFor } = await openRecorded();
    for (const from of [0, USERS / 2]) {
      const after = from === 0 ? undefined : nameOf(from - 1);
      const expected = numbers(isMeant, from).slice(0, 100).map(nameOf);
      const sent = await sentFor(async () => {
        const page = { pattern: new NamePattern(''), ...conditions, after, offset: 0, limit: 100 };
        expect((await repository.list(page)).map(({ name }) => name)).toEqual(expected);
      });
      expect(sent).toHaveLength(1);
      // Few users are collected and sorted; of many, no more are read than the page has.
      const most = { rows: 3 * expected.length + 10, blocks: 5 * expected.length + 10 };
      await expectIndex(url, sent[0], most, { isGathered: expected.length < 100 });
    }
  });

  it('users with a permission whose names contain a text: their names alone are compared', async () => {
    const { repository, sentFor } = await openRecorded();
    const sent = await sentFor(async () => {
      const page = {
        pattern: new NamePattern(''),
        permission: 'rare',
        q: '3',
        after: undefined,
        offset: 0,
        limit: 100,
      };
      expect(await repository.list(page)).toHaveLength(5);
    });
    expect(sent).toHaveLength(2);
    await expectIndex(url, sent[0], { rows: 5, blocks: 20 });
  });

  it('few users whom it counts', async () => {
    const { repository, sentFor } = await openRecorded();
    for (const [conditions, count] of [
      [{ type: 'admin' }, 5],
      [{ enabled: false }, 10],
      [{ permission: 'rare' }, 5],
    ] as const) {
      const sent = await sentFor(async () => {
        expect(await repository.count({ pattern: new NamePattern(''), ...conditions })).toBe(count);
      });
      expect(sent).toHaveLength(1);
      // A bitmap has each row once in the index, and once in the table.
      await expectIndex(url, sent[0], { rows: 2 * count, blocks: 25 }, { isGathered: true });
    }
  });
});
