import RateLimiterPostgres from 'rate-limiter-flexible/lib/RateLimiterPostgres.js';
import type { SharedLimiter, SharedLimiterOptions, SharedLimits } from '../../users/shared-limits.js';
import { sweepLimits } from '../sweep.js';
import type { DatabaseAccess } from './database-access.js';
import type { Statement } from './driver.js';

/** Milliseconds. A login waits for the answer. */
const ANSWER_WITHIN = 1_000;
/** Removed rows after which their room is released. PostgreSQL itself looks once a minute. */
const VACUUM_AFTER = 10_000;

/** Counts failed logins in a PostgreSQL table beside that of the users. */
export class PostgresLimits implements SharedLimits {
  readonly #access: DatabaseAccess;
  #removed = 0;

  constructor(access: DatabaseAccess) {
    this.#access = access;
  }

  limiter(options: SharedLimiterOptions): SharedLimiter {
    const { schema, limits } = this.#access.names.bare;
    return new RateLimiterPostgres({
      ...options,
      storeType: 'client',
      storeClient: { query: (statement: Required<Statement>) => this.#query(statement) },
      // The limiter puts them in quotes, and escapes none.
      schemaName: schema.replaceAll('"', '""'),
      tableName: limits.replaceAll('"', '""'),
      tableCreated: true,
      clearExpiredByTimeout: false,
    });
  }

  async sweep(): Promise<void> {
    const { names } = this.#access;
    this.#removed += await sweepLimits({ table: names.limits, now: '$1' }, async (condition) => {
      // Finds the rows by their place. With IN the server may search for all of them again for each row: after VACUUM of
      // an empty table it expects no rows. Processes pass over what another one removes, and do not wait for each other.
      const rows = `SELECT ctid FROM ${names.limits} WHERE ${condition} FOR UPDATE SKIP LOCKED`;
      const text = `DELETE FROM ${names.limits} WHERE ctid = ANY (ARRAY(${rows}))`;
      return (await this.#ask({ text, values: [Date.now()] })).rowCount as number;
    });
    if (this.#removed < VACUUM_AFTER) return;
    this.#removed = 0;
    // A role that does not own the table gets a warning of the server, and leaves it to PostgreSQL.
    await this.#ask({ text: `VACUUM (TRUNCATE false) ${names.limits}` });
  }

  /** Every statement is a transaction of its own. */
  async #ask(statement: Statement) {
    const { assertOpen, connections } = this.#access;
    assertOpen();
    return connections.use(ANSWER_WITHIN, (ask) => ask(statement));
  }

  /** Prepared statements have names, which a pool between this process and the server need not know: theirs is left out. */
  async #query({ text, values }: Required<Statement>) {
    const { assertOpen, connections } = this.#access;
    assertOpen();
    // It is repeated if its connection was lost. At worst a point counts twice.
    const { rows, rowCount } = await connections.ask({ text, values }, ANSWER_WITHIN);
    return { rows: rows.map(({ points, expire }) => ({ points: Number(points), expire: Number(expire) })), rowCount };
  }
}
