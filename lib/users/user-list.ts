import { type KnownKeys, keyProblem } from '../argument-checks.js';
import { InvalidRequestError } from '../errors.js';
import { describeType, describeValue } from '../safe-text.js';
import { NamePattern } from './name-pattern.js';
import type { UserFilter, UserListQuery } from './repository.js';
import type { UserType } from './user.js';
import { isNamePosition } from './user-name.js';

const DEFAULT_LIMIT = 100;
/** Longer lists are read in pages. A page neither blocks the server for long nor fills its memory. */
const MAX_LIMIT = 10_000;

/** Which users to list or to count. Every condition must be fulfilled. */
export interface UserFilterOptions {
  /** A pattern of Go's `path.Match`: `j*`, `?ohn`, `[a-c]*`. Defaults to every name. */
  readonly pattern?: string | undefined;
  /** A part of the name, in letters of either case. Defaults to every name. */
  readonly q?: string | undefined;
  /** Defaults to both types. */
  readonly type?: UserType | undefined;
  /** Users who are enabled, or who are not. A user that has expired is still marked as enabled. Defaults to both. */
  readonly enabled?: boolean | undefined;
  /** The name of a permission that the users have. Admins have none. Defaults to everybody. */
  readonly permission?: string | undefined;
}

/** Which users to list. */
export interface UserListOptions extends UserFilterOptions {
  /**
   * Lists only names after this one, in the order of their bytes. `offset` and `limit` count from there. The name need
   * not exist: any well-formed text of at most 256 bytes in UTF-8 without NUL will do. Defaults to the empty text, which
   * comes before every name.
   *
   * To page through all users, pass the last name of the page before, until a page is shorter than its `limit`.
   */
  readonly after?: string | undefined;
  /** The number of users to skip. Defaults to 0. */
  readonly offset?: number | undefined;
  /** The maximum number of users to return, up to 10,000. Defaults to 100, as in Kapacitor. */
  readonly limit?: number | undefined;
}

const FILTER_OPTIONS: KnownKeys = {
  owner: 'a filter',
  noun: 'option',
  keys: ['pattern', 'q', 'type', 'enabled', 'permission'],
};
const LIST_OPTIONS: KnownKeys = {
  owner: 'a list',
  noun: 'option',
  keys: [...FILTER_OPTIONS.keys, 'after', 'offset', 'limit'],
};

/**
 * Reads the options of a count from code or from a client.
 *
 * @throws {InvalidRequestError} names the option and the problem
 */
export function readFilterOptions(options: UserFilterOptions): UserFilter {
  return readFilter(options, FILTER_OPTIONS);
}

/**
 * Reads the options of a list from code or from a client.
 *
 * @throws {InvalidRequestError} names the option and the problem
 */
export function readListOptions(options: UserListOptions): UserListQuery {
  const filter = readFilter(options, LIST_OPTIONS);
  const { after = '', offset = 0, limit = DEFAULT_LIMIT } = options;
  if (!isNamePosition(after)) {
    throw new InvalidRequestError("invalid after parameter: it must be a user's name, at most 256 bytes");
  }
  checkCount(offset, 'offset');
  checkCount(limit, 'limit');
  if (limit > MAX_LIMIT) {
    throw new InvalidRequestError(
      `limit must be at most ${MAX_LIMIT}: for more users, pass the last name of a page as after`,
    );
  }
  return { ...filter, after: after === '' ? undefined : after, offset, limit };
}

function readFilter(options: UserFilterOptions, known: KnownKeys): UserFilter {
  const problem = keyProblem(options, known);
  if (problem !== undefined) throw new InvalidRequestError(problem);
  const { pattern = '', q = '', type, enabled, permission } = options;
  for (const [option, value] of Object.entries({ pattern, q, permission: permission ?? '' })) {
    if (typeof value !== 'string')
      throw new InvalidRequestError(`${option} must be a text, not ${describeType(value)}`);
  }
  if (type !== undefined && type !== 'admin' && type !== 'normal') {
    throw new InvalidRequestError(`type must be "admin" or "normal", not ${describeValue(type)}`);
  }
  if (enabled !== undefined && typeof enabled !== 'boolean') {
    throw new InvalidRequestError(`enabled must be true or false, not ${describeValue(enabled)}`);
  }
  return { pattern: new NamePattern(pattern), q: q === '' ? undefined : q.toLowerCase(), type, enabled, permission };
}

function checkCount(value: unknown, option: 'offset' | 'limit'): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new InvalidRequestError(`${option} must be an integer, 0 or more`);
  }
}
