import { setImmediate } from 'node:timers/promises';
import type { UserListQuery } from '../users/repository.js';
import type { StoredUser } from '../users/user.js';

/** How many users are read at once. */
const USERS = 1_000;
/** How many names are read first, to compare them with a pattern: the first ones may be enough. */
const FIRST_NAMES = 1_000;
/** How many names of an offset are passed over at once: the source returns only the last of them. */
const PASSED_OVER = 10_000;
/** How many names are compared with a pattern, which may take its time, before other requests have their turn. */
const COMPARED = 100;

/** A part of a list: users whose names begin with `prefix` and come after `after`, in the order of the names. */
export interface Page {
  /** Empty: all names. It has no NUL. */
  readonly prefix: string;
  /** Undefined: from the first name on. */
  readonly after: string | undefined;
  /** How many of these users to pass over, 0 or more. */
  readonly offset: number;
  /** The most users to return, 1 or more. */
  readonly limit: number;
}

/** A store that answers one part of a list at a time, from an index of the names in the order of their UTF-8 bytes. */
export interface ListSource {
  /**
   * The most names to read at once. A server is asked for many, since each question is a round trip; a store that reads
   * on the event loop is asked for few, since requests wait meanwhile.
   */
  readonly namesAtOnce: number;
  users(page: Page): Promise<StoredUser[]>;
  /** Only the names, from the index alone. */
  names(page: Page): Promise<string[]>;
  /** The users of these names, in the order of the names. Some may have been removed meanwhile. */
  usersNamed(names: readonly string[]): Promise<StoredUser[]>;
}

/**
 * Lists users in small parts, each in the order of the index: no part takes longer when there are more users. The source
 * lets other requests have their turn between two parts.
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
