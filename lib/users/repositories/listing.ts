import { setImmediate } from 'node:timers/promises';
import type { UserListQuery } from '../repository.js';
import type { StoredUser } from '../user.js';

/** How many users are read at once. */
const USERS = 1_000;
/** How many names are read at first, to be compared with a pattern: those that match may be among them. */
const FIRST_NAMES = 1_000;
/** How many names are passed over at once: the source gives none of them but the last. */
const PASSED_OVER = 10_000;
/** How many names are compared with a pattern, which may take its time, before other requests have their turn. */
const COMPARED = 100;

/** A part of a list: some of the users whose names begin with `prefix` and come after `after`, in the order of the names. */
export interface Page {
  /** The empty one is each name's. It has no NUL. */
  readonly prefix: string;
  /** Undefined: from the first name on. */
  readonly after: string | undefined;
  /** How many of these users to pass over, 0 or more. */
  readonly offset: number;
  /** How many users to give at the most, 1 or more. */
  readonly limit: number;
}

/** A store that answers one part of a list at a time. Its index has the names in the order of their UTF-8 bytes. */
export interface ListSource {
  /** The most names that are read at once: each part costs a round trip, or all of it keeps other requests waiting. */
  readonly namesAtOnce: number;
  users(page: Page): Promise<StoredUser[]>;
  /** The names alone, which the index has. */
  names(page: Page): Promise<string[]>;
  /** The users of these names, of which some may be gone, in the order of the names. */
  usersNamed(names: readonly string[]): Promise<StoredUser[]>;
}

/**
 * Lists users, in parts that the index has in this order and that are small: no part takes longer because there are more
 * users, and other requests have their turn between two parts if the source lets them.
 */
export async function listUsers(query: UserListQuery, source: ListSource): Promise<StoredUser[]> {
  // No name has a NUL, and not every database takes a text with one.
  if (query.limit === 0 || query.pattern.prefix.includes('\0')) return [];
  return query.pattern.isPrefixOnly ? listPrefix(query, source) : listMatching(query, source);
}

/** The users that match are exactly those whose names begin with the prefix. */
async function listPrefix(query: UserListQuery, source: ListSource): Promise<StoredUser[]> {
  const { limit } = query;
  const start = await passOver(query, source);
  if (start === undefined) return [];
  const users: StoredUser[] = [];
  let page: Page = { ...start, limit: Math.min(limit, USERS) };
  for (;;) {
    const found = await source.users(page);
    users.push(...found);
    if (found.length < page.limit || users.length === limit) return users;
    page = { ...page, after: users.at(-1)?.name, offset: 0, limit: Math.min(limit - users.length, USERS) };
  }
}

/**
 * Passes over the greater part of the offset, which takes no more than the index of the names.
 *
 * @returns where the list begins; undefined if there are not so many users
 */
async function passOver(
  { pattern: { prefix }, after, offset }: UserListQuery,
  source: ListSource,
): Promise<Omit<Page, 'limit'> | undefined> {
  let start = { prefix, after, offset };
  while (start.offset > USERS) {
    const count = Math.min(start.offset, PASSED_OVER);
    const [last] = await source.names({ ...start, offset: count - 1, limit: 1 });
    if (last === undefined) return undefined;
    start = { prefix, after: last, offset: start.offset - count };
  }
  return start;
}

async function listMatching(query: UserListQuery, source: ListSource): Promise<StoredUser[]> {
  const names = await matchingNames(query, source);
  const users: StoredUser[] = [];
  for (let from = 0; from < names.length; from += USERS) {
    users.push(...(await source.usersNamed(names.slice(from, from + USERS))));
  }
  return users;
}

async function matchingNames({ pattern, after, offset, limit }: UserListQuery, source: ListSource): Promise<string[]> {
  const matching: string[] = [];
  let toSkip = offset;
  let page: Page = { prefix: pattern.prefix, after, offset: 0, limit: Math.min(FIRST_NAMES, source.namesAtOnce) };
  for (;;) {
    const names = await source.names(page);
    for (const [index, name] of names.entries()) {
      if (index % COMPARED === 0) await setImmediate();
      if (!pattern.matches(name)) continue;
      if (toSkip > 0) toSkip -= 1;
      else matching.push(name);
      if (matching.length === limit) return matching;
    }
    if (names.length < page.limit) return matching;
    page = { ...page, after: names.at(-1), limit: Math.min(2 * page.limit, source.namesAtOnce) };
  }
}
