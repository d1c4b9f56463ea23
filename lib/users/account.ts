import { dateOf } from './secret.js';
import { publicUser, type StoredAccount, type StoredUser, type User } from './user.js';

/**
 * A user as the people who manage it see it: with its account.
 *
 * @typeParam Own the names of the app's own permissions
 */
export interface UserAccount<Own extends string = string> extends User<Own> {
  /** Undefined: the user was made by a version that did not keep it. */
  readonly created?: Date | undefined;
  /** When the password was set. Undefined: by a version that did not keep it. */
  readonly passwordChanged?: Date | undefined;
  /** From then on the user counts as disabled. Undefined: never. */
  readonly expires?: Date | undefined;
  /** A text of the operator's. Undefined: none. */
  readonly note?: string | undefined;
  /** A random text that each change of the user replaces. */
  readonly revision: string;
}

/** The user without its secrets. */
export function accountOf(stored: StoredUser): UserAccount {
  const { created, passwordChanged, expires, note, revision } = stored;
  return Object.freeze({
    ...publicUser(stored),
    ...(created !== undefined && { created: dateOf(created) }),
    ...(passwordChanged !== undefined && { passwordChanged: dateOf(passwordChanged) }),
    ...(expires !== undefined && { expires: dateOf(expires) }),
    ...(note !== undefined && { note }),
    revision,
  });
}

/** The times of a user that is made now, for a repository that keeps them. */
export function timesOfNewUser({ keepsAccounts }: { readonly keepsAccounts?: boolean }): StoredAccount {
  const now = Date.now();
  return keepsAccounts ? { created: now, passwordChanged: now } : {};
}

/** The fields that decide whether a user is disabled. */
interface Enabling {
  readonly enabled: boolean;
  /** Milliseconds since 1970, or a date. Undefined: never. */
  readonly expires?: number | Date | undefined;
}

/** Whether the user cannot log in at this time (milliseconds since 1970; defaults to now): it is disabled, or has expired. */
export function isDisabled(user: Enabling, time?: number): boolean {
  return !user.enabled || hasExpired(user, time);
}

/** Every request asks this, and most users have no end: the clock is read for the others alone. An end that is no time has come. */
function hasExpired({ expires }: Enabling, time?: number): boolean {
  return expires !== undefined && !((time ?? Date.now()) < Number(expires));
}

/** The reason why a user cannot log in, for the operator. Undefined: it can. */
export function whyDisabled(user: Enabling): 'user-disabled' | 'user-expired' | undefined {
  if (!user.enabled) return 'user-disabled';
  return hasExpired(user) ? 'user-expired' : undefined;
}
