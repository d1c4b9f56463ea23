import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import bcrypt from 'bcrypt';
import { SqliteUserRepository, type StoredUser } from 'kapacitor-auth';
import { median, start, stop } from './process.js';

const FEW = 1_000;
const MANY = 1_000_000;

interface Measured {
  readonly start: number;
  readonly 'first page': number;
  readonly 'page after a user': number;
  readonly 'one user': number;
  readonly 'login from the cache': number;
  /** Bytes. */
  readonly memory: number;
}

const TIMES = ['start', 'first page', 'page after a user', 'one user', 'login from the cache'] as const;

/** Compares the cost of a million users with that of a thousand, in alternating rounds. */
export async function measureUsers(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-bench-'));
  const fileOf = (count: number) => join(folder, `${count}.db`);
  const results = new Map<number, Measured[]>([
    [FEW, []],
    [MANY, []],
  ]);
  for (const count of results.keys()) await fill(fileOf(count), count);
  for (let round = 0; round < rounds; round += 1) {
    for (const [count, measured] of results) {
      const { child, told } = await start<Measured>(
        './users-process.ts',
        [fileOf(count), String(count)],
        ['--expose-gc'],
      );
      measured.push(told);
      await stop(child);
    }
  }
  rmSync(folder, { recursive: true });

  const of = (count: number, what: keyof Measured) =>
    median((results.get(count) as Measured[]).map((each) => each[what]));
  console.log(`\nUsers in SQLite, milliseconds, medians of ${rounds} rounds`);
  console.table(
    Object.fromEntries(
      TIMES.map((what) => [
        what,
        {
          '1,000 users': of(FEW, what).toFixed(2),
          '1,000,000 users': of(MANY, what).toFixed(2),
          ratio: (of(MANY, what) / of(FEW, what)).toFixed(2),
        },
      ]),
    ),
  );
  const mebibytes = (of(MANY, 'memory') - of(FEW, 'memory')) / 2 ** 20;
  console.log(`Heap and external memory, a million users more than a thousand: ${mebibytes.toFixed(1)} MiB`);
}

/** All users have the same hash, because the measurement does not depend on it. */
async function fill(file: string, count: number): Promise<void> {
  process.stderr.write(`filling a store with ${count} users\n`);
  const repository = new SqliteUserRepository(file);
  const user = (name: string, hash: string, type: StoredUser['type']): StoredUser => ({
    name,
    type,
    permissions: type === 'admin' ? [] : ['api'],
    enabled: true,
    hash,
    revision: name,
  });
  await repository.insert(user('root', await bcrypt.hash('r00t', 4), 'admin'));
  const hash = await bcrypt.hash('pw', 4);
  const BATCH = 10_000;
  for (let from = 0; from < count; from += BATCH) {
    const names = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) =>
      String(from + index).padStart(7, '0'),
    );
    await repository.insertMany(names.map((name) => user(`user${name}`, hash, 'normal')));
  }
  await repository.close();
}
