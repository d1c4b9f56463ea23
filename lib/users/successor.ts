import { InvalidUserError, type LastAdminDeed } from '../errors.js';
import { requireFuture } from './end-time.js';
import type { UserRepository } from './repository.js';
import { type StoredUser, storedUser } from './user.js';
import type { ReadChanges } from './user-fields.js';

/** A change of a user, after its fields are checked and its password is hashed. */
export interface Change {
  readonly fields: Omit<ReadChanges, 'password'>;
  /** Undefined: the password stays. */
  readonly hash: string | undefined;
  /** Whether the user changes itself. */
  readonly isOwn: boolean;
}

/**
 * The user after a change. The same object if there is nothing to change: writing it could only conflict with another change.
 *
 * @throws {InvalidUserError} a new end is not in the future
 */
export function successor(
  before: StoredUser,
  { fields, hash, isOwn }: Change,
  { keepsAccounts }: Pick<UserRepository, 'keepsAccounts'>,
): StoredUser {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  if (given.length === 0 && hash === undefined) return before;
  const now = Date.now();
  // A client may send back a user that it has read.
  if (fields.expires !== before.expires) requireFuture(fields.expires ?? undefined, now, InvalidUserError);
  const after = {
    ...before,
    ...(hash !== undefined && isOwn && { mustChangePassword: false }),
    ...(hash !== undefined && keepsAccounts && { passwordChanged: now }),
    ...Object.fromEntries(given),
  };
  return storedUser(after, hash ?? before.hash);
}

/** The effect of a change on the last admin. */
export function deedOf({ enabled, expires }: Pick<ReadChanges, 'enabled' | 'expires'>): LastAdminDeed {
  if (enabled === false) return 'disabled';
  return typeof expires === 'number' ? 'given an end' : 'deleted or demoted';
}
