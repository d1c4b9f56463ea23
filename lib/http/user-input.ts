import { InvalidRequestError } from '../errors.js';
import { queryOf } from '../request/host.js';
import type { NewKey } from '../users/key-fields.js';
import { type NewUser, type RequestedChanges, readRequestedChanges } from '../users/user-fields.js';
import type { UserListOptions } from '../users/user-list.js';
import { USER_FIELDS, type UserField } from './answers.js';
import { INVALID_JSON } from './request-body.js';

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

/**
 * Kapacitor and its clients treat null, and an empty type, like a missing field. Clients send back the `link` of an
 * answer.
 */
function fieldsOf(json: unknown): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new InvalidRequestError(INVALID_JSON);
  const fields = Object.entries(json).filter(([field]) => field !== 'link');
  return Object.fromEntries(fields.map(([field, value]) => [field, isNothing(field, value) ? undefined : value]));
}

function isNothing(field: string, value: unknown): boolean {
  return value === null || (field === 'type' && value === '');
}

/**
 * Reads the query of a list: `pattern`, `fields` (repeatable), `offset` and `limit` as in Kapacitor, and `after`.
 *
 * @throws {InvalidRequestError} with Kapacitor's message
 */
export function toListQuery(url: string): UserListOptions & { readonly fields?: readonly UserField[] } {
  const query = new URLSearchParams(queryOf(url));
  const fields = query.getAll('fields').map(toField);
  return {
    pattern: query.get('pattern') ?? undefined,
    after: query.get('after') ?? undefined,
    ...(fields.length > 0 && { fields }),
    offset: toCount(query, 'offset'),
    limit: toCount(query, 'limit'),
  };
}

function toField(name: string): UserField {
  const field = USER_FIELDS.find((known) => known === name);
  if (field === undefined) throw new InvalidRequestError(`unsupported field ${JSON.stringify(name)}`);
  return field;
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
