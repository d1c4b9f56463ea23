import { type LoginTimes, RECORD_LOGIN_EVERY, type RecordedLogin } from '../users/login-times.js';

/** Keeps when users logged in last in the memory of this process. */
export class MemoryLogins implements LoginTimes {
  readonly #users: { has(name: string): boolean };
  readonly #times = new Map<string, number>();

  /** @param users by name */
  constructor(users: { has(name: string): boolean }) {
    this.#users = users;
  }

  record(logins: readonly RecordedLogin[]): void {
    const now = Date.now();
    for (const { name, ago } of logins) {
      const time = Math.round(now - ago);
      const last = this.#times.get(name);
      const isDue = last === undefined || time >= last + RECORD_LOGIN_EVERY;
      if (isDue && this.#users.has(name)) this.#times.set(name, time);
    }
  }

  lastOf(names: readonly string[]): ReadonlyMap<string, number> {
    const times = names.map((name) => [name, this.#times.get(name)] as const);
    return new Map(times.filter((each): each is [string, number] => each[1] !== undefined));
  }

  userRemoved(name: string): void {
    this.#times.delete(name);
  }
}
