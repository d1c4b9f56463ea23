import { InvalidRequestError, InvalidUserError } from '../errors.js';
import { isPermission, type Permission } from '../users/permissions.js';
import type { UserType } from '../users/user.js';
import type { NewUser, UserChanges, UserListOptions } from '../users/user-changes.js';
import { USER_FIELDS, type UserField } from './answers.js';
import { INVALID_JSON } from './request-body.js';
import { queryOf } from './request-path.js';

/** To Kapacitor, and to its clients, a null is the same as nothing. */
interface UserBody {
  readonly name: string | undefined;
  readonly password: string | undefined;
  readonly type: UserType | undefined;
  readonly permissions: readonly Permission[] | undefined;
  readonly enabled: boolean | undefined;
}

/** The body of POST. What it lacks the user service misses, in Kapacitor's words. */
export function toNewUser(json: unknown): NewUser {
  return readBody(json === null ? {} : json) as NewUser;
}

/**
 * The body of PATCH for the user of this name.
 *
 * @throws {InvalidUserError} when it renames the user
 */
export function toChanges(json: unknown, userName: string): UserChanges {
  const { name, ...changes } = readBody(json);
  if (name !== undefined && name !== userName) throw new InvalidUserError('a user cannot be renamed');
  return changes;
}

function readBody(json: unknown): UserBody {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new InvalidRequestError(INVALID_JSON);
  const field = <T>(key: string, isValid: (value: unknown) => value is T): T | undefined => {
    const value: unknown = Object.hasOwn(json, key) ? (json as Record<string, unknown>)[key] : undefined;
    if (value === undefined || value === null) return undefined;
    if (!isValid(value)) throw new InvalidRequestError(INVALID_JSON);
    return value;
  };
  const type = field('type', isTypeOrEmpty);
  return {
    name: field('name', isString),
    password: field('password', isString),
    type: type === '' ? undefined : type,
    permissions: field('permissions', isPermissions),
    enabled: field('enabled', isBoolean),
  };
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isTypeOrEmpty(value: unknown): value is UserType | '' {
  return value === 'admin' || value === 'normal' || value === '';
}

function isPermissions(value: unknown): value is Permission[] {
  return Array.isArray(value) && value.every(isPermission);
}

/**
 * The query of a list: `pattern`, `fields` (repeatable), `offset` and `limit` as in Kapacitor, and `after`.
 *
 * @throws {InvalidRequestError} in Kapacitor's words
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
