import { now } from '../../clock.js';
import type { StoredUser } from '../../users/user.js';
import { toStoredUser, type UserRow } from '../sql.js';
import { UNCHANGED_FOR } from './change-queue.js';
import type { Connection, SqliteRow, SqliteValue } from './connection.js';
import * as statements from './statements.js';

/** The most users to keep in memory. */
const MAX_USERS = 10_000;

interface KnownUser {
  readonly row: SqliteRow;
  readonly user: StoredUser;
  /** The version of the database when the row was read. */
  version: SqliteValue | undefined;
}

/** Users that requests have asked for, in memory. A user is read again after any change of the database. */
export class KnownUsers {
  readonly #connection: Connection;
  readonly #users = new Map<string, KnownUser>();
  /** A number that differs after a change by another connection. This connection makes no changes. */
  #version: SqliteValue | undefined;
  #unchangedUntil = Number.NEGATIVE_INFINITY;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Returns the same object for as long as the user is the same. */
  find(name: string): StoredUser | undefined {
    // The time before the question: the answer may be used for a limited time from then on.
    const time = now();
    if (this.#unchangedUntil <= time) {
      this.#version = this.#connection.first(statements.DATA_VERSION)?.['data_version'];
      this.#unchangedUntil = time + UNCHANGED_FOR;
    }
    const known = this.#users.get(name);
    return known !== undefined && known.version === this.#version ? known.user : this.#read(name, known);
  }

  clear(): void {
    this.#users.clear();
  }

  #read(name: string, known: KnownUser | undefined): StoredUser | undefined {
    // SQLite would replace a lone surrogate, and find another name.
    const row = name.isWellFormed() ? this.#connection.first(statements.find(name)) : undefined;
    if (row === undefined) {
      this.#users.delete(name);
      return undefined;
    }
    if (known !== undefined && isSameRow(known.row, row)) {
      known.version = this.#version;
      return known.user;
    }
    if (this.#users.size >= MAX_USERS) this.#users.clear();
    const user = userFromRow(row);
    this.#users.set(name, { row, user, version: this.#version });
    return user;
  }
}

export function userFromRow(row: SqliteRow): StoredUser {
  return toStoredUser(row as unknown as UserRow, row['enabled'] === 1);
}

function isSameRow(a: SqliteRow, b: SqliteRow): boolean {
  return Object.keys(a).every((column) => a[column] === b[column]);
}
