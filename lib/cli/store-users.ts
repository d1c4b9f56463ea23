import type { UserAccount } from '../users/account.js';
import type { StoredUser } from '../users/user.js';
import type { UserOperation as StoreOperation, UserOperationResult } from '../users/user-batch.js';
import type { NewUser, UserChanges } from '../users/user-fields.js';
import type { UserFilterOptions, UserListOptions } from '../users/user-list.js';
import type { UserService } from '../users/user-service.js';
import { ChangedMeanwhileError } from './cli-error.js';
import type { ManagedUser, ManagedUsers, OperationOutcome, Reading, UserOperation } from './managed-users.js';

/** Operations that a store takes at once. */
const BATCH = 1_000;

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

  async *batch(operations: readonly UserOperation[]): AsyncGenerator<OperationOutcome, void, void> {
    for (let begin = 0; begin < operations.length; begin += BATCH) {
      const some = operations.slice(begin, begin + BATCH);
      const results = await this.#users.batch(some.map(toStoreOperation));
      for (const [index, { name }] of some.entries()) yield toOutcome(name, results[index] as UserOperationResult);
    }
  }

  async #managed(users: readonly UserAccount[], { isWhole = false }: Reading = {}): Promise<ManagedUser[]> {
    if (!isWhole) return users.map(managed);
    const logins = await this.#users.lastLogins(users.map(({ name }) => name));
    return users.map((user) => ({ ...managed(user), lastLogin: logins.get(user.name) ?? null }));
  }
}

function toStoreOperation(operation: UserOperation): StoreOperation<string> {
  return operation.op === 'change' ? operation : { ...operation, confirm: requireVersion(operation.version) };
}

function toOutcome(name: string, result: UserOperationResult): OperationOutcome {
  if ('error' in result) return { name, error: result.error };
  return 'user' in result ? { name, user: managed(result.user) } : { name };
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
