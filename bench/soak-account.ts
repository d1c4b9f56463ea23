import { type Change, History, type ModelUser } from './soak-model.js';

/** Milliseconds for which an ended key or session is still tried, and for which the past is kept. */
export const TRIED_FOR = 30_000;

/** A key, as the header Authorization has it, or a session, as a cookie. */
export interface Secret {
  readonly kind: 'key' | 'session';
  /** The ID of a key. */
  readonly id: string;
  readonly value: string;
  readonly alive: History<boolean>;
  endedAt: number;
}

/** A change that was sent. Called when it has been answered as made. */
export type Settle = (time: number) => void;

/** One of the users that the soak knows everything about. */
export class Account {
  readonly name: string;
  /** The address from which the user logs in. */
  readonly home: string;
  readonly user = new History<ModelUser>(undefined);
  /** A password that was the user's before. */
  former = 'never the password';
  secrets: Secret[] = [];

  constructor(index: number) {
    this.name = `user${index}`;
    this.home = `10.0.${index >> 8}.${index & 255}`;
  }

  /** Whether every change so far was answered. */
  get isSettled(): boolean {
    return this.user.isSettled && this.secrets.every(({ alive }) => alive.isSettled);
  }

  alive(kind: Secret['kind']): Secret[] {
    return this.secrets.filter((secret) => secret.kind === kind && secret.alive.latest);
  }

  /** The user is to be as this from now on. */
  become(user: ModelUser, time: number): Settle[] {
    const before = this.user.latest;
    if (before !== undefined && before.password !== user?.password) this.former = before.password;
    return [settling(this.user, this.user.begin(user, time))];
  }

  /** These keys and sessions are to end. */
  end(secrets: readonly Secret[], time: number): Settle[] {
    return secrets.map((secret) => {
      secret.endedAt = time;
      return settling(secret.alive, secret.alive.begin(false, time));
    });
  }

  /** Drops keys and sessions that ended long ago. */
  forget(time: number): void {
    this.secrets = this.secrets.filter(({ endedAt }) => time < endedAt + TRIED_FOR);
  }
}

function settling<T>(history: History<T>, change: Change<T>): Settle {
  return (time) => history.settle(change, time, TRIED_FOR);
}
