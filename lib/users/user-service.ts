import { randomUUID } from 'node:crypto';
import {
  InvalidRequestError,
  InvalidUserError,
  LastAdminError,
  StoreError,
  UserExistsError,
  UserNotFoundError,
} from '../errors.js';
import type { MaybePromise } from '../maybe-promise.js';
import { NamePattern } from './name-pattern.js';
import type { PasswordPolicy } from './password-policy.js';
import { isPermission, normalizePermissions, type Permission } from './permissions.js';
import type { UserRepository } from './repository.js';
import { publicUser, type StoredUser, type User, type UserType } from './user.js';
import { checkUserName, isNamePosition, isUserName } from './user-name.js';

/** A user to create. */
export interface NewUser {
  /** Letters of any script, digits, `-`, `.`, `@` and `_`; at most 256 bytes in UTF-8. */
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
  /** How many to give at the most. Defaults to 100, as in Kapacitor. */
  readonly limit?: number | undefined;
}

/** Makes bcrypt hashes. */
export interface PasswordHashing {
  hash(password: string): Promise<string>;
}

const DEFAULT_LIMIT = 100;
/** Each conflict means that somebody else's change of the same user went through. */
const MAX_CONFLICTS = 100;

/**
 * The rules of users: which names, passwords, types and permissions there are, and that one admin stays.
 * Each change is in force, in every process that shares the store, when its promise is fulfilled.
 */
export class UserService {
  readonly #repository: UserRepository;
  readonly #hasher: PasswordHashing;
  readonly #policy: PasswordPolicy;

  constructor(repository: UserRepository, hasher: PasswordHashing, policy: PasswordPolicy) {
    this.#repository = repository;
    this.#hasher = hasher;
    this.#policy = policy;
  }

  /**
   * Creates a user.
   *
   * @param confirm called right before the user is stored, when the password has been hashed: what it throws ends it
   * @throws {InvalidUserError} a name, password, type or permission is not acceptable
   * @throws {UserExistsError} the name is taken
   * @throws {OverloadedError} too many passwords wait to be hashed
   * @throws {PasswordCheckError} it could not be found out whether the password is a refused one
   * @throws {StoreError} the store is unavailable
   */
  async create(user: NewUser, confirm: () => MaybePromise<void> = () => {}): Promise<User> {
    const { name, password } = user;
    requireString(name, 'name');
    checkUserName(name);
    const { type = 'normal', permissions = [], enabled = true } = user;
    checkType(type);
    checkPermissions(permissions);
    checkEnabled(enabled);
    const accepted = await this.#accept(password, name);
    if ((await this.#repository.find(name)) !== undefined) throw new UserExistsError(name);
    const hash = await this.#hasher.hash(accepted);
    const created = stored({ name, type, permissions, enabled }, hash);
    await confirm();
    if (!(await this.#repository.insert(created))) throw new UserExistsError(name);
    return publicUser(created);
  }

  /** The user of this name, or undefined. */
  async get(name: string): Promise<User | undefined> {
    const user = await this.#find(name);
    return user && publicUser(user);
  }

  /**
   * Users in the order of their names' bytes.
   *
   * @throws {InvalidRequestError} an option is not acceptable
   * @throws {StoreError} the store is unavailable
   */
  async list({ pattern = '', after = '', offset = 0, limit = DEFAULT_LIMIT }: UserListOptions = {}): Promise<User[]> {
    checkAfter(after);
    checkCount(offset, 'offset');
    checkCount(limit, 'limit');
    const users = await this.#repository.list({
      pattern: new NamePattern(pattern),
      after: after === '' ? undefined : after,
      offset,
      limit,
    });
    return users.map(publicUser);
  }

  /**
   * Changes a user.
   *
   * @param confirm called with the user as it is, right before it is changed: what it throws ends it
   * @throws {UserNotFoundError} no user has this name
   * @throws {LastAdminError} no admin would be left that is enabled
   * @throws {InvalidUserError} {@link OverloadedError} {@link PasswordCheckError} {@link StoreError} as with {@link create}
   */
  async update(
    name: string,
    changes: UserChanges,
    confirm: (current: StoredUser) => MaybePromise<void> = () => {},
  ): Promise<User> {
    const { password, type, permissions, enabled } = changes;
    if (type !== undefined) checkType(type);
    if (permissions !== undefined) checkPermissions(permissions);
    if (enabled !== undefined) checkEnabled(enabled);
    let current = await this.#existing(name);
    const accepted = password === undefined ? undefined : await this.#accept(password, name);
    const hash = accepted === undefined ? undefined : await this.#hasher.hash(accepted);
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      if (conflicts > 0 || hash !== undefined) current = await this.#existing(name);
      await confirm(current);
      const next = stored(
        {
          name,
          type: type ?? current.type,
          permissions: permissions ?? current.permissions,
          enabled: enabled ?? current.enabled,
        },
        hash ?? current.hash,
      );
      const outcome = await this.#repository.replace(next, current.revision);
      if (outcome === 'replaced') return publicUser(next);
      if (outcome === 'last-admin') throw new LastAdminError(next.enabled ? 'deleted or demoted' : 'disabled');
    }
    throw new StoreError('the user changes too often for this change to be made: try again later');
  }

  /**
   * Deletes a user; that there is none of this name is no error, as in Kapacitor.
   *
   * @returns whether there was one
   * @throws {LastAdminError} no admin would be left that is enabled
   * @throws {StoreError} the store is unavailable
   */
  async delete(name: string): Promise<boolean> {
    if ((await this.#find(name)) === undefined) return false;
    const outcome = await this.#repository.remove(name);
    if (outcome === 'last-admin') throw new LastAdminError();
    return outcome === 'removed';
  }

  async #accept(password: unknown, name: string): Promise<string> {
    requireString(password, 'password');
    return this.#policy.accept(password, name);
  }

  async #find(name: string): Promise<StoredUser | undefined> {
    return isUserName(name) ? this.#repository.find(name) : undefined;
  }

  async #existing(name: string): Promise<StoredUser> {
    const user = await this.#find(name);
    if (user === undefined) throw new UserNotFoundError();
    return user;
  }
}

function stored({ name, type, permissions, enabled }: User, hash: string): StoredUser {
  return {
    name,
    type,
    enabled,
    permissions: type === 'admin' ? [] : normalizePermissions(permissions),
    hash,
    revision: randomUUID(),
  };
}

function requireString(value: unknown, what: 'name' | 'password'): asserts value is string {
  if (value === undefined)
    throw new InvalidUserError(what === 'name' ? 'username is required' : 'password is required');
  if (typeof value !== 'string') throw new InvalidUserError(`${what} must be a string`);
}

function checkType(type: unknown): void {
  if (type !== 'admin' && type !== 'normal') {
    throw new InvalidUserError(`type must be "admin" or "normal", not ${JSON.stringify(type)}`);
  }
}

function checkPermissions(permissions: unknown): void {
  if (!Array.isArray(permissions)) throw new InvalidUserError('permissions must be an array');
  const unknown = permissions.find((permission) => !isPermission(permission));
  if (unknown !== undefined || permissions.includes(undefined)) {
    throw new InvalidUserError(
      `permission ${JSON.stringify(unknown)} is not known: there are none, api, config_api, write_points and all`,
    );
  }
}

function checkEnabled(enabled: unknown): void {
  if (typeof enabled !== 'boolean') throw new InvalidUserError('enabled must be true or false');
}

function checkAfter(value: unknown): void {
  if (!isNamePosition(value)) {
    throw new InvalidRequestError("invalid after parameter: it must be a user's name, at most 256 bytes");
  }
}

function checkCount(value: unknown, what: 'offset' | 'limit'): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new InvalidRequestError(`${what} must be an integer, 0 or more`);
  }
}
