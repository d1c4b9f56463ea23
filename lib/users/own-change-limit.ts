/** Limits how often users make changes of their own, such as a new password or another key. */
export interface OwnChangeLimit {
  /**
   * Runs a change of a user.
   *
   * @throws {ThrottledError} the user makes too many changes
   */
  run<T>(name: string, change: () => Promise<T>): Promise<T>;
}
