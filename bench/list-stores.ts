import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteUserRepository, type StoredUser } from 'kapacitor-auth';
import { PostgresUserRepository, postgresSchema } from 'kapacitor-auth/postgres';
import { PostgresServer } from '../spec/support/postgres-server.js';

/** Users of each kind that every store has the same number of. */
export const SOME = 200;

/** The names of users are not in the order in which these are inserted. */
const STRIDE = 7_368_787;
const HASH = `$2b$10$${'.'.repeat(53)}`;

export type ListStore = Pick<SqliteUserRepository | PostgresUserRepository, 'list' | 'count'>;

type Work<T> = (...stores: ListStore[]) => Promise<T>;

/** Works with stores in SQLite that have so many users, spread evenly over the kinds. */
export async function withSqliteStores<T>(counts: readonly number[], work: Work<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-bench-'));
  const stores: SqliteUserRepository[] = [];
  try {
    for (const count of counts) {
      process.stderr.write(`filling a file with ${count} users\n`);
      const file = join(folder, `${count}.db`);
      await fill(file, count);
      stores.push(new SqliteUserRepository(file));
    }
    return await work(...stores);
  } finally {
    for (const store of stores) await store.close();
    rmSync(folder, { recursive: true });
  }
}

/** Works with tables in PostgreSQL that have the same users. */
export async function withPostgresStores<T>(counts: readonly number[], work: Work<T>): Promise<T> {
  const server = await PostgresServer.create();
  const stores: PostgresUserRepository[] = [];
  try {
    for (const count of counts) {
      process.stderr.write(`filling a table with ${count} users\n`);
      const table = `users_${count}`;
      for (const statement of statementsFor(table, count)) await server.query(statement);
      const store = new PostgresUserRepository(server.url(), { table });
      await store.open();
      stores.push(store);
    }
    return await work(...stores);
  } finally {
    for (const store of stores) await store.close();
    await server.remove();
  }
}

export function nameOf(index: number): string {
  return `user${String(index).padStart(7, '0')}`;
}

async function fill(file: string, count: number): Promise<void> {
  const store = new SqliteUserRepository(file);
  const BATCH = 10_000;
  for (let from = 1; from <= count; from += BATCH) {
    const length = Math.min(BATCH, count - from + 1);
    await store.insertMany(Array.from({ length }, (_, index) => userOf(((from + index) * STRIDE) % count, count)));
  }
  await store.close();
}

function userOf(number: number, count: number): StoredUser {
  const every = count / SOME;
  const isNth = (divisor: number, remainder: number) => number % divisor === remainder;
  const permissions = [
    ...(isNth(10, 0) ? [] : ['api']),
    ...(isNth(every, 3) ? ['rare'] : []),
    ...(isNth(Math.min(every, 100), 4) ? ['common'] : []),
  ];
  const name = nameOf(number);
  const type = isNth(every, 1) ? 'admin' : 'normal';
  return { name, type, enabled: !isNth(every, 2), permissions, hash: HASH, revision: name };
}

/** The SQL that makes a table with the users of {@link userOf}. */
function statementsFor(table: string, count: number): string[] {
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
        '${HASH}'
      FROM (SELECT i * ${STRIDE} % ${count} AS number FROM generate_series(1::bigint, ${count}) AS i) AS numbers;
    INSERT INTO ${name}_grants SELECT permission, name FROM ${name}, unnest(permissions) AS permission ORDER BY 1, 2`,
    `VACUUM ANALYZE ${name}`,
    `VACUUM ANALYZE ${name}_grants`,
  ];
}
