import bcrypt from 'bcrypt';
import { SqliteUserRepository, type StoredUser } from 'kapacitor-auth';
import { compareScales } from './scale.js';

/** Compares the cost of a million users with that of a thousand. */
export function measureUsers(rounds: number): Promise<void> {
  const times = ['start', 'first page', 'page after a user', 'one user', 'login from the cache'] as const;
  return compareScales({ what: 'users', times, program: './users-process.ts', fill }, rounds);
}

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
