import { requireFunction } from '../argument-checks.js';
import { LastAdminError, UserExistsError, UserNotFoundError } from '../errors.js';
import { accountOf, timesOfNewUser, type UserAccount } from './account.js';
import { requireKept } from './account-fields.js';
import {
  type Audit,
  type AuditContext,
  changedParts,
  operationFailure,
  readContext,
  type UserOperationFailed,
} from './audit-events.js';
import { compareAndSet, type Replacement } from './compare-and-set.js';
import type { Confirm, ConfirmChange } from './confirmation.js';
import { repeatConflicts } from './conflicts.js';
import { requireOtherPassword, requirePasswordAlone } from './duty-to-change.js';
import type { OwnChangeLimit } from './own-change-limit.js';
import { oneAtATime, type PasswordHashing } from './password-hashing.js';
import type { PasswordPolicy } from './password-policy.js';
import { PermissionNames } from './permissions.js';
import type { CompleteUserRepository } from './repository.js';
import { deedOf, successor } from './successor.js';
import { publicUser, type StoredUser, storedUser } from './user.js';
import { runBatch, type UserOperation, type UserOperationResult } from './user-batch.js';
import {
  type NewUser,
  type ReadChanges,
  readChanges,
  readNewUser,
  requireKnownPermissions,
  requireText,
  type UserChanges,
} from './user-fields.js';
import { readFilterOptions, readListOptions, type UserFilterOptions, type UserListOptions } from './user-list.js';
import { isUserName } from './user-name.js';

/** The parts of a user service. */
export interface UserServiceParts {
  readonly repository: CompleteUserRepository;
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

/**
 * The users, and the rules for their names, passwords, types and permissions. At least one admin who can log in always
 * remains. A change is in force in every process that shares the store when its promise is fulfilled.
 *
 * @typeParam Own the names of the app's own permissions
 */
export class UserService<Own extends string = string> {
  readonly #parts: UserServiceParts;
  readonly #permissionNames: PermissionNames;
  readonly #repository: CompleteUserRepository;
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
  async create(user: NewUser<Own>, confirm: Confirm = () => {}): Promise<UserAccount<Own>> {
    requireFunction('users.create', 'confirm', confirm);
    const created = await this.#audited('create', user?.name, () => this.#create(user, confirm));
    this.#audit('user-created', () => ({ ...this.#context, user: publicUser(created) }));
    return accountOf(created) as UserAccount<Own>;
  }

  async #create(given: NewUser<string>, confirm: Confirm): Promise<StoredUser> {
    const { password, ...user } = readNewUser(given);
    requireKnownPermissions(user.permissions, this.#permissionNames);
    requireKept(user, this.#repository);
    const accepted = await this.#parts.policy.accept(password, user.name);
    if ((await this.#repository.find(user.name)) !== undefined) throw new UserExistsError(user.name);
    const hash = await this.#parts.hasher.hash(accepted);
    const created = storedUser({ ...user, ...timesOfNewUser(this.#repository) }, hash);
    await confirm();
    if (!(await this.#repository.insert(created))) throw new UserExistsError(user.name);
    return created;
  }

  /**
   * The user with this name, or undefined.
   *
   * @throws {InvalidUserError} the name is not a string
   * @throws {StoreError} the store is unavailable
   */
  async get(name: string): Promise<UserAccount<Own> | undefined> {
    const user = await this.#find(name);
    return user && (accountOf(user) as UserAccount<Own>);
  }

  /**
   * Users in the order of the bytes of their names.
   *
   * @throws {InvalidRequestError} an option is not acceptable or unknown
   * @throws {StoreError} the store is unavailable
   */
  async list(options: UserListOptions = {}): Promise<UserAccount<Own>[]> {
    const users = await this.#repository.list(readListOptions(options));
    return users.map((user) => accountOf(user) as UserAccount<Own>);
  }

  /**
   * The number of users that {@link list} would return in all its pages.
   *
   * @throws {InvalidRequestError} an option is not acceptable or unknown
   * @throws {StoreError} the store is unavailable
   */
  async count(options: UserFilterOptions = {}): Promise<number> {
    return this.#repository.count(readFilterOptions(options));
  }

  /**
   * When users logged in last, by name. Users who never did, or whose time is not kept, are not in it.
   *
   * @throws {InvalidUserError} a name is not a string
   * @throws {StoreError} the store is unavailable
   */
  async lastLogins(names: readonly string[]): Promise<ReadonlyMap<string, Date>> {
    for (const name of names) requireText(name, 'name');
    const times = (await this.#repository.logins?.lastOf(names.filter(isUserName))) ?? new Map<string, number>();
    return new Map([...times].map(([name, time]) => [name, new Date(time)]));
  }

  /**
   * Changes a user.
   *
   * @param confirm runs with the current user right before the change; an error that it throws ends the operation
   * @throws {UserNotFoundError} no user has this name
   * @throws {LastAdminError} no admin who can log in would be left
   * @throws {ThrottledError} users change their own password too often: see {@link by}
   * @throws {PasswordChangeRequiredError} the user must change its password, and changes something else of itself
   * @throws {InvalidUserError} {@link OverloadedError} {@link PasswordCheckError} {@link StoreError} as in {@link create}
   */
  async update(name: string, changes: UserChanges<Own>, confirm: ConfirmChange = () => {}): Promise<UserAccount<Own>> {
    requireFunction('users.update', 'confirm', confirm);
    const { before, after } = await this.#audited('change', name, () => this.#update(name, changes, confirm));
    this.#audit('user-changed', () => ({
      ...this.#context,
      user: publicUser(after),
      before: publicUser(before),
      changed: changedParts(before, after),
    }));
    return accountOf(after) as UserAccount<Own>;
  }

  async #update(name: string, given: UserChanges<string>, confirm: ConfirmChange): Promise<Replacement> {
    requireText(name, 'name');
    const changes = readChanges(given, name);
    requireKept(changes, this.#repository);
    await this.#checkPermissions(name, changes);
    if (changes.password === undefined || this.#context.by !== name) return this.#replace(name, changes, confirm);
    // Users can repeat this request without end, so it is limited and does not wait for long.
    const change = () => this.#replace(name, changes, confirm, { isPatient: false });
    return this.#parts.ownChanges?.run(name, change) ?? change();
  }

  async #replace(
    name: string,
    changes: ReadChanges,
    confirm: ConfirmChange,
    hashing?: { isPatient: boolean },
  ): Promise<Replacement> {
    const { password, ...fields } = changes;
    const isOwn = this.#context.by === name;
    const hash = password === undefined ? undefined : await this.#hashFor(name, password, hashing);
    const change = { fields, hash, isOwn };
    if (!isUserName(name)) throw new UserNotFoundError();
    const outcome = await compareAndSet(this.#repository, name, async (before) => {
      if (before === undefined) throw new UserNotFoundError();
      await confirm(before);
      if (isOwn) requirePasswordAlone(before, changes);
      return { before, after: successor(before, change, this.#repository) };
    });
    if (outcome !== 'last-admin') return outcome;
    throw new LastAdminError(deedOf(fields));
  }

  /**
   * Deletes a user. A name that no user has is not an error, as in Kapacitor.
   *
   * @param confirm runs with the current user right before the deletion; an error that it throws ends the operation
   * @returns whether there was a user with this name
   * @throws {LastAdminError} no admin who can log in would be left
   * @throws {StoreError} the store is unavailable
   */
  async delete(name: string, confirm?: ConfirmChange): Promise<boolean> {
    if (confirm !== undefined) requireFunction('users.delete', 'confirm', confirm);
    const deleted = await this.#audited('delete', name, () =>
      repeatConflicts(name, 'to be deleted', () => this.#delete(name, confirm)),
    );
    if (deleted === undefined) return false;
    this.#audit('user-deleted', () => ({ ...this.#context, user: publicUser(deleted) }));
    return true;
  }

  async #delete(name: string, confirm?: ConfirmChange): Promise<StoredUser | undefined | 'conflict'> {
    const user = await this.#find(name);
    if (user === undefined) return undefined;
    await confirm?.(user);
    const outcome = await this.#repository.remove(name, confirm && user.revision);
    if (outcome === 'last-admin') throw new LastAdminError();
    if (outcome === 'conflict') return 'conflict';
    return outcome === 'removed' ? user : undefined;
  }

  /**
   * Creates, changes and deletes up to 1,000 users, each in one operation. One that fails keeps no other from being done. Those
   * that make an enabled admin come first, and those that take one away last, so that one is always left. Their passwords are
   * hashed one at a time, so that logins do not wait for all of them.
   *
   * @param begin runs before each operation, and right before its change; an error that it throws becomes its result
   * @returns a result for each operation, in the same order
   * @throws {InvalidRequestError} there is no operation, or there are more than 1,000, or two on one name
   * @throws {OverloadedError} too many passwords wait to be hashed; nothing was changed
   */
  async batch(
    operations: readonly UserOperation<Own>[],
    begin: Confirm = () => {},
  ): Promise<UserOperationResult<Own>[]> {
    requireFunction('users.batch', 'begin', begin);
    const { hasher } = this.#parts;
    const users = new UserService({ ...this.#parts, hasher: oneAtATime(hasher) });
    const parts = { users, hasher, find: (name: string) => this.#find(name), by: this.#context.by, begin };
    return runBatch(operations, parts) as Promise<UserOperationResult<Own>[]>;
  }

  /** Clients send back a user that they have read, with a permission that may no longer be defined. */
  async #checkPermissions(name: string, { permissions = [] }: ReadChanges): Promise<void> {
    if (permissions.every((permission) => this.#permissionNames.has(permission))) return;
    const user = await this.#find(name);
    if (user === undefined) throw new UserNotFoundError();
    requireKnownPermissions(permissions, this.#permissionNames, user.permissions);
  }

  /** An unknown user costs no hash. */
  async #hashFor(name: string, password: string, hashing?: { isPatient: boolean }): Promise<string> {
    const { hasher, policy } = this.#parts;
    const user = await this.#find(name);
    if (user === undefined) throw new UserNotFoundError();
    const accepted = await policy.accept(password, name);
    if (this.#context.by === name) await requireOtherPassword(user, password, hasher);
    return hasher.hash(accepted, hashing);
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
