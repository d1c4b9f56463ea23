import { compareNames } from '../users/name-order.js';
import type { User } from '../users/user.js';
import type { ManagedUsers } from './managed-users.js';

/** Users that are asked for at once. */
const PAGE = 1_000;

/**
 * All users that match, in pages. Each begins after the last name of the one before; a real Kapacitor does not know
 * how, and begins anew each time: there they are counted, so that one whom somebody deletes meanwhile may hide another.
 */
export async function* eachPage(
  users: ManagedUsers,
  { pattern = '', limit = Number.POSITIVE_INFINITY }: { pattern?: string | undefined; limit?: number | undefined },
): AsyncGenerator<User[]> {
  let after = '';
  let given = 0;
  let isCounting = false;
  while (given < limit) {
    const wanted = Math.min(PAGE, limit - given);
    let page = await users.list(
      isCounting ? { pattern, offset: given, limit: wanted } : { pattern, after, limit: wanted },
    );
    const [first] = page;
    if (!isCounting && first !== undefined && after !== '' && compareNames(first.name, after) <= 0) {
      isCounting = true;
      page = await users.list({ pattern, offset: given, limit: wanted });
    }
    if (page.length > 0) yield page;
    if (page.length < wanted) return;
    given += page.length;
    after = page.at(-1)?.name as string;
  }
}
