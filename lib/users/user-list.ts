import { type KnownKeys, keyProblem } from '../argument-checks.js';
import { InvalidRequestError } from '../errors.js';
import { describeType } from '../safe-text.js';
import { NamePattern } from './name-pattern.js';
import type { UserListQuery } from './repository.js';
import { isNamePosition } from './user-name.js';

const DEFAULT_LIMIT = 100;
/** Longer lists are read in pages. A page neither blocks the server for long nor fills its memory. */
const MAX_LIMIT = 10_000;

/** Which users to list. */
export interface UserListOptions {
  /** A pattern of Go's `path.Match`: `j*`, `?ohn`, `[a-c]*`. Defaults to every name. */
  readonly pattern?: string | undefined;
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

const LIST_OPTIONS: KnownKeys = { owner: 'a list', noun: 'option', keys: ['pattern', 'after', 'offset', 'limit'] };

/**
 * Reads the options of a list from code or from a client.
 *
 * @throws {InvalidRequestError} names the option and the problem
 */
export function readListOptions(options: UserListOptions): UserListQuery {
  const problem = keyProblem(options, LIST_OPTIONS);
  if (problem !== undefined) throw new InvalidRequestError(problem);
  const { pattern = '', after = '', offset = 0, limit = DEFAULT_LIMIT } = options;
  if (typeof pattern !== 'string')
    throw new InvalidRequestError(`pattern must be a text, not ${describeType(pattern)}`);
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
  return { pattern: new NamePattern(pattern), after: after === '' ? undefined : after, offset, limit };
}

function checkCount(value: unknown, option: 'offset' | 'limit'): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new InvalidRequestError(`${option} must be an integer, 0 or more`);
  }
}
