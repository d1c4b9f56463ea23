/** All states, the best first. */
export const STORE_STATES = ['up', 'degraded', 'grace', 'down'] as const;

/**
 * The state of a store.
 *
 * - `up`: the store answers, changes can be made, and the changes of other processes are heard of.
 * - `degraded`: the store answers, but not as it should: changes of users fail, because the disk is full for example
 *   (SQLite); or changes are not heard of, so that each request asks the database, or only users in memory are known
 *   (PostgreSQL).
 * - `grace`: the store does not answer, and users in memory are served on (PostgreSQL).
 * - `down`: the store does not answer, is damaged, gone or not open, and nobody gets in.
 */
export type StoreState = (typeof STORE_STATES)[number];

/** The state of the store, and since when it is in it. */
export interface StoreHealth {
  readonly state: StoreState;
  readonly since: Date;
  /** The problem, for the operator: it may name files, hosts and tables, but no secret. Undefined while all is well. */
  readonly reason: string | undefined;
}

/** The settings that a store is opened with. */
export interface StoreSettings {
  /** Milliseconds. How long users in memory are served on while the store does not answer; 0: not at all. */
  readonly grace: number;
  /**
   * For a store that knows how it is: called whenever that may have changed. A store that does not call it is taken to
   * be as its last answer was.
   *
   * @param reason what is wrong, for the operator
   */
  readonly report: (state: StoreState, reason?: string) => void;
}

/** For a store that is used on its own. */
export const DEFAULT_STORE_SETTINGS: StoreSettings = { grace: 60_000, report: () => {} };

/** A question to the store that had to be waited for. */
export interface StoreWork {
  readonly operation:
    | 'find'
    | 'list'
    | 'insert'
    | 'replace'
    | 'remove'
    | 'hasAdmin'
    | 'insertFirstAdmin'
    | 'insertMany'
    | 'snapshot';
  /** Milliseconds. */
  readonly took: number;
}
