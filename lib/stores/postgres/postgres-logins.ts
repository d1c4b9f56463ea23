import { type LoginTimes, RECORD_LOGIN_EVERY, type RecordedLogin } from '../../users/login-times.js';
import type { DatabaseAccess } from './database-access.js';
import type { Statement } from './driver.js';
import type { TableNames } from './table-names.js';

/** How many logins are recorded in one transaction. */
const AT_ONCE = 1_000;

/** Stores when users logged in last in a PostgreSQL table beside that of the users. */
export class PostgresLogins implements LoginTimes {
  readonly #access: DatabaseAccess;

  constructor(access: DatabaseAccess) {
    this.#access = access;
  }

  async record(logins: readonly RecordedLogin[]): Promise<void> {
    const { assertOpen, connections, names } = this.#access;
    assertOpen();
    for (let from = 0; from < logins.length; from += AT_ONCE) {
      await connections.change((ask) => ask(record(logins.slice(from, from + AT_ONCE), names)));
    }
  }

  async lastOf(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { assertOpen, ask, names: tables } = this.#access;
    assertOpen();
    const { rows } = await ask({
      text: `SELECT name, last_login::text FROM ${tables.logins} WHERE name = ANY ($1)`,
      values: [names],
    });
    return new Map(rows.map((row) => [row['name'] as string, Number(row['last_login'])]));
  }
}

/**
 * Users who are being removed are left out, rather than waited for. The lock keeps the others from being removed until their
 * times are there. Rows are locked in the order of their names, so that two processes do not deadlock.
 */
function record(logins: readonly RecordedLogin[], { users, logins: table }: TableNames): Statement {
  return {
    text: `WITH given AS (
        SELECT name, round(extract(epoch FROM now()) * 1000 - min(ago))::bigint AS last_login
        FROM unnest($1::text[], $2::float8[]) AS login (name, ago) GROUP BY name
      ), due AS (
        SELECT users.name, given.last_login FROM given JOIN ${users} AS users ON users.name = given.name COLLATE "C"
          LEFT JOIN ${table} AS recorded ON recorded.name = users.name
        WHERE recorded.name IS NULL OR given.last_login >= recorded.last_login + ${RECORD_LOGIN_EVERY}
        ORDER BY users.name FOR KEY SHARE OF users SKIP LOCKED
      )
      INSERT INTO ${table} AS recorded (name, last_login) SELECT name, last_login FROM due
      ON CONFLICT (name) DO UPDATE SET last_login = excluded.last_login
        WHERE excluded.last_login >= recorded.last_login + ${RECORD_LOGIN_EVERY}`,
    values: [logins.map(({ name }) => name), logins.map(({ ago }) => ago)],
  };
}
