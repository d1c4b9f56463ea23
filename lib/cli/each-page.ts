import { isSelected } from '../users/user-filter.js';
import { readFilterOptions, type UserFilterOptions } from '../users/user-list.js';
import { compareNames } from '../users/user-name.js';
import { strangeAnswer } from './answered-user.js';
import type { ManagedUser, ManagedUsers, Reading } from './managed-users.js';

/** Users per request. */
const PAGE = 1_000;

export interface Listing extends Reading {
  readonly filter: UserFilterOptions;
  /** Defaults to all. */
  readonly limit?: number | undefined;
}

/**
 * Lists all users that a filter selects, in pages. A page begins after the last name of the one before. A real Kapacitor ignores
 * `after` and begins at the start again. For such a server the pages go by offset, where a user that is deleted meanwhile may
 * hide another one. It ignores all conditions but the pattern as well, so they are checked here.
 *
 * @throws {UnreachableError} the names do not ascend, so the list might never end
 */
export async function* eachPage(
  users: ManagedUsers,
  { filter, limit = Number.POSITIVE_INFINITY, ...reading }: Listing,
): AsyncGenerator<ManagedUser[], void, void> {
  const selection = readFilterOptions(filter);
  const pages = new Pages(users, filter, reading);
  let left = limit;
  let isFiltered = true;
  while (left > 0) {
    const wanted = isFiltered ? Math.min(PAGE, left) : PAGE;
    const { fresh, isLast } = await pages.next(wanted);
    const selected = fresh.filter((user) => isSelected(user, selection));
    if (selected.length < fresh.length) isFiltered = false;
    if (selected.length > 0) yield selected.slice(0, left);
    if (isLast) return;
    left -= selected.length;
  }
}

/** The pages of a list, each of users who come after those before. */
class Pages {
  readonly #users: ManagedUsers;
  readonly #filter: UserFilterOptions;
  readonly #reading: Reading;
  #last = '';
  #listed = 0;
  #usesOffset = false;

  constructor(users: ManagedUsers, filter: UserFilterOptions, reading: Reading) {
    this.#users = users;
    this.#filter = filter;
    this.#reading = reading;
  }

  async next(wanted: number): Promise<{ readonly fresh: readonly ManagedUser[]; readonly isLast: boolean }> {
    let page = await this.#list(wanted);
    const [first] = page;
    if (!this.#usesOffset && this.#last !== '' && first !== undefined && !isAfter(first, this.#last)) {
      this.#usesOffset = true;
      page = await this.#list(wanted);
    }
    // By offset, a user that is added meanwhile makes another one appear twice.
    const fresh = this.#usesOffset ? page.filter((user) => isAfter(user, this.#last)) : page;
    if (fresh.length === 0 && page.length > 0) throw strangeAnswer();
    for (const user of fresh) {
      if (!isAfter(user, this.#last)) throw strangeAnswer();
      this.#last = user.name;
    }
    this.#listed += page.length;
    return { fresh, isLast: page.length < wanted };
  }

  #list(limit: number): Promise<ManagedUser[]> {
    const position = this.#usesOffset ? { offset: this.#listed } : { after: this.#last };
    return this.#users.list({ ...this.#filter, ...position, limit }, this.#reading);
  }
}

function isAfter({ name }: ManagedUser, last: string): boolean {
  return compareNames(name, last) > 0;
}
