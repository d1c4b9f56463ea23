import type { StoredUser } from '../../users/user.js';
import type { ListSource, Page, Selection } from '../listing.js';
import type { SqliteRow, Statement } from './connection.js';
import type { AskInTurn } from './file-access.js';
import { indexOf, isWholeIndex, listsWith, mergedNames, named, pageOf } from './list-statements.js';
import { COLUMNS, findAll, userFromRow } from './statements.js';
import { countSelected } from './user-counts.js';

/** How many names are read at once and compared with a pattern. */
const NAMES_AT_ONCE = 1_000;
/** How many rows are read at once to find those of selected users. */
const ROWS_AT_ONCE = 200;
/** How many names of users with different lists of permissions are read at once. */
const MERGED_AT_ONCE = 2_000;
/** The most lists of permissions to merge. A permission in more lists has more users, whom reading everybody soon finds. */
const MOST_LISTS = 5_000;

/** Reads lists of users in small parts: a request waits for a few milliseconds at most, whatever a list selects. */
export class UserLists implements ListSource {
  readonly namesAtOnce: number = NAMES_AT_ONCE;
  readonly #ask: AskInTurn;

  constructor(ask: AskInTurn) {
    this.#ask = ask;
  }

  async users(page: Page): Promise<StoredUser[]> {
    return (await this.#rows(COLUMNS, page)).map(userFromRow);
  }

  async names(page: Page): Promise<string[]> {
    return (await this.#rows('name', page)).map(nameOf);
  }

  usersNamed(names: readonly string[]): Promise<StoredUser[]> {
    return this.#ask((connection) => connection.all(findAll(names)).map(userFromRow));
  }

  count(selection: Selection): Promise<number> {
    return countSelected(selection, { ask: this.#ask, names: (page) => this.names(page) });
  }

  async #rows(columns: string, page: Page): Promise<readonly SqliteRow[]> {
    const index = indexOf(page);
    if (isWholeIndex(index, page)) return this.#ask((connection) => connection.all(pageOf(columns, index, page)));
    const lists = index.isSmall ? undefined : await this.#listsWith(page);
    const rows: SqliteRow[] = [];
    let { after, offset: toSkip } = page;
    for (let read = 0, selected = 0; ; ) {
      const wanted = page.limit - rows.length;
      const limit = Math.min(ROWS_AT_ONCE, Math.max(toSkip + wanted, read));
      const next = { ...page, after, offset: 0, limit };
      // To find a user, the index is read until one is selected, and a merge reads a name from each list.
      const isMerged = lists !== undefined && (lists.length === 0 || lists.length * selected < read);
      const names = isMerged ? await this.#merge(lists, next) : await this.#askNames(pageOf('name', index, next));
      const found = await this.#ask((connection) => connection.all(named(columns, names, page)));
      rows.push(...found.slice(toSkip, toSkip + wanted));
      toSkip = Math.max(0, toSkip - found.length);
      if (rows.length === page.limit || names.length < limit) return rows;
      after = names.at(-1);
      if (isMerged) continue;
      read += names.length;
      selected += found.length;
    }
  }

  /** The different lists of permissions that selected users have. Undefined: too many, or any. */
  async #listsWith({ permission }: Selection): Promise<string[] | undefined> {
    if (permission === undefined) return undefined;
    const rows = await this.#ask((connection) => connection.all(listsWith(permission, '', MOST_LISTS)));
    return rows.length === MOST_LISTS ? undefined : rows.map(({ list }) => list as string);
  }

  /** The first names of a page whose users have one of these lists of permissions. */
  async #merge(lists: readonly string[], page: Page): Promise<string[]> {
    let names: string[] = [];
    const atOnce = Math.max(1, Math.floor(MERGED_AT_ONCE / page.limit));
    for (let from = 0; from < lists.length; from += atOnce) {
      names = await this.#askNames(mergedNames(lists.slice(from, from + atOnce), names, page));
    }
    return names;
  }

  #askNames(statement: Statement): Promise<string[]> {
    return this.#ask((connection) => connection.all(statement).map(nameOf));
  }
}

function nameOf({ name }: SqliteRow): string {
  return name as string;
}
