import { PostgresUserRepository, postgresSchema } from 'kapacitor-auth/postgres';
import { NamePattern } from '../lib/users/name-pattern.js';
import type { UserFilter } from '../lib/users/repository.js';
import { PostgresServer } from '../spec/support/postgres-server.js';
import { median } from './process.js';

const FEW = 1_000;
const MANY = 1_000_000;
/** Users of each kind that both tables have the same number of. */
const SOME = 200;
const SAMPLES = 40;
/** A list of a million users may take so many times what it takes with a thousand. */
const LIMIT = 1.2;

type Conditions = Pick<UserFilter, 'type' | 'enabled' | 'permission'>;

const LISTS: Readonly<Record<string, Conditions>> = {
  everybody: {},
  [`type=admin (${SOME} users)`]: { type: 'admin' },
  'type=normal': { type: 'normal' },
  [`enabled=false (${SOME} users)`]: { enabled: false },
  'enabled=true': { enabled: true },
  [`permission (${SOME} users)`]: { permission: 'rare' },
  'permission (1 % of a million)': { permission: 'common' },
  'permission (90 %)': { permission: 'api' },
};

/** Compares lists of some of a million users in PostgreSQL with those of a thousand, in alternating rounds, and counts them. */
export async function measureLists(rounds: number): Promise<void> {
  const postgres = await PostgresServer.create();
  const stores: PostgresUserRepository[] = [];
  try {
    for (const count of [FEW, MANY]) {
      process.stderr.write(`filling a table with ${count} users\n`);
      const table = `users_${count}`;
      for (const statement of fill(table, count)) await postgres.query(statement);
      const store = new PostgresUserRepository(postgres.url(), { table });
      await store.open();
      stores.push(store);
    }
    const [few, many] = stores as [PostgresUserRepository, PostgresUserRepository];
    const rows: Record<string, object> = {};
    for (const [title, conditions] of Object.entries(LISTS)) {
      const filter = { pattern: new NamePattern(''), ...conditions };
      const row: Record<string, string> = {};
      for (const position of ['first page', 'after the middle'] as const) {
        const after = (count: number) => (position === 'first page' ? undefined : nameOf(count / 2 - 1));
        const list = (store: PostgresUserRepository, count: number) =>
          timeOf(() => listPage(store, filter, after(count)));
        const times: [number, number][] = [];
        for (let sample = 0; sample < rounds * SAMPLES; sample += 1)
          times.push([await list(few, FEW), await list(many, MANY)]);
        const [small, large] = [0, 1].map((side) => median(times.map((each) => each[side] as number))) as [
          number,
          number,
        ];
        row[`${position}, 1,000`] = small.toFixed(2);
        row[`${position}, 1,000,000`] = large.toFixed(2);
        row[`${position}, ratio`] = `${(large / small).toFixed(2)}${large / small > LIMIT ? ` (above ${LIMIT})` : ''}`;
      }
      const counts: number[] = [];
      for (let round = 0; round < rounds; round += 1) counts.push(await timeOf(() => many.count(filter)));
      row['count of 1,000,000'] = median(counts).toFixed(1);
      rows[title] = row;
    }
    console.log(
      `\nlists of 100 users in PostgreSQL, milliseconds, medians of ${rounds * SAMPLES}; the limit of the ratio is ${LIMIT}`,
    );
    console.table(rows);
  } finally {
    for (const store of stores) await store.close();
    await postgres.remove();
  }
}

async function listPage(store: PostgresUserRepository, filter: UserFilter, after: string | undefined): Promise<void> {
  const { length } = await store.list({ ...filter, after, offset: 0, limit: 100 });
  if (length !== 100) throw new Error(`a page has ${length} users: the tables cannot be compared`);
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function nameOf(index: number): string {
  return `user${String(index).padStart(7, '0')}`;
}

/** The SQL that makes a table. Its rows are not in the order of the names, and users of each kind are spread evenly. */
function fill(table: string, count: number): string[] {
  const name = `public.${table}`;
  const nth = (every: number, offset: number) => `number % ${every} = ${offset}`;
  const some = count / SOME;
  return [
    postgresSchema({ table }),
    `SET session_replication_role = replica;
    INSERT INTO ${name} (name, type, enabled, permissions, hash)
      SELECT 'user' || lpad(number::text, 7, '0'), CASE WHEN ${nth(some, 1)} THEN 'admin' ELSE 'normal' END, NOT ${nth(some, 2)},
        CASE WHEN ${nth(10, 0)} THEN '{}' ELSE '{api}'::text[] END
          || CASE WHEN ${nth(some, 3)} THEN '{rare}'::text[] ELSE '{}' END
          || CASE WHEN ${nth(Math.min(some, 100), 4)} THEN '{common}'::text[] ELSE '{}' END,
        '$2b$10$' || repeat('.', 53)
      FROM (SELECT i * 7368787 % ${count} AS number FROM generate_series(1::bigint, ${count}) AS i) AS numbers;
    INSERT INTO ${name}_grants SELECT permission, name FROM ${name}, unnest(permissions) AS permission ORDER BY 1, 2`,
    `VACUUM ANALYZE ${name}`,
    `VACUUM ANALYZE ${name}_grants`,
  ];
}
