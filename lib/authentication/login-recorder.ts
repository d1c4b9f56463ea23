import { type LoginTimes, RECORD_LOGIN_EVERY } from '../users/login-times.js';
import type { User } from '../users/user.js';
import { UseRecorder } from './use-recorder.js';

/** Records when users logged in. */
export class LoginRecorder {
  readonly #recorder: UseRecorder;

  constructor(logins: LoginTimes) {
    this.#recorder = new UseRecorder(RECORD_LOGIN_EVERY, (uses) => {
      const now = Date.now();
      return logins.record(uses.map(({ subject, time }) => ({ name: subject, ago: Math.max(0, now - time) })));
    });
  }

  /** Notes that a user logs in now. Every request does this. */
  note({ name }: User): void {
    this.#recorder.note(name, Date.now());
  }

  close(): void {
    this.#recorder.close();
  }
}
