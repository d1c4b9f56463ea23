import type { UserAccount } from '../users/account.js';
import type { StoredUser } from '../users/user.js';
import type { NewUser, UserChanges } from '../users/user-fields.js';
import type { UserFilterOptions, UserListOptions } from '../users/user-list.js';
import type { UserService } from '../users/user-service.js';
import { ChangedMeanwhileError } from './cli-error.js';
import {
  type ManagedUser,
  type ManagedUsers,
  type OperationOutcome,
  oneByOne,
  type Reading,
  type UserOperation,
} from './managed-users.js';

/** The users of a store. */
export class StoreUsers implements ManagedUsers {
  readonly #users: UserService;

  constructor(users: UserService) {
    this.#users = users;
  }

  async get(name: string, reading?: Reading): Promise<ManagedUser | undefined> {
    const user = await this.#users.get(name);
    return user && (await this.#managed([user], reading))[0];
  }

  async list(options?: UserListOptions, reading?: Reading): Promise<ManagedUser[]> {
    return this.#managed(await this.#users.list(options), reading);
  }

  count(filter: UserFilterOptions): Promise<number> {
    return this.#users.count(filter);
  }

  async create(user: NewUser<string>): Promise<ManagedUser> {
    return managed(await this.#users.create(user));
  }

  async update(name: string, changes: UserChanges<string>, version?: string): Promise<ManagedUser> {
    return managed(await this.#users.update(name, changes, requireVersion(version)));
  }

  delete(name: string, version?: string): Promise<boolean> {
    return this.#users.delete(name, requireVersion(version));
  }

  batch(operations: readonly UserOperation[]): AsyncIterable<OperationOutcome> {
    return oneByOne(this, operations);
  }

  async #managed(users: readonly UserAccount[], { isWhole = false }: Reading = {}): Promise<ManagedUser[]> {
    if (!isWhole) return users.map(managed);
    const logins = await this.#users.lastLogins(users.map(({ name }) => name));
    return users.map((user) => ({ ...managed(user), lastLogin: logins.get(user.name) ?? null }));
  }
}

/** A store knows all of an account, so a field that is missing says nothing. */
function managed({ revision, ...user }: UserAccount): ManagedUser {
  const { expires = null, mustChangePassword = false, note = null, created = null, passwordChanged = null } = user;
  return { ...user, expires, mustChangePassword, note, created, passwordChanged, version: revision };
}

function requireVersion(version: string | undefined): (current: StoredUser) => void {
  return ({ name, revision }) => {
    if (version === undefined || revision === version) return;
    throw new ChangedMeanwhileError(`the user ${name} was changed meanwhile`);
  };
}
