import { didYouMean, suggest } from '../argument-checks.js';
import { InvalidRequestError } from '../errors.js';
import { describeValue, quoteText } from '../safe-text.js';
import type { NewKey } from '../users/key-fields.js';
import { type NewUser, type RequestedChanges, readRequestedChanges } from '../users/user-fields.js';
import type { UserFilterOptions, UserListOptions } from '../users/user-list.js';
import { INVALID_JSON } from './request-body.js';
import type { KnownParameters } from './request-parameters.js';
import { USER_FIELDS, type UserField } from './user-body.js';

/** The user in the body of a POST. The user service checks it. */
export function toNewUser(json: unknown): NewUser<string> {
  return fieldsOf(json === null ? {} : json) as unknown as NewUser<string>;
}

/** The key in the body of a POST. The key service checks it. */
export function toNewKey(json: unknown): NewKey<string> {
  return fieldsOf(json) as unknown as NewKey<string>;
}

/**
 * The changes in the body of a PATCH of this user.
 *
 * @throws {InvalidUserError} as in the user service
 */
export function toChanges(json: unknown, userName: string): RequestedChanges {
  return readRequestedChanges(fieldsOf(json), userName);
}

/** Null removes the value of these fields. */
const REMOVABLE: readonly string[] = ['expires', 'note'];

/**
 * Kapacitor and its clients treat null, and an empty type, like a missing field. Clients send back the `link` of an
 * answer.
 */
export function fieldsOf(json: unknown): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new InvalidRequestError(INVALID_JSON);
  const fields = Object.entries(json).filter(([field]) => field !== 'link');
  return Object.fromEntries(fields.map(([field, value]) => [field, isNothing(field, value) ? undefined : value]));
}

function isNothing(field: string, value: unknown): boolean {
  return (value === null && !REMOVABLE.includes(field)) || (field === 'type' && value === '');
}

/** The parameters of a request for one user. */
export const USER_PARAMETERS: KnownParameters = { owner: 'a user', names: ['fields'], repeatable: ['fields'] };

/** The parameters of a list: `pattern`, `fields`, `offset` and `limit` are Kapacitor's. */
export const LIST_PARAMETERS: KnownParameters = {
  owner: 'a list of users',
  names: ['pattern', 'q', 'type', 'enabled', 'permission', 'fields', 'count', 'after', 'offset', 'limit'],
  repeatable: ['fields'],
};

/** The list that a query asks for. */
export interface RequestedList {
  readonly filter: UserFilterOptions;
  readonly page: Pick<UserListOptions, 'after' | 'offset' | 'limit'>;
  /** Undefined: those that Kapacitor's clients know. */
  readonly fields: readonly UserField[] | undefined;
  /** Whether the answer has the number of users on all pages. */
  readonly count: boolean;
}

/**
 * Reads the query of a list. An empty parameter counts as absent, as an empty offset does in Kapacitor.
 *
 * @throws {InvalidRequestError} with Kapacitor's message, where Kapacitor has one
 */
export function toRequestedList(query: URLSearchParams): RequestedList {
  const text = (parameter: string) => query.get(parameter) || undefined;
  return {
    filter: {
      pattern: text('pattern'),
      q: text('q'),
      // The user service checks it.
      type: text('type') as UserFilterOptions['type'],
      enabled: toSwitch(query, 'enabled'),
      permission: text('permission'),
    },
    page: { after: text('after'), offset: toCount(query, 'offset'), limit: toCount(query, 'limit') },
    fields: toFields(query),
    count: toSwitch(query, 'count') ?? false,
  };
}

/**
 * The fields that a request asks for. Undefined: it does not say.
 *
 * @throws {InvalidRequestError} a user has no such field
 */
export function toFields(query: URLSearchParams): readonly UserField[] | undefined {
  const fields = query.getAll('fields').map(toField);
  return fields.length === 0 ? undefined : fields;
}

function toField(name: string): UserField {
  const field = USER_FIELDS.find((known) => known === name);
  if (field !== undefined) return field;
  const hint = name === '' ? '' : didYouMean(suggest(name, USER_FIELDS));
  throw new InvalidRequestError(`unsupported field ${quoteText(name)}${hint}`);
}

function toSwitch(query: URLSearchParams, parameter: 'enabled' | 'count'): boolean | undefined {
  const text = query.get(parameter);
  if (text === null || text === '') return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InvalidRequestError(`${parameter} must be true or false, not ${describeValue(text)}`);
}

function toCount(query: URLSearchParams, parameter: 'offset' | 'limit'): number | undefined {
  const text = query.get(parameter);
  if (text === null || text === '') return undefined;
  const count = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  const problem = count < 0 ? 'must not be negative' : 'must be an integer';
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new InvalidRequestError(`invalid ${parameter} parameter ${JSON.stringify(text)} ${problem}`);
  }
  return count;
}
