import { setImmediate } from 'node:timers/promises';
import { StoreError } from '../errors.js';
import type { UserFilter, UserListQuery } from '../users/repository.js';
import type { StoredUser } from '../users/user.js';
import { isNameSelected } from '../users/user-filter.js';

/** Milliseconds for a list or a count. Nobody waits for it any more then. */
export const LIST_WITHIN = 4_500;
/** How many users are read at once. */
const USERS = 1_000;
/** How many names are read first and compared with a pattern: the list may be complete after them. */
const FIRST_NAMES = 1_000;
/** How many names of an offset are skipped at once: the source returns only the last one. */
const SKIPPED = 10_000;
/** How many names are compared with a pattern before other requests have their turn: a pattern may be slow. */
const COMPARED = 100;

/** Users whose names begin with `prefix`, and who fulfil the other conditions. */
export interface Selection extends Pick<UserFilter, 'type' | 'enabled' | 'permission'> {
  /** Empty: all names. It contains no NUL. */
  readonly prefix: string;
}

/** A part of a list: selected users whose names come after `after`, ordered by name. */
export interface Page extends Selection {
  /** Undefined: from the first name on. */
  readonly after: string | undefined;
  /** How many of these users to skip, 0 or more. */
  readonly offset: number;
  /** The most users to return, 1 or more. */
  readonly limit: number;
}

/** A store that answers one part of a list at a time, from an index of the names in the order of their UTF-8 bytes. */
export interface ListSource {
  /**
   * The most names to read at once: many for a server, because each question is a round trip; few for a store that reads
   * on the event loop, because requests wait in the meantime.
   */
  readonly namesAtOnce: number;
  users(page: Page): Promise<StoredUser[]>;
  /** Only the names, from the index alone. */
  names(page: Page): Promise<string[]>;
  /** The users with these names, ordered by name. Some may have been removed in the meantime. */
  usersNamed(names: readonly string[]): Promise<StoredUser[]>;
  count(selection: Selection): Promise<number>;
}

/**
 * Lists users in small parts, each in the order of the index, so that a part does not take longer when there are more
 * users. Between two parts the source lets other requests have their turn.
 */
export async function listUsers(query: UserListQuery, source: ListSource): Promise<StoredUser[]> {
  if (query.limit === 0 || selectsNobody(query)) return [];
  return isSelection(query) ? listPrefix(query, source) : listMatching(query, source);
}

/** Counts users in small parts as well, unless the source counts them all at once. */
export async function countUsers(filter: UserFilter, source: ListSource): Promise<number> {
  if (selectsNobody(filter)) return 0;
  if (isSelection(filter)) return source.count(selectionOf(filter));
  return (await matchingNames({ ...filter, after: undefined, offset: 0, limit: Number.POSITIVE_INFINITY }, source))
    .length;
}

/** No name and no permission contains a NUL, and not every database accepts one. */
function selectsNobody({ pattern, permission = '' }: UserFilter): boolean {
  return pattern.prefix.includes('\0') || permission.includes('\0') || !permission.isWellFormed();
}

/** Whether the source can check all conditions. */
function isSelection({ pattern, q }: UserFilter): boolean {
  return pattern.isPrefixOnly && q === undefined;
}

function selectionOf({ pattern: { prefix }, type, enabled, permission }: UserFilter): Selection {
  return { prefix, type, enabled, permission };
}

/** For conditions that the source checks. */
async function listPrefix(query: UserListQuery, source: ListSource): Promise<StoredUser[]> {
  const { limit } = query;
  const start = await skipMost(query, source);
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
 * Skips most of the offset. That needs only the index of the names.
 *
 * @returns where the list begins; undefined if there are fewer users
 */
async function skipMost(query: UserListQuery, source: ListSource): Promise<Omit<Page, 'limit'> | undefined> {
  let start = { ...selectionOf(query), after: query.after, offset: query.offset };
  while (start.offset > USERS) {
    const count = Math.min(start.offset, SKIPPED);
    const [last] = await source.names({ ...start, offset: count - 1, limit: 1 });
    if (last === undefined) return undefined;
    start = { ...start, after: last, offset: start.offset - count };
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

async function matchingNames(query: UserListQuery, source: ListSource): Promise<string[]> {
  const { after, offset, limit } = query;
  const matching: string[] = [];
  let toSkip = offset;
  const atOnce = Math.min(FIRST_NAMES, source.namesAtOnce);
  let page: Page = { ...selectionOf(query), after, offset: 0, limit: atOnce };
  for (;;) {
    const names = await source.names(page);
    for (const [index, name] of names.entries()) {
      if (index % COMPARED === 0) await setImmediate();
      if (!isNameSelected(name, query)) continue;
      if (toSkip > 0) toSkip -= 1;
      else matching.push(name);
      if (matching.length === limit) return matching;
    }
    if (names.length < page.limit) return matching;
    page = { ...page, after: names.at(-1), limit: Math.min(2 * page.limit, source.namesAtOnce) };
  }
}

/** An answer that takes too long. It does not change the state of the store, which answers other questions. */
export class SlowAnswerError extends StoreError {}

/** A list that takes too long. */
export class SlowListError extends SlowAnswerError {
  constructor() {
    super('the list takes too long: ask for fewer users, and page with after instead of offset');
  }
}
