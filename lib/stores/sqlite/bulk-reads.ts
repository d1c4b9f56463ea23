import { setImmediate } from 'node:timers/promises';
import type { MaybePromise } from '../../promises.js';
import type { StoredUser } from '../../users/user.js';
import type { Page } from '../listing.js';
import type { SqliteRow } from './connection.js';
import { userFromRow } from './known-users.js';
import { page, permissionLists } from './statements.js';

/** Runs a query on the connection for this read. */
type ReadRows = (query: ReturnType<typeof page>) => MaybePromise<readonly SqliteRow[]>;

/** How many users are read at once: a request waits for a millisecond or two. */
const USERS_AT_ONCE = 1_000;

/** Every user in the order of the names. The transaction of the connection makes them those of one moment. */
export async function* readSnapshot(read: ReadRows): AsyncGenerator<StoredUser, void, void> {
  let next: Page = { prefix: '', after: undefined, offset: 0, limit: USERS_AT_ONCE };
  for (;;) {
    const rows = await read(page(next));
    for (const row of rows) yield userFromRow(row);
    if (rows.length < USERS_AT_ONCE) return;
    next = { ...next, after: rows.at(-1)?.['name'] as string };
    await setImmediate();
  }
}

/** The names of all permissions that any user has. */
export async function readPermissionsInUse(read: ReadRows): Promise<string[]> {
  const inUse = new Set<string>();
  let after = 0;
  for (;;) {
    await setImmediate();
    let count = 0;
    for (const { permissions, last, users } of await read(permissionLists(after, USERS_AT_ONCE))) {
      for (const permission of (permissions as string).split(',')) inUse.add(permission);
      after = Math.max(after, last as number);
      count += users as number;
    }
    if (count < USERS_AT_ONCE) break;
  }
  // A user without permissions has an empty list.
  inUse.delete('');
  return [...inUse];
}
