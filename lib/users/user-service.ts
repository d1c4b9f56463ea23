import { requireFunction } from '../argument-checks.js';
import { LastAdminError, UserExistsError, UserNotFoundError } from '../errors.js';
import type { MaybePromise } from '../promises.js';
import {
  type Audit,
  type AuditContext,
  changedParts,
  operationFailure,
  readContext,
  type UserOperationFailed,
} from './audit-events.js';
import { compareAndSet, type Replacement } from './compare-and-set.js';
import type { OwnChangeLimit } from './own-change-limit.js';
import type { PasswordPolicy } from './password-policy.js';
import { PermissionNames } from './permissions.js';
import type { UserRepository } from './repository.js';
import { publicUser, type StoredUser, storedUser, type User } from './user.js';
import {
  type NewUser,
  readChanges,
  readNewUser,
  requireKnownPermissions,
  requireText,
  type UserChanges,
} from './user-fields.js';
import { readListOptions, type UserListOptions } from './user-list.js';
import { isUserName } from './user-name.js';

/** Makes bcrypt hashes. */
export interface PasswordHashing {
  /** @param options.isPatient false: rejects when the hash has to wait for too long */
  hash(password: string, options?: { isPatient?: boolean }): Promise<string>;
}

/** The parts of a user service. */
export interface UserServiceParts {
  readonly repository: UserRepository;
  readonly hasher: PasswordHashing;
  readonly policy: PasswordPolicy;
  /** The permissions that users can be given. Defaults to Kapacitor's. */
  readonly permissionNames?: PermissionNames;
  /** Receives an event for each operation, whether it succeeds or fails. */
  readonly audit: Audit;
  /** Further details of these events. Defaults to none. */
  readonly context?: AuditContext | undefined;
  /** Limits password changes of the user that `context.by` names. Defaults to no limit. */
  readonly ownChanges?: OwnChangeLimit | undefined;
}

/** Runs right before a user is stored, after its password has been hashed. An error that it throws ends the operation. */
type Confirm = () => MaybePromise<void>;
type ConfirmChange = (current: StoredUser) => MaybePromise<void>;

/**
 * The users, and the rules for their names, passwords, types and permissions. At least one admin who can log in always
 * remains. A change is in force in every process that shares the store when its promise is fulfilled.
 *
 * @typeParam Own the names of the app's own permissions
 */
export class UserService<Own extends string = string> {
  readonly #parts: UserServiceParts;
  readonly #permissionNames: PermissionNames;
  readonly #repository: UserRepository;
  readonly #audit: Audit;
  readonly #context: AuditContext;

  constructor(parts: UserServiceParts) {
    this.#parts = parts;
    this.#permissionNames = parts.permissionNames ?? new PermissionNames();
    this.#repository = parts.repository;
    this.#audit = parts.audit;
    this.#context = parts.context ?? {};
  }

  /**
   * The same users, with details for the audit events:
   * `auth.users.by({ by: req.user.name, from: req.ip }).delete('jane')`. Users may change their own passwords ten times a
   * minute.
   *
   * @throws {ConfigError} a field is unknown or not a string, or the argument is a request
   */
  by(context: AuditContext): UserService<Own> {
    return new UserService({ ...this.#parts, context: readContext('users.by', context) });
  }

  /**
   * Creates a user.
   *
   * @param confirm runs right before the user is stored; an error that it throws ends the operation
   * @throws {InvalidUserError} a name, password, type or permission is not acceptable, or a field is unknown
   * @throws {UserExistsError} another user has the name
   * @throws {OverloadedError} too many passwords wait to be hashed
   * @throws {PasswordCheckError} the check of refused passwords failed
   * @throws {StoreError} the store is unavailable
   */
  async create(user: NewUser<Own>, confirm: Confirm = () => {}): Promise<User<Own>> {
    requireFunction('users.create', 'confirm', confirm);
    const created = await this.#audited('create', user?.name, () => this.#create(user, confirm));
    this.#audit('user-created', () => ({ ...this.#context, user: created }));
    return created as User<Own>;
  }

  async #create(given: NewUser<string>, confirm: Confirm): Promise<User> {
    const { password, ...user } = readNewUser(given);
    requireKnownPermissions(user.permissions, this.#permissionNames);
    const accepted = await this.#parts.policy.accept(password, user.name);
    if ((await this.#repository.find(user.name)) !== undefined) throw new UserExistsError(user.name);
    const created = storedUser(user, await this.#parts.hasher.hash(accepted));
    await confirm();
    if (!(await this.#repository.insert(created))) throw new UserExistsError(user.name);
    return publicUser(created);
  }

  /**
   * The user with this name, or undefined.
   *
   * @throws {InvalidUserError} the name is not a string
   * @throws {StoreError} the store is unavailable
   */
  async get(name: string): Promise<User<Own> | undefined> {
    const user = await this.#find(name);
    return user && (publicUser(user) as User<Own>);
  }

  /**
   * Users in the order of the bytes of their names.
   *
   * @throws {InvalidRequestError} an option is not acceptable or unknown
   * @throws {StoreError} the store is unavailable
   */
  async list(options: UserListOptions = {}): Promise<User<Own>[]> {
    const users = await this.#repository.list(readListOptions(options));
    return users.map((user) => publicUser(user) as User<Own>);
  }

  /**
   * Changes a user.
   *
   * @param confirm runs with the current user right before the change; an error that it throws ends the operation
   * @throws {UserNotFoundError} no user has this name
   * @throws {LastAdminError} no admin who can log in would be left
   * @throws {ThrottledError} users change their own password too often: see {@link by}
   * @throws {InvalidUserError} {@link OverloadedError} {@link PasswordCheckError} {@link StoreError} as in {@link create}
   */
  async update(name: string, changes: UserChanges<Own>, confirm: ConfirmChange = () => {}): Promise<User<Own>> {
    requireFunction('users.update', 'confirm', confirm);
    const { before, after } = await this.#audited('change', name, () => this.#update(name, changes, confirm));
    this.#audit('user-changed', () => ({
      ...this.#context,
      user: publicUser(after),
      before: publicUser(before),
      changed: changedParts(before, after),
    }));
    return publicUser(after) as User<Own>;
  }

  async #update(name: string, given: UserChanges<string>, confirm: ConfirmChange): Promise<Replacement> {
    requireText(name, 'name');
    const changes = readChanges(given, name);
    await this.#checkPermissions(name, changes);
    if (changes.password === undefined || this.#context.by !== name) return this.#replace(name, changes, confirm);
    // Users can repeat this request without end, so it is limited and does not wait for long.
    const change = () => this.#replace(name, changes, confirm, { isPatient: false });
    return this.#parts.ownChanges?.run(name, change) ?? change();
  }

  async #replace(
    name: string,
    { password, ...changes }: UserChanges<string>,
    confirm: ConfirmChange,
    hashing?: { isPatient: boolean },
  ): Promise<Replacement> {
    const hash = password === undefined ? undefined : await this.#hashFor(name, password, hashing);
    if (!isUserName(name)) throw new UserNotFoundError();
    const outcome = await compareAndSet(this.#repository, name, async (before) => {
      if (before === undefined) throw new UserNotFoundError();
      await confirm(before);
      return { before, after: successor(before, changes, hash) };
    });
    if (outcome !== 'last-admin') return outcome;
    throw new LastAdminError(changes.enabled === false ? 'disabled' : 'deleted or demoted');
  }

  /**
   * Deletes a user. A name that no user has is not an error, as in Kapacitor.
   *
   * @returns whether there was a user with this name
   * @throws {LastAdminError} no admin who can log in would be left
   * @throws {StoreError} the store is unavailable
   */
  async delete(name: string): Promise<boolean> {
    const deleted = await this.#audited('delete', name, () => this.#delete(name));
    if (deleted === undefined) return false;
    this.#audit('user-deleted', () => ({ ...this.#context, user: publicUser(deleted) }));
    return true;
  }

  async #delete(name: string): Promise<StoredUser | undefined> {
    const user = await this.#find(name);
    if (user === undefined) return undefined;
    const outcome = await this.#repository.remove(name);
    if (outcome === 'last-admin') throw new LastAdminError();
    return outcome === 'removed' ? user : undefined;
  }

  /** Clients send back a user that they have read, with a permission that may no longer be defined. */
  async #checkPermissions(name: string, { permissions = [] }: UserChanges<string>): Promise<void> {
    if (permissions.every((permission) => this.#permissionNames.has(permission))) return;
    const user = await this.#find(name);
    if (user === undefined) throw new UserNotFoundError();
    requireKnownPermissions(permissions, this.#permissionNames, user.permissions);
  }

  /** An unknown user costs no hash. */
  async #hashFor(name: string, password: string, hashing?: { isPatient: boolean }): Promise<string> {
    if ((await this.#find(name)) === undefined) throw new UserNotFoundError();
    return this.#parts.hasher.hash(await this.#parts.policy.accept(password, name), hashing);
  }

  async #audited<T>(operation: UserOperationFailed['operation'], name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#audit('user-operation-failed', () => ({ ...this.#context, ...operationFailure(operation, name, error) }));
      throw error;
    }
  }

  async #find(name: string): Promise<StoredUser | undefined> {
    requireText(name, 'name');
    return isUserName(name) ? this.#repository.find(name) : undefined;
  }
}

/** The user after the changes. The same object if there are none: writing it could only conflict with another change. */
function successor(
  before: StoredUser,
  changes: Omit<UserChanges<string>, 'password'>,
  hash: string | undefined,
): StoredUser {
  const { name } = before;
  const { type = before.type, permissions = before.permissions, enabled = before.enabled } = changes;
  const isUnchanged = [hash, changes.type, changes.permissions, changes.enabled].every((part) => part === undefined);
  return isUnchanged ? before : storedUser({ name, type, permissions, enabled }, hash ?? before.hash);
}
