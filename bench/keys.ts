import { writeFileSync } from 'node:fs';
import bcrypt from 'bcrypt';
import { SqliteUserRepository } from 'kapacitor-auth';
import { newSecret } from '../lib/users/secret-text.js';
import type { Measure } from './measure.js';
import { compareScales, scaleTables } from './scale.js';
import { benchUser } from './users.js';

const KEYS_OF_A_USER = 10;
/** So many keys are used in the measurement, spread over the store. */
const USED = 1_000;

/** A key that the measurement uses. */
export interface UsedKey {
  readonly owner: string;
  readonly id: string;
  readonly text: string;
}

/** The times that are compared. */
const TIMES = [
  'start',
  'the first request with a key',
  'the next one',
  '`GET /kapacitor/v1/users/NAME/keys`',
  '`GET /kapacitor/v1/users/NAME/keys/ID`',
] as const;

/** The figures of one store: {@link TIMES}, and the bytes of its memory. */
export type MeasuredKeys = Readonly<Record<(typeof TIMES)[number] | 'memory', number>>;

export const KEYS: Measure = {
  about: 'Start, lists and requests with a thousand and with a million keys in SQLite.',
  mostRounds: 3,
  measure: (rounds) => compareScales({ what: 'keys', times: TIMES, program: './keys-process.ts', fill }, rounds),
  tables: scaleTables('keys'),
};

/** Writes the {@link UsedKey}s beside the store. */
async function fill(file: string, count: number): Promise<void> {
  const repository = new SqliteUserRepository(file);
  await repository.insert(benchUser('root', await bcrypt.hash('r00t', 4), 'admin'));
  const hash = await bcrypt.hash('pw', 4);
  const used: UsedKey[] = [];
  const keyOf = (owner: string, index: number) => {
    const { text, digest, id } = newSecret('key');
    if (index % (count / USED) === 0) used.push({ owner, id, text });
    const none = { permissions: undefined, expires: undefined, lastUsed: undefined };
    return { digest, kind: 'key', id, owner, name: `key ${index}`, created: Date.now(), ...none } as const;
  };
  const BATCH = 10_000;
  for (let from = 0; from < count; from += BATCH) {
    const owners = Array.from({ length: Math.min(BATCH, count - from) / KEYS_OF_A_USER }, (_, index) => {
      const first = from + index * KEYS_OF_A_USER;
      const owner = benchUser(`user${first}`, hash, 'normal');
      return { ...owner, keys: Array.from({ length: KEYS_OF_A_USER }, (_, key) => keyOf(owner.name, first + key)) };
    });
    await repository.insertMany(owners);
  }
  await repository.close();
  writeFileSync(`${file}.json`, JSON.stringify(used));
}
