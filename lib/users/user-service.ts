import { randomUUID } from 'node:crypto';
import type { Audit, AuditContext, UserOperationFailed } from '../audit/events.js';
import { LastAdminError, StoreError, UserExistsError, UserNotFoundError } from '../errors.js';
import type { MaybePromise } from '../maybe-promise.js';
import { changedParts } from './changed-parts.js';
import { NamePattern } from './name-pattern.js';
import { failureOf } from './operation-failure.js';
import type { PasswordPolicy } from './password-policy.js';
import { normalizePermissions } from './permissions.js';
import type { UserRepository } from './repository.js';
import { publicUser, type StoredUser, type User } from './user.js';
import {
  checkAfter,
  checkCount,
  checkEnabled,
  checkLimit,
  checkPermissions,
  checkType,
  type NewUser,
  requireString,
  type UserChanges,
  type UserListOptions,
} from './user-changes.js';
import { checkUserName, isUserName } from './user-name.js';

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
  readonly #audit: Audit;
  readonly #context: AuditContext;

  /**
   * @param audit told of each user that is created, changed or deleted, and of each that was not, for a reason
   * @param context what those events have besides
   */
  constructor(
    repository: UserRepository,
    hasher: PasswordHashing,
    policy: PasswordPolicy,
    audit: Audit = () => {},
    context: AuditContext = {},
  ) {
    this.#repository = repository;
    this.#hasher = hasher;
    this.#policy = policy;
    this.#audit = audit;
    this.#context = context;
  }

  /**
   * The same users, for somebody whom the audit events are to name:
   * `auth.users.by({ by: req.user.name, from: req.ip }).delete('jane')`.
   */
  by({ by, from, method, path, requestId }: AuditContext): UserService {
    // Nothing else: a whole request would be a context as well, and has credentials in it.
    const context = { by, from, method, path, requestId };
    return new UserService(this.#repository, this.#hasher, this.#policy, this.#audit, context);
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
    const created = await this.#audited('create', user.name, () => this.#create(user, confirm));
    this.#audit('user-created', () => ({ ...this.#context, user: created }));
    return created;
  }

  async #create(user: NewUser, confirm: () => MaybePromise<void>): Promise<User> {
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
    checkLimit(limit);
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
    const { before, after } = await this.#audited('change', name, () => this.#update(name, changes, confirm));
    this.#audit('user-changed', () => ({
      ...this.#context,
      user: publicUser(after),
      before: publicUser(before),
      changed: changedParts(before, after),
    }));
    return publicUser(after);
  }

  async #update(
    name: string,
    changes: UserChanges,
    confirm: (current: StoredUser) => MaybePromise<void>,
  ): Promise<{ before: StoredUser; after: StoredUser }> {
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
      if (outcome === 'replaced') return { before: current, after: next };
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

  async #audited<T>(operation: UserOperationFailed['operation'], name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#audit('user-operation-failed', () => ({ ...this.#context, ...failureOf(operation, name, error) }));
      throw error;
    }
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
