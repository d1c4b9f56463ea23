import type { StoredUser } from '../users/user.js';

/**
 * Copies of users that never change. A repository may keep one object for each user and change it in place, as the
 * identity map of an ORM does: the object that `find` returned before a change then has the new values.
 */
export class UserCopies {
  /** A repository that returns the same object again gets the same copy, at no cost. */
  readonly #copies = new WeakMap<StoredUser, StoredUser>();

  /** The user as it is now: the same copy for as long as the user is the same. */
  of(user: StoredUser | undefined): StoredUser | undefined {
    if (user === undefined) return undefined;
    const known = this.#copies.get(user);
    if (known !== undefined && isEqual(known, user)) return known;
    const { name, type, permissions, enabled, hash, revision } = user;
    const copy = Object.freeze({
      name,
      type,
      permissions: Object.freeze([...permissions]),
      enabled,
      hash,
      revision,
    });
    this.#copies.set(user, copy);
    return copy;
  }
}

/** Without a function call for each field: every request gets here. */
function isEqual(a: StoredUser, b: StoredUser): boolean {
  return (
    a.hash === b.hash &&
    a.revision === b.revision &&
    a.type === b.type &&
    a.enabled === b.enabled &&
    a.name === b.name &&
    areEqual(a.permissions, b.permissions)
  );
}

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
