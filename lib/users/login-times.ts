import type { MaybePromise } from '../promises.js';

/** Milliseconds: a minute, at least, between two recorded logins of a user. */
export const RECORD_LOGIN_EVERY = 60_000;

/** A login to record. */
export interface RecordedLogin {
  /** The name of the user. */
  readonly name: string;
  /**
   * Milliseconds since then, perhaps with a fraction. The clocks of two machines may differ, so the store counts back from its
   * own time.
   */
  readonly ago: number;
}

/**
 * Keeps when users logged in last: the part `logins` of a user repository, which a repository may leave out. It is apart from
 * the users, so that a login changes no user: no revision, no notification, and nothing that a process has in memory. A user who
 * is removed takes its time along. A later user of the same name has none.
 */
export interface LoginTimes {
  /**
   * Sets the times of these users by the store's own clock. A login that is not at least a minute later than the recorded one is
   * left out, as is a login of a user who is gone. It need not be on disk when it is answered. It may take a minute.
   */
  record(logins: readonly RecordedLogin[]): MaybePromise<void>;

  /** The times of these users in whole milliseconds since 1970, by name. Users without a recorded login are not in it. */
  lastOf(names: readonly string[]): MaybePromise<ReadonlyMap<string, number>>;
}
