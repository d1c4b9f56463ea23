import type { StoredUser } from '../../users/user.js';
import type { FoundUser } from './statements.js';

/** As many as there are verified passwords in memory. */
const MAX_USERS = 100_000;
/**
 * Milliseconds from the moment at which the database was last asked about a user. This is what holds whatever becomes
 * of notifications: a change is in force this long after it at the latest.
 */
const TRUSTED_FOR = 900;
/** Milliseconds. A user who has made a request within this time is asked about each time. */
const ACTIVE_FOR = 10_000;
/** Milliseconds. The others are asked about this often, so that what is known when the database fails is right. */
const ASK_EVERY = 2_000;

/** A user in memory. Times are those of the machine's clock that does not go back. */
export interface KnownUser {
  readonly name: string;
  readonly user: StoredUser;
  readonly version: string;
  /** The database was asked then, or later, and had the user as it is here. */
  confirmedAt: number;
  /** Until then a request is answered from memory, unless a change is heard of. */
  trustedUntil: number;
  usedAt: number;
}

/** The users that this process has in memory, and how well it knows them. */
export class KnownUsers {
  readonly #users = new Map<string, KnownUser>();
  readonly #keepFor: number;

  /** @param grace milliseconds for which they are of use when the database fails */
  constructor(grace: number) {
    this.#keepFor = Math.max(grace, ACTIVE_FOR);
  }

  get(name: string): KnownUser | undefined {
    return this.#users.get(name);
  }

  /**
   * Takes in what the database has answered.
   *
   * @param askedAt when it was asked
   * @returns the same object for as long as the user is the same: what follows from it need not be worked out again
   */
  learn({ user, version }: FoundUser, askedAt: number, isTrusted: boolean): StoredUser {
    const known = this.#users.get(user.name);
    if (known?.version === version) {
      this.confirm(known, askedAt, isTrusted);
      known.usedAt = askedAt;
      return known.user;
    }
    if (this.#users.size >= MAX_USERS) this.#makeRoom();
    const trustedUntil = isTrusted ? askedAt + TRUSTED_FOR : 0;
    this.#users.set(user.name, {
      name: user.name,
      user,
      version,
      confirmedAt: askedAt,
      trustedUntil,
      usedAt: askedAt,
    });
    return user;
  }

  /** The database has been asked, and the user is still the same. */
  confirm(known: KnownUser, askedAt: number, isTrusted: boolean): void {
    known.confirmedAt = Math.max(known.confirmedAt, askedAt);
    if (isTrusted) known.trustedUntil = Math.max(known.trustedUntil, askedAt + TRUSTED_FOR);
  }

  /** Whom to ask the database about now. Those who have not been used for long are forgotten. */
  toConfirm(time: number): KnownUser[] {
    const users: KnownUser[] = [];
    for (const known of this.#users.values()) {
      if (known.usedAt + this.#keepFor < time) this.#users.delete(known.name);
      else if (time < known.usedAt + ACTIVE_FOR || known.confirmedAt + ASK_EVERY < time) users.push(known);
    }
    return users;
  }

  /** Changes may have been missed: each user is to be asked about before it is trusted again. */
  distrust(): void {
    for (const known of this.#users.values()) known.trustedUntil = 0;
  }

  forget(name: string): void {
    this.#users.delete(name);
  }

  clear(): void {
    this.#users.clear();
  }

  /** A tenth at a time, the oldest ones. */
  #makeRoom(): void {
    const oldest = this.#users.keys();
    for (let count = MAX_USERS / 10; count > 0; count -= 1) this.#users.delete(oldest.next().value as string);
  }
}
