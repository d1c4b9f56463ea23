import { normalizePermissions, type Permission } from '../users/permissions.js';
import type { StoredUser, UserType } from '../users/user.js';

/** `isActiveAdmin` in SQL. The index of the admins has the same words, and serves no query with other ones. */
export const ACTIVE_ADMIN = `type = 'admin' AND enabled`;

/** A row of the table of users, without `enabled`, which each database represents in its own way. */
export interface UserRow {
  readonly name: string;
  readonly type: string;
  /** Joined by commas. A change by hand may leave them in any order. */
  readonly permissions: string;
  readonly hash: string;
  readonly revision: string;
}

export function toStoredUser({ name, type, permissions, hash, revision }: UserRow, enabled: boolean): StoredUser {
  const listed = permissions === '' ? [] : (permissions.split(',') as Permission[]);
  return { name, type: type as UserType, permissions: normalizePermissions(listed), enabled, hash, revision };
}
