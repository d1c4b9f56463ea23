import { didYouMean, type KnownKeys, keyProblem, suggest } from '../argument-checks.js';
import { InvalidUserError } from '../errors.js';
import { describeType, describeValue } from '../safe-text.js';
import { isPermission, type Permission } from './permissions.js';
import type { UserType } from './user.js';
import type { NewUser, UserChanges } from './user-list.js';
import { checkUserName } from './user-name.js';

const NEW_USER: KnownKeys = {
  owner: 'a user',
  noun: 'field',
  keys: ['name', 'password', 'type', 'permissions', 'enabled'],
};
/** The name only as it is: whoever has read a user may send it back. */
const CHANGES: KnownKeys = { ...NEW_USER, owner: 'a change of a user' };
/** A client may prove besides that its user is still there. */
const REQUESTED_CHANGES: KnownKeys = { ...CHANGES, keys: [...CHANGES.keys, 'currentPassword'] };
const PERMISSIONS = ['none', 'api', 'config_api', 'write_points', 'all'];

/** A user to create, whose password has still to be accepted. */
export type AcceptedUser = { readonly [Field in keyof NewUser]-?: NonNullable<NewUser[Field]> };

/**
 * A user to create, as code or a client gives it, with the defaults filled in.
 *
 * @throws {InvalidUserError} names the field, and says what is wrong with it; it does not repeat a password
 */
export function readNewUser(given: unknown): AcceptedUser {
  const { name, password, type = 'normal', permissions = [], enabled = true } = fieldsOf(given, NEW_USER);
  requireText(name, 'name');
  checkUserName(name);
  checkType(type);
  checkPermissions(permissions);
  checkEnabled(enabled);
  requireText(password, 'password');
  return { name, password, type, permissions, enabled };
}

/**
 * What to change in the user of this name, as code or a client gives it.
 *
 * @throws {InvalidUserError} names the field, and says what is wrong with it; it does not repeat a password
 */
export function readChanges(given: unknown, userName: string): UserChanges {
  const { name = userName, password, type, permissions, enabled } = fieldsOf(given, CHANGES);
  requireText(name, 'name');
  if (name !== userName) throw new InvalidUserError('a user cannot be renamed');
  if (type !== undefined) checkType(type);
  if (permissions !== undefined) checkPermissions(permissions);
  if (enabled !== undefined) checkEnabled(enabled);
  if (password !== undefined) requireText(password, 'password');
  return { password, type, permissions, enabled };
}

/** A change as a client asks for it. */
export interface RequestedChanges {
  readonly changes: UserChanges;
  /** Sent along with a new password, to be checked before the change. */
  readonly currentPassword: string | undefined;
}

/**
 * What a client asks to change in the user of this name.
 *
 * @throws {InvalidUserError} as {@link readChanges} does; also for a current password that no new one comes with
 */
export function readRequestedChanges(given: unknown, userName: string): RequestedChanges {
  const { currentPassword, ...fields } = fieldsOf(given, REQUESTED_CHANGES);
  const changes = readChanges(fields, userName);
  if (currentPassword === undefined) return { changes, currentPassword };
  requireText(currentPassword, 'currentPassword');
  if (changes.password === undefined)
    throw new InvalidUserError('currentPassword goes with a new password: add password');
  return { changes, currentPassword };
}

/** @throws {InvalidUserError} it is no text, or missing; a password is not repeated */
export function requireText(value: unknown, field: 'name' | 'password' | 'currentPassword'): asserts value is string {
  if (value === undefined) throw new InvalidUserError(`${field === 'name' ? 'username' : 'password'} is required`);
  if (typeof value !== 'string') throw new InvalidUserError(`${field} must be a text, not ${describeType(value)}`);
}

/** Own fields only: what somebody has put on a prototype says nothing of a user. */
function fieldsOf(given: unknown, known: KnownKeys): Record<string, unknown> {
  const problem = keyProblem(given, known);
  if (problem !== undefined) throw new InvalidUserError(problem);
  return Object.assign(Object.create(null), given);
}

function checkType(type: unknown): asserts type is UserType {
  if (type === 'admin' || type === 'normal') return;
  throw new InvalidUserError(`type must be "admin" or "normal", not ${describeValue(type)}`);
}

function checkPermissions(permissions: unknown): asserts permissions is Permission[] {
  if (!Array.isArray(permissions)) {
    throw new InvalidUserError(`permissions must be an array, not ${describeType(permissions)}`);
  }
  const index = permissions.findIndex((permission) => !isPermission(permission));
  if (index === -1) return;
  const unknown: unknown = permissions[index];
  const all = ': there are none, api, config_api, write_points and all';
  if (typeof unknown !== 'string') {
    throw new InvalidUserError(`a permission must be a text, not ${describeValue(unknown)}${all}`);
  }
  throw new InvalidUserError(
    `permission ${describeValue(unknown)} is not known${didYouMean(suggest(unknown, PERMISSIONS)) || all}`,
  );
}

function checkEnabled(enabled: unknown): asserts enabled is boolean {
  if (typeof enabled === 'boolean') return;
  throw new InvalidUserError(`enabled must be true or false, not ${describeValue(enabled)}`);
}
