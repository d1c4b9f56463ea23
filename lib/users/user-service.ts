import { randomUUID } from 'node:crypto';
import { ConfigError, LastAdminError, StoreError, UserExistsError, UserNotFoundError } from '../errors.js';
import type { MaybePromise } from '../promises.js';
import { describeType } from '../safe-text.js';
import type { Audit, AuditContext, UserOperationFailed } from './audit-events.js';
import { failureOf, readContext } from './audit-events.js';
import { NamePattern } from './name-pattern.js';
import type { PasswordPolicy } from './password-policy.js';
import { normalizePermissions } from './permissions.js';
import type { UserRepository } from './repository.js';
import { changedParts, publicUser, type StoredUser, type User } from './user.js';
import { readChanges, readNewUser, requireText } from './user-fields.js';
import {
  checkAfter,
  checkCount,
  checkLimit,
  checkListOptions,
  checkPattern,
  type NewUser,
  type UserChanges,
  type UserListOptions,
} from './user-list.js';
import { isUserName } from './user-name.js';

/** Makes bcrypt hashes. */
export interface PasswordHashing {
  /** @param options.isPatient false: the hash is given up when it has to wait for too long */
  hash(password: string, options?: { isPatient?: boolean }): Promise<string>;
}

/** Bounds how often users change their own passwords. */
export interface OwnChangeLimit {
  run<T>(name: string, change: () => Promise<T>): Promise<T>;
}

const NO_LIMIT: OwnChangeLimit = { run: (_name, change) => change() };

/** A user as it was, and as it is now. */
interface Replacement {
  readonly before: StoredUser;
  readonly after: StoredUser;
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
  readonly #ownChanges: OwnChangeLimit;

  /**
   * @param audit told of each user that is created, changed or deleted, and of each that was not, for a reason
   * @param context what those events have besides
   * @param ownChanges holds for changes of a password by the user whom the context names
   */
  constructor(
    repository: UserRepository,
    hasher: PasswordHashing,
    policy: PasswordPolicy,
    audit: Audit = () => {},
    context: AuditContext = {},
    ownChanges: OwnChangeLimit = NO_LIMIT,
  ) {
    this.#repository = repository;
    this.#hasher = hasher;
    this.#policy = policy;
    this.#audit = audit;
    this.#context = context;
    this.#ownChanges = ownChanges;
  }

  /**
   * The same users, for somebody whom the audit events are to name:
   * `auth.users.by({ by: req.user.name, from: req.ip }).delete('jane')`. Users who change their own passwords may do so
   * ten times in a minute.
   *
   * @throws {ConfigError} a field is not known, or no text; a request is no context
   */
  by(context: AuditContext): UserService {
    const known = readContext(context);
    return new UserService(this.#repository, this.#hasher, this.#policy, this.#audit, known, this.#ownChanges);
  }

  /**
   * Creates a user.
   *
   * @param confirm called right before the user is stored, when the password has been hashed: what it throws ends it
   * @throws {InvalidUserError} a name, password, type or permission is not acceptable, or a field is not known
   * @throws {UserExistsError} the name is taken
   * @throws {OverloadedError} too many passwords wait to be hashed
   * @throws {PasswordCheckError} it could not be found out whether the password is a refused one
   * @throws {StoreError} the store is unavailable
   */
  async create(user: NewUser, confirm: () => MaybePromise<void> = () => {}): Promise<User> {
    requireConfirmation('create', confirm);
    const created = await this.#audited('create', user?.name, () => this.#create(user, confirm));
    this.#audit('user-created', () => ({ ...this.#context, user: created }));
    return created;
  }

  async #create(user: NewUser, confirm: () => MaybePromise<void>): Promise<User> {
    const { name, password, type, permissions, enabled } = readNewUser(user);
    const accepted = await this.#policy.accept(password, name);
    if ((await this.#repository.find(name)) !== undefined) throw new UserExistsError(name);
    const hash = await this.#hasher.hash(accepted);
    const created = stored({ name, type, permissions, enabled }, hash);
    await confirm();
    if (!(await this.#repository.insert(created))) throw new UserExistsError(name);
    return publicUser(created);
  }

  /**
   * The user of this name, or undefined.
   *
   * @throws {InvalidUserError} the name is no text
   * @throws {StoreError} the store is unavailable
   */
  async get(name: string): Promise<User | undefined> {
    const user = await this.#find(name);
    return user && publicUser(user);
  }

  /**
   * Users in the order of their names' bytes.
   *
   * @throws {InvalidRequestError} an option is not acceptable, or not known
   * @throws {StoreError} the store is unavailable
   */
  async list(options: UserListOptions = {}): Promise<User[]> {
    checkListOptions(options);
    const { pattern = '', after = '', offset = 0, limit = DEFAULT_LIMIT } = options;
    checkPattern(pattern);
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
   * @throws {ThrottledError} users who change their own passwords do so too often: see {@link by}
   * @throws {InvalidUserError} {@link OverloadedError} {@link PasswordCheckError} {@link StoreError} as with {@link create}
   */
  async update(
    name: string,
    changes: UserChanges,
    confirm: (current: StoredUser) => MaybePromise<void> = () => {},
  ): Promise<User> {
    requireConfirmation('update', confirm);
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
  ): Promise<Replacement> {
    requireText(name, 'name');
    const read = readChanges(changes, name);
    if (read.password === undefined || this.#context.by !== name) return this.#replace(name, read, confirm);
    // A user can ask for it again and again.
    return this.#ownChanges.run(name, () => this.#replace(name, read, confirm, { isPatient: false }));
  }

  async #replace(
    name: string,
    { password, type, permissions, enabled }: UserChanges,
    confirm: (current: StoredUser) => MaybePromise<void>,
    hashing?: { isPatient: boolean },
  ): Promise<Replacement> {
    let current = await this.#existing(name);
    const accepted = password === undefined ? undefined : await this.#policy.accept(password, name);
    const hash = accepted === undefined ? undefined : await this.#hasher.hash(accepted, hashing);
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      if (conflicts > 0 || hash !== undefined) current = await this.#existing(name);
      await confirm(current);
      // Users may ask for this of themselves without end, and each write would get in the way of an admin's.
      if ([hash, type, permissions, enabled].every((part) => part === undefined)) {
        return { before: current, after: current };
      }
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

  async #find(name: string): Promise<StoredUser | undefined> {
    requireText(name, 'name');
    return isUserName(name) ? this.#repository.find(name) : undefined;
  }

  async #existing(name: string): Promise<StoredUser> {
    const user = await this.#find(name);
    if (user === undefined) throw new UserNotFoundError();
    return user;
  }
}

/** @throws {ConfigError} it is an object of options, which there are none of */
function requireConfirmation(call: 'create' | 'update', confirm: unknown): void {
  if (typeof confirm === 'function') return;
  throw new ConfigError(`users.${call}: what confirms it must be a function, not ${describeType(confirm)}`);
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
