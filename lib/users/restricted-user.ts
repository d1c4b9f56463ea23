import { publicUser, type User } from './user.js';

/** Limits a user to what its key opens. Both must allow a request. */
export interface Restriction {
  /** The user without the limits of the key. */
  readonly owner: User;
  /** A normal user with the permissions of the key. */
  readonly key: User;
}

/**
 * The restriction of each user that {@link restrictedUser} returned. A copy of such a user has none. A decision about the copy
 * does not know of permissions of the owner that close a path: see {@link restrictLike}.
 */
const restrictions = new WeakMap<User, Restriction>();

/**
 * A user as a key with permissions of its own lets it in: never an admin, and with the permissions that both have. A
 * decision about it asks for its {@link Restriction}.
 */
export function restrictedUser(owner: User, permissions: readonly string[]): User {
  const isFree = owner.type === 'admin' || owner.permissions.includes('all');
  const both = isFree ? permissions : sharedPermissions(owner.permissions, permissions);
  const user = normalUser(owner, both);
  restrictions.set(user, { owner, key: normalUser(owner, permissions) });
  return user;
}

/** Undefined for a user that may all that its own permissions open. */
export function restrictionOf(user: User): Restriction | undefined {
  return restrictions.get(user);
}

/** Gives a copy of a user the restriction of the original. */
export function restrictLike(original: User, copy: User): void {
  const restriction = restrictions.get(original);
  if (restriction !== undefined) restrictions.set(copy, restriction);
}

function sharedPermissions(owner: readonly string[], key: readonly string[]): readonly string[] {
  return key.includes('all') ? owner : key.filter((permission) => owner.includes(permission));
}

function normalUser(owner: User, permissions: readonly string[]): User {
  return publicUser({ ...owner, type: 'normal', permissions });
}
