import RateLimiterSQLite from 'rate-limiter-flexible/lib/RateLimiterSQLite.js';
import type { SharedLimiter, SharedLimiterOptions, SharedLimits } from '../../users/shared-limits.js';
import { sweepLimits } from '../sweep.js';
import type { SqliteRow, SqliteValue } from './connection.js';
import type { FileAccess } from './file-access.js';
import { LIMITS } from './format-4.js';

/** Counts failed logins in the SQLite file of the users. Changes are made by its writer, in a thread. */
export class SqliteLimits implements SharedLimits {
  readonly #file: FileAccess;

  constructor(file: FileAccess) {
    this.#file = file;
  }

  limiter(options: SharedLimiterOptions): SharedLimiter {
    return new RateLimiterSQLite({
      ...options,
      storeType: 'better-sqlite3',
      storeClient: databaseOf(this.#file),
      tableName: LIMITS,
      tableCreated: true,
      clearExpiredByTimeout: false,
    });
  }

  async sweep(): Promise<void> {
    await sweepLimits({ table: LIMITS, now: '$1' }, async (condition) => {
      const text = `DELETE FROM ${LIMITS} WHERE key IN (SELECT key FROM ${LIMITS} WHERE ${condition}) RETURNING 1`;
      const write = { text, values: [Date.now()] };
      return (await this.#file.change({ write })).written.length;
    });
  }
}

/** The part of better-sqlite3's `Database` that rate-limiter-flexible uses. Its rows may be promises: the limiter awaits them. */
function databaseOf(file: FileAccess) {
  const first = async (statement: string, values: readonly SqliteValue[]): Promise<SqliteRow | undefined> => {
    let number = 0;
    const text = statement.replaceAll('?', () => {
      number += 1;
      return `$${number}`;
    });
    if (text.startsWith('SELECT')) return file.read((connection) => connection.first({ text, values }));
    return (await file.change({ write: { text, values } })).written[0];
  };
  return {
    prepare: (statement: string) => ({ get: (...values: SqliteValue[]) => first(statement, values) }),
    // A statement is a transaction of its own.
    transaction: <T>(work: () => T) => work,
  };
}
