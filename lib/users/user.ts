import type { UserPart } from './audit-events.js';
import type { Permission } from './permissions.js';

/** An `admin` has every privilege and manages users; a `normal` user has what the permissions open. */
export type UserType = 'admin' | 'normal';

/** A user as the app and the users API see it: `req.user`. */
export interface User {
  readonly name: string;
  readonly type: UserType;
  /** Each once, in the order `api`, `config_api`, `write_points`, or `all` alone. An admin has none of its own. */
  readonly permissions: readonly Permission[];
  /** Whether the user gets in. One that does not is kept, and so are its password and permissions. */
  readonly enabled: boolean;
}

/** A user as a repository keeps it. */
export interface StoredUser extends User {
  /** The bcrypt hash of the password, 60 characters: a secret. */
  readonly hash: string;
  /** Another random string after each change of the user: what a compare-and-set compares. */
  readonly revision: string;
}

/** The user that every request runs as while `http.authEnabled` is false: Kapacitor's. */
export const ADMIN_USER: User = publicUser({ name: 'ADMIN_USER', type: 'admin', permissions: [], enabled: true });

/** What may leave, and cannot be changed: no hash, no revision. */
export function publicUser({ name, type, permissions, enabled }: User): User {
  return Object.freeze({ name, type, permissions: Object.freeze([...permissions]), enabled });
}

/** Tells whether this is an admin that gets in: one of those must always be left. */
export function isActiveAdmin({ type, enabled }: User): boolean {
  return type === 'admin' && enabled;
}

/** What of a user is not as it was. A password that is set is another one: its hash has another salt. */
export function changedParts(before: StoredUser, after: Omit<StoredUser, 'revision'>): UserPart[] {
  const isChanged: Record<UserPart, boolean> = {
    password: before.hash !== after.hash,
    type: before.type !== after.type,
    permissions: before.permissions.join() !== after.permissions.join(),
    enabled: before.enabled !== after.enabled,
  };
  return (Object.keys(isChanged) as UserPart[]).filter((part) => isChanged[part]);
}
