import type { User } from '../users/user.js';
import { compareNames } from '../users/user-name.js';
import type { ManagedUsers } from './managed-users.js';
import { strangeAnswer } from './remote-users.js';

/** Users that are asked for at once. */
const PAGE = 1_000;

/**
 * All users that match, in pages. Each begins after the last name of the one before; a real Kapacitor does not know
 * how, and begins anew each time: there they are counted, so that one whom somebody deletes meanwhile may hide another.
 *
 * @throws {UnreachableError} the names do not ascend: it could be that they never end
 */
export async function* eachPage(
  users: ManagedUsers,
  { pattern = '', limit = Number.POSITIVE_INFINITY }: { pattern?: string | undefined; limit?: number | undefined },
): AsyncGenerator<User[]> {
  let last = '';
  let given = 0;
  let isCounting = false;
  while (given < limit) {
    const wanted = Math.min(PAGE, limit - given);
    let page = await users.list(
      isCounting ? { pattern, offset: given, limit: wanted } : { pattern, after: last, limit: wanted },
    );
    if (!isCounting && last !== '' && page[0] !== undefined && !isAfter(page[0], last)) {
      isCounting = true;
      page = await users.list({ pattern, offset: given, limit: wanted });
    }
    // Where they are counted, one whom somebody adds meanwhile makes another come twice.
    const fresh = isCounting ? page.filter((user) => isAfter(user, last)) : page;
    if (fresh.length === 0 && page.length > 0) throw strangeAnswer();
    for (const user of fresh) {
      if (!isAfter(user, last)) throw strangeAnswer();
      last = user.name;
    }
    if (fresh.length > 0) yield fresh;
    if (page.length < wanted) return;
    given += page.length;
  }
}

function isAfter({ name }: User, last: string): boolean {
  return compareNames(name, last) > 0;
}
