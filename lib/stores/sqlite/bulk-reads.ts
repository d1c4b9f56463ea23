import { setImmediate } from 'node:timers/promises';
import type { MaybePromise } from '../../promises.js';
import type { KeyOwner } from '../../users/repository.js';
import type { StoredSecret } from '../../users/secret.js';
import type { StoredUser } from '../../users/user.js';
import { compareNames } from '../../users/user-name.js';
import type { SqliteRow, Statement } from './connection.js';
import { EVERYBODY, pageOf } from './list-statements.js';
import { keysAfter, secretFromRow } from './secret-statements.js';
import { COLUMNS, permissionLists, userFromRow } from './statements.js';

/** Runs a query on the connection for this read. */
type ReadRows = (query: Statement) => MaybePromise<readonly SqliteRow[]>;

/** How many users or keys are read at once: a request waits for a millisecond or two. */
const ROWS_AT_ONCE = 1_000;

/**
 * Every user with its keys, in the order of the names. The transaction of the connection makes them those of one moment.
 */
export async function* readSnapshot(read: ReadRows): AsyncGenerator<KeyOwner, void, void> {
  const keys = readKeys(read);
  let next = await keys.next();
  for await (const user of readUsers(read)) {
    const own: StoredSecret[] = [];
    for (; !next.done && compareNames(next.value.owner, user.name) <= 0; next = await keys.next()) {
      if (next.value.owner === user.name) own.push(next.value);
    }
    yield own.length > 0 ? { ...user, keys: own } : user;
  }
}

async function* readUsers(read: ReadRows): AsyncGenerator<StoredUser, void, void> {
  let after: string | undefined;
  for (;;) {
    const rows = await read(pageOf(COLUMNS, EVERYBODY, { prefix: '', after, offset: 0, limit: ROWS_AT_ONCE }));
    for (const row of rows) yield userFromRow(row);
    if (rows.length < ROWS_AT_ONCE) return;
    after = rows.at(-1)?.['name'] as string;
    await setImmediate();
  }
}

/** In the order of the owners, which is that of the users' names. */
async function* readKeys(read: ReadRows): AsyncGenerator<StoredSecret, void, void> {
  let last = { owner: '', created: 0, id: '' };
  for (;;) {
    const rows = await read(keysAfter(last, ROWS_AT_ONCE));
    for (const row of rows) yield secretFromRow(row);
    if (rows.length < ROWS_AT_ONCE) return;
    last = rows.at(-1) as unknown as typeof last;
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
    for (const { permissions, last, users } of await read(permissionLists(after, ROWS_AT_ONCE))) {
      for (const permission of (permissions as string).split(',')) inUse.add(permission);
      after = Math.max(after, last as number);
      count += users as number;
    }
    if (count < ROWS_AT_ONCE) break;
  }
  // A user without permissions has an empty list.
  inUse.delete('');
  return [...inUse];
}
