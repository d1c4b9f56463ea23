/** The states that there are, the best first. */
export const STORE_STATES = ['up', 'degraded', 'grace', 'down'] as const;

/**
 * How a store is.
 *
 * - `up`: it answers, and changes are heard of.
 * - `degraded`: it answers, but not as it should: changes of users fail, because the disk is full for example; or changes
 *   are not heard of, so that each request asks it; or only users who are in memory are known.
 * - `grace`: it does not answer, and users who are in memory are served on.
 * - `down`: it does not answer, or is not open, and nobody gets in.
 */
export type StoreState = (typeof STORE_STATES)[number];

/** How the store is, and since when. */
export interface StoreHealth {
  readonly state: StoreState;
  readonly since: Date;
  /** What is wrong, for the operator: it may name hosts and tables, and holds no secret. Undefined while all is well. */
  readonly reason: string | undefined;
}

/** What a store is told when it is opened. */
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
