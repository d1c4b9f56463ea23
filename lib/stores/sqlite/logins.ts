import { setImmediate } from 'node:timers/promises';
import { type LoginTimes, RECORD_LOGIN_EVERY, type RecordedLogin } from '../../users/login-times.js';
import type { FileAccess } from './file-access.js';

/** How many users one question or one change has: requests and other changes have their turn in between. */
const USERS_AT_ONCE = 500;

const RECORD = `INSERT INTO logins (name, last_login)
  SELECT value ->> 'name', max(value ->> 'time') FROM json_each($1)
    WHERE EXISTS (SELECT 1 FROM users WHERE users.name = value ->> 'name') GROUP BY 1
  ON CONFLICT (name) DO UPDATE SET last_login = excluded.last_login
    WHERE last_login + ${RECORD_LOGIN_EVERY} <= excluded.last_login
  RETURNING name`;

const LAST_OF = 'SELECT name, last_login FROM logins WHERE name IN (SELECT value FROM json_each($1))';

/** Keeps the times of logins in the SQLite file of the users, which share the clock of the machine. */
export class SqliteLogins implements LoginTimes {
  readonly #file: FileAccess;

  constructor(file: FileAccess) {
    this.#file = file;
  }

  async record(logins: readonly RecordedLogin[]): Promise<void> {
    const now = Date.now();
    for (const some of parts(logins)) {
      const given = some.map(({ name, ago }) => ({ name, time: Math.round(now - ago) }));
      await this.#file.change({ write: { text: RECORD, values: [JSON.stringify(given)] } });
    }
  }

  async lastOf(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const times = new Map<string, number>();
    for (const some of parts(names)) {
      await setImmediate();
      const query = { text: LAST_OF, values: [JSON.stringify(some)] };
      for (const row of await this.#file.read((connection) => connection.all(query))) {
        times.set(row['name'] as string, row['last_login'] as number);
      }
    }
    return times;
  }
}

function* parts<T>(all: readonly T[]): Generator<readonly T[], void, void> {
  for (let from = 0; from < all.length; from += USERS_AT_ONCE) yield all.slice(from, from + USERS_AT_ONCE);
}
