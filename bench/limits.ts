import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteUserRepository } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { FailureLimits } from '../lib/authentication/failure-limits.js';
import { SharedCounts } from '../lib/authentication/shared-counts.js';
import type { SharedLimits } from '../lib/users/shared-limits.js';
import { PostgresServer } from '../spec/support/postgres-server.js';
import { decimals, type Measure, type Tables, whole } from './measure.js';

const ATTEMPTS = 1_000_000;
const AT_ONCE = 50;
const SIZED_EVERY = 5_000;
/** Milliseconds. No window ends meanwhile: only the number of keys bounds the store. */
const DAY = 86_400_000;
const MEBIBYTE = 1_048_576;

interface LimitedStore {
  readonly limits: SharedLimits;
  readonly size: () => number | Promise<number>;
}

interface Sizes {
  readonly before: number;
  readonly greatest: number;
  readonly after: number;
  readonly seconds: number;
  /** Times at which the store was away: the attempts of the next second are not in it. */
  readonly unanswered: number;
}

export const LIMITS: Measure = {
  about: 'The size of a store after 1,000,000 failed logins.',
  mostRounds: 1,
  measure: measureLimits,
  tables: {
    stores: {
      caption:
        'MiB of the file with its log, and of the tables, with 1,000,000 failed logins of distinct users from distinct addresses:',
      columns: {
        before: decimals(1),
        'at its greatest': decimals(1),
        after: decimals(1),
        'attempts a second': whole,
        'questions without an answer': whole,
      },
    },
  },
};

/** Measures how big a store gets by failed logins, each of another user from another address. */
async function measureLimits(): Promise<Tables> {
  process.stderr.write('limits: this takes some minutes\n');
  const sizes = { SQLite: await withSqlite(fail), PostgreSQL: await withPostgres(fail) };
  return {
    stores: Object.entries(sizes).map(([store, { before, greatest, after, seconds, unanswered }]) => ({
      store,
      before: before / MEBIBYTE,
      'at its greatest': greatest / MEBIBYTE,
      after: after / MEBIBYTE,
      'attempts a second': ATTEMPTS / seconds,
      'questions without an answer': unanswered,
    })),
  };
}

/** Makes the attempts as a process does that verifies passwords without end. What it asks before each verification changes no size. */
async function fail({ limits, size }: LimitedStore): Promise<Sizes> {
  let unanswered = 0;
  const counts = new SharedCounts(limits, () => {
    unanswered += 1;
  });
  const failures = new FailureLimits(10, DAY, counts);
  const [before, from] = [await size(), performance.now()];
  let [next, greatest] = [0, before];
  const guess = async () => {
    while (next < ATTEMPTS) {
      const number = next;
      next += 1;
      const attempt = await failures.reserve({ client: `client${number}`, name: `user${number}` });
      await attempt.keep();
      if (number % SIZED_EVERY === 0) greatest = Math.max(greatest, await size());
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, guess));
    const after = await size();
    return {
      before,
      greatest: Math.max(greatest, after),
      after,
      seconds: (performance.now() - from) / 1_000,
      unanswered,
    };
  } finally {
    failures.close();
    counts.close();
  }
}

async function withSqlite<T>(run: (store: LimitedStore) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-bench-'));
  const file = join(folder, 'users.db');
  const repository = new SqliteUserRepository(file);
  const size = () => ['', '-wal', '-shm'].reduce((bytes, ending) => bytes + statSync(file + ending).size, 0);
  try {
    return await run({ limits: repository.limits, size });
  } finally {
    await repository.close();
    rmSync(folder, { recursive: true });
  }
}

async function withPostgres<T>(run: (store: LimitedStore) => Promise<T>): Promise<T> {
  const server = await PostgresServer.create();
  const repository = new PostgresUserRepository(server.url());
  const tables = `SELECT sum(pg_total_relation_size(oid))::int AS bytes FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`;
  try {
    await repository.open();
    return await run({ limits: repository.limits, size: async () => (await server.query(tables))[0].bytes });
  } finally {
    await repository.close();
    await server.remove();
  }
}
