import type { StoredUser } from '../user.js';

/** That a user is enabled goes without saying. */
type LmdbRecord = Omit<StoredUser, 'name' | 'enabled'> & { readonly enabled?: false };

/** What stands under a user's name. */
export function encode({ type, permissions, hash, revision, enabled }: StoredUser): string {
  const record: LmdbRecord = { type, permissions, hash, revision, ...(!enabled && { enabled }) };
  return JSON.stringify(record);
}

export function decode(name: string, json: string): StoredUser {
  const { type, permissions, hash, revision, enabled = true } = JSON.parse(json) as LmdbRecord;
  return { name, type, permissions, hash, revision, enabled };
}
