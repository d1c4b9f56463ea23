import { type KnownKeys, keyProblem } from '../argument-checks.js';
import { InvalidRequestError } from '../errors.js';
import { describeType } from '../safe-text.js';
import type { Permission } from './permissions.js';
import type { UserType } from './user.js';
import { isNamePosition } from './user-name.js';

/** A user to create. */
export interface NewUser {
  /** Letters of any script (no invisible ones), digits, `-`, `.`, `@` and `_`; at most 256 bytes in UTF-8. */
  readonly name: string;
  /**
   * At most 72 bytes in UTF-8, no control characters, not the name, and whatever `minimumPasswordLength` and
   * `refusedPasswords` ask for.
   */
  readonly password: string;
  /** Defaults to `normal`. */
  readonly type?: UserType | undefined;
  /** Defaults to none. An admin has none of its own: those given are dropped. */
  readonly permissions?: readonly Permission[] | undefined;
  /** Whether the user gets in. Defaults to true. */
  readonly enabled?: boolean | undefined;
}

/** What to change in a user; what is left out stays as it is. A user cannot be renamed. */
export interface UserChanges {
  readonly password?: string | undefined;
  /** A user who becomes an admin loses its permissions. */
  readonly type?: UserType | undefined;
  /** All the permissions that the user has from now on. */
  readonly permissions?: readonly Permission[] | undefined;
  /** Whether the user gets in. */
  readonly enabled?: boolean | undefined;
}

/** Longer lists are read in pages, so that none occupies the server for long or fills its memory. */
const MAX_LIMIT = 10_000;

/** Which users to list. */
export interface UserListOptions {
  /** Go's `path.Match`: `j*`, `?ohn`, `[a-c]*`. Defaults to everybody. */
  readonly pattern?: string | undefined;
  /**
   * Only users whose names come after this one in the order of their bytes; `offset` and `limit` count from there.
   * No user need have it: it is a well-formed text of at most 256 bytes in UTF-8, without NUL. Defaults to the empty
   * one, which everybody comes after.
   *
   * To page through everybody, pass the last name of the page before, until a page is shorter than its `limit`.
   */
  readonly after?: string | undefined;
  /** How many to pass over. Defaults to 0. */
  readonly offset?: number | undefined;
  /** How many to give at the most: 10,000 or fewer. Defaults to 100, as in Kapacitor. */
  readonly limit?: number | undefined;
}

const LIST_OPTIONS: KnownKeys = { owner: 'a list', noun: 'option', keys: ['pattern', 'after', 'offset', 'limit'] };

export function checkListOptions(options: unknown): void {
  const problem = keyProblem(options, LIST_OPTIONS);
  if (problem !== undefined) throw new InvalidRequestError(problem);
}

export function checkPattern(value: unknown): void {
  if (typeof value !== 'string') throw new InvalidRequestError(`pattern must be a text, not ${describeType(value)}`);
}

export function checkAfter(value: unknown): void {
  if (!isNamePosition(value)) {
    throw new InvalidRequestError("invalid after parameter: it must be a user's name, at most 256 bytes");
  }
}

export function checkCount(value: unknown, what: 'offset' | 'limit'): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new InvalidRequestError(`${what} must be an integer, 0 or more`);
  }
}

export function checkLimit(value: unknown): void {
  checkCount(value, 'limit');
  if ((value as number) > MAX_LIMIT) {
    throw new InvalidRequestError(
      `limit must be at most ${MAX_LIMIT}: for more users, pass the last name of a page as after`,
    );
  }
}
