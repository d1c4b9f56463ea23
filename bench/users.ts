import bcrypt from 'bcrypt';
import { SqliteUserRepository, type StoredUser } from 'kapacitor-auth';
import type { Measure } from './measure.js';
import { compareScales, scaleTables } from './scale.js';

/** The times that are compared. */
const TIMES = [
  'start',
  '`GET /kapacitor/v1/users`, the first page',
  '`GET /kapacitor/v1/users?after=NAME`',
  '`GET /kapacitor/v1/users/NAME`',
  'a request of a user whose password is cached',
] as const;

/** The figures of one store: {@link TIMES}, and the bytes of its memory. */
export type MeasuredUsers = Readonly<Record<(typeof TIMES)[number] | 'memory', number>>;

export const USERS: Measure = {
  about: 'Start, lists and requests with a thousand and with a million users in SQLite.',
  mostRounds: 3,
  measure: (rounds) => compareScales({ what: 'users', times: TIMES, program: './users-process.ts', fill }, rounds),
  tables: scaleTables('users'),
};

/** A user with the permission `api`, or an admin. */
export function benchUser(name: string, hash: string, type: StoredUser['type']): StoredUser {
  return { name, type, permissions: type === 'admin' ? [] : ['api'], enabled: true, hash, revision: name };
}

/** All users have the same hash, because the measurement does not depend on it. */
async function fill(file: string, count: number): Promise<void> {
  const repository = new SqliteUserRepository(file);
  await repository.insert(benchUser('root', await bcrypt.hash('r00t', 4), 'admin'));
  const hash = await bcrypt.hash('pw', 4);
  const BATCH = 10_000;
  for (let from = 0; from < count; from += BATCH) {
    const names = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) =>
      String(from + index).padStart(7, '0'),
    );
    await repository.insertMany(names.map((name) => benchUser(`user${name}`, hash, 'normal')));
  }
  await repository.close();
}
