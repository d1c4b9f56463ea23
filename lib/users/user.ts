import { randomUUID } from 'node:crypto';
import { normalizePermissions, type Permission } from './permissions.js';

/** An `admin` has every privilege and manages users. A `normal` user has the privileges that its permissions grant. */
export type UserType = 'admin' | 'normal';

/**
 * A user as the app and the users API see it: `req.user`.
 *
 * @typeParam Own the names of the app's own permissions
 */
export interface User<Own extends string = string> {
  readonly name: string;
  readonly type: UserType;
  /**
   * Each once: Kapacitor's in the order `api`, `config_api`, `write_points`, or `all` in place of them, and then the app's own
   * in the order of their names. A permission that is no longer defined stays, and opens nothing. An admin has none.
   */
  readonly permissions: readonly (Permission | Own)[];
  /** Whether the user can log in. A disabled user keeps its password and permissions. */
  readonly enabled: boolean;
}

/** A user as a repository keeps it. */
export interface StoredUser extends User {
  /** The bcrypt hash of the password, 60 characters: a secret. */
  readonly hash: string;
  /** A random string that each change of the user replaces. A compare-and-set compares it. */
  readonly revision: string;
}

/** Every request runs as this user while `http.authEnabled` is false, as in Kapacitor. */
export const ADMIN_USER: User = publicUser({ name: 'ADMIN_USER', type: 'admin', permissions: [], enabled: true });

/** The user as a repository keeps it, with a new revision. An admin has no permissions of its own. */
export function storedUser({ name, type, permissions, enabled }: User, hash: string): StoredUser {
  const granted = type === 'admin' ? [] : normalizePermissions(permissions);
  return { name, type, permissions: granted, enabled, hash, revision: randomUUID() };
}

/** The user without hash and revision. The result cannot be changed. */
export function publicUser({ name, type, permissions, enabled }: User): User {
  return Object.freeze({ name, type, permissions: Object.freeze([...permissions]), enabled });
}

/** Whether the user is an admin who can log in. One of these must always be left. */
export function isActiveAdmin({ type, enabled }: User): boolean {
  return type === 'admin' && enabled;
}
