import { didYouMean, inWords, isPlainObject, type KnownKeys, keyProblem, suggest } from '../argument-checks.js';
import { InvalidUserError } from '../errors.js';
import { describeType, describeValue } from '../safe-text.js';
import { ACCOUNT_FIELDS, type AccountFields, type ReadAccountFields, readAccountFields } from './account-fields.js';
import { requireFuture } from './end-time.js';
import type { Permission, PermissionNames } from './permissions.js';
import type { UserType } from './user.js';
import { checkUserName } from './user-name.js';

/**
 * A user to create.
 *
 * @typeParam Own the names of the app's own permissions
 */
export interface NewUser<Own extends string = never> extends AccountFields {
  /** Letters of any script (no invisible ones), digits, `-`, `.`, `@` and `_`. At most 256 bytes in UTF-8. */
  readonly name: string;
  /**
   * At most 72 bytes in UTF-8, without control characters, and different from the name. `minimumPasswordLength` and
   * `refusedPasswords` apply.
   */
  readonly password: string;
  /** Defaults to `normal`. */
  readonly type?: UserType | undefined;
  /** Defaults to none. An admin has no permissions of its own: they are dropped. */
  readonly permissions?: readonly (Permission | Own)[] | undefined;
  /** Whether the user can log in. Defaults to true. */
  readonly enabled?: boolean | undefined;
}

/**
 * The fields of a user to change. A field that is left out keeps its value. A user cannot be renamed.
 *
 * @typeParam Own the names of the app's own permissions
 */
export interface UserChanges<Own extends string = never> extends AccountFields {
  readonly password?: string | undefined;
  /** A user who becomes an admin loses its permissions. */
  readonly type?: UserType | undefined;
  /** Replaces all permissions of the user. One that is no longer defined can stay, and cannot be added. */
  readonly permissions?: readonly (Permission | Own)[] | undefined;
  /** Whether the user can log in. */
  readonly enabled?: boolean | undefined;
}

const NEW_USER: KnownKeys = {
  owner: 'a user',
  noun: 'field',
  keys: ['name', 'password', 'type', 'permissions', 'enabled', ...ACCOUNT_FIELDS],
};
/** The name is allowed, because clients send back a user that they have read. */
const CHANGES: KnownKeys = { ...NEW_USER, owner: 'a change of a user' };
/** For the same reason, these are ignored. */
const READ_ONLY: readonly string[] = ['created', 'passwordChanged', 'lastLogin', 'revision'];
/** A client may send the current password as proof that its user still knows it. */
const REQUESTED_CHANGES: KnownKeys = { ...CHANGES, keys: [...CHANGES.keys, 'currentPassword'] };

/** A user to create, with the defaults filled in. The password policy has not accepted the password yet. */
export type ReadNewUser = ReadAccountFields & {
  readonly [Field in Exclude<keyof NewUser, keyof AccountFields>]-?: NonNullable<NewUser<string>[Field]>;
};

/** Changes of a user that are checked. Undefined: no change. */
export type ReadChanges = ReadAccountFields & Omit<UserChanges<string>, keyof AccountFields>;

/**
 * Reads a user to create from code or from a client.
 *
 * @throws {InvalidUserError} names the field and the problem; it does not repeat a password
 */
export function readNewUser(given: unknown): ReadNewUser {
  const fields = knownFields(given, NEW_USER);
  const { name, password, type = 'normal', permissions = [], enabled = true } = fields;
  requireText(name, 'name');
  checkUserName(name);
  checkType(type);
  checkPermissions(permissions);
  checkEnabled(enabled);
  requireText(password, 'password');
  const account = readAccountFields(fields);
  requireFuture(account.expires ?? undefined, Date.now(), InvalidUserError);
  return { name, password, type, permissions, enabled, ...account };
}

/**
 * Reads changes of the user `userName` from code or from a client.
 *
 * @throws {InvalidUserError} names the field and the problem; it does not repeat a password
 */
export function readChanges(given: unknown, userName: string): ReadChanges {
  const fields = knownFields(withoutReadOnly(given), CHANGES);
  const { name = userName, password, type, permissions, enabled } = fields;
  requireText(name, 'name');
  if (name !== userName) throw new InvalidUserError('a user cannot be renamed');
  if (type !== undefined) checkType(type);
  if (permissions !== undefined) checkPermissions(permissions);
  if (enabled !== undefined) checkEnabled(enabled);
  if (password !== undefined) requireText(password, 'password');
  return { password, type, permissions, enabled, ...readAccountFields(fields) };
}

/** Changes that a client requests. */
export interface RequestedChanges {
  readonly changes: UserChanges<string>;
  /** The password that the user has now. It is verified before the change. */
  readonly currentPassword: string | undefined;
}

/**
 * Reads changes of the user `userName` from a client.
 *
 * @throws {InvalidUserError} as {@link readChanges} does, and for a current password without a new one
 */
export function readRequestedChanges(given: unknown, userName: string): RequestedChanges {
  const { currentPassword, ...fields } = knownFields(withoutReadOnly(given), REQUESTED_CHANGES);
  readChanges(fields, userName);
  const { name: _, ...changes }: UserChanges<string> & { readonly name?: unknown } = fields;
  if (currentPassword === undefined) return { changes, currentPassword };
  requireText(currentPassword, 'currentPassword');
  if (changes.password === undefined) {
    throw new InvalidUserError('currentPassword goes with a new password: add password');
  }
  return { changes, currentPassword };
}

/** @throws {InvalidUserError} the value is missing or not a string; a password is not repeated */
export function requireText(value: unknown, field: 'name' | 'password' | 'currentPassword'): asserts value is string {
  if (value === undefined) throw new InvalidUserError(`${field === 'name' ? 'username' : 'password'} is required`);
  if (typeof value !== 'string') throw new InvalidUserError(`${field} must be a text, not ${describeType(value)}`);
}

/** The fields of an object that has only known ones. A field on a prototype does not count. */
function knownFields(given: unknown, known: KnownKeys): Record<string, unknown> {
  const problem = keyProblem(given, known);
  if (problem !== undefined) throw new InvalidUserError(problem);
  return Object.assign(Object.create(null), given);
}

function withoutReadOnly(given: unknown): unknown {
  if (!isPlainObject(given)) return given;
  return Object.fromEntries(Object.entries(given).filter(([field]) => !READ_ONLY.includes(field)));
}

function checkType(type: unknown): asserts type is UserType {
  if (type === 'admin' || type === 'normal') return;
  throw new InvalidUserError(`type must be "admin" or "normal", not ${describeValue(type)}`);
}

function checkPermissions(permissions: unknown): asserts permissions is string[] {
  if (!Array.isArray(permissions)) {
    throw new InvalidUserError(`permissions must be an array, not ${describeType(permissions)}`);
  }
  const index = permissions.findIndex((permission) => typeof permission !== 'string');
  if (index !== -1) {
    throw new InvalidUserError(`a permission must be a text, not ${describeValue(permissions[index])}`);
  }
}

/**
 * Checks that the permissions of a new or a changed user exist.
 *
 * @param held the permissions that the user has: one of these can stay, even if it is no longer defined
 * @throws {InvalidUserError} a permission is not known; names the one that was probably meant
 */
export function requireKnownPermissions(
  permissions: readonly string[],
  names: PermissionNames,
  held: readonly string[] = [],
): void {
  const unknown = permissions.find((permission) => !names.has(permission) && !held.includes(permission));
  if (unknown === undefined) return;
  const hint = didYouMean(suggest(unknown, names.all)) || `: the permissions are ${inWords(names.all)}`;
  throw new InvalidUserError(`permission ${describeValue(unknown)} is not known${hint}`);
}

function checkEnabled(enabled: unknown): asserts enabled is boolean {
  if (typeof enabled === 'boolean') return;
  throw new InvalidUserError(`enabled must be true or false, not ${describeValue(enabled)}`);
}
