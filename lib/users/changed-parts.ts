import type { UserPart } from '../audit/events.js';
import type { StoredUser } from './user.js';

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
