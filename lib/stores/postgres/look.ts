import { now } from '../../clock.js';
import type { Ask } from './driver.js';
import type { KnownUsers } from './known-users.js';
import type { Statements } from './statements.js';

/** How many users are looked at with one question: few enough for the index to be the shortest way to them. */
const LOOK_AT = 500;

/** What a look needs. */
export interface LookOptions {
  readonly ask: Ask;
  readonly statements: Statements;
  readonly known: KnownUsers;
  /** Whether changes are heard of from before the look on, so that it makes users trusted. */
  readonly isHeard: boolean;
  /** Told the name of each user that is not any more as it is in memory. */
  readonly onChange: (name: string) => void;
}

/**
 * Compares all that is in memory with the table. Where nothing is, it asks all the same: that tells of the table.
 *
 * @returns when the last question was asked: no user is confirmed by a later one
 */
export async function look({ ask, statements, known, isHeard, onChange }: LookOptions): Promise<number> {
  const users = known.toConfirm(now());
  let askedAt = now();
  for (let from = 0; from === 0 || from < users.length; from += LOOK_AT) {
    const some = users.slice(from, from + LOOK_AT);
    askedAt = now();
    const { rows } = await ask(statements.changed(some));
    const changed = new Set(rows.map((row) => row['name']));
    for (const user of some) {
      // It may have been read anew meanwhile.
      if (known.get(user.name) !== user) continue;
      if (changed.has(user.name)) onChange(user.name);
      else known.confirm(user, askedAt, isHeard);
    }
  }
  return askedAt;
}
