import type { User } from '../users/user.js';
import type { NewUser, UserChanges } from '../users/user-fields.js';
import type { UserFilterOptions, UserListOptions } from '../users/user-list.js';
import { EXIT, exitCodeOf } from './cli-error.js';

/** A user of a store, or of a server that may not tell its account. Null: none. Undefined: it is not known here. */
export interface ManagedUser extends User {
  readonly expires?: Date | null | undefined;
  readonly note?: string | null | undefined;
  readonly created?: Date | null | undefined;
  readonly passwordChanged?: Date | null | undefined;
  readonly lastLogin?: Date | null | undefined;
  /** Differs after each change of the user. Undefined: the server has no versions. */
  readonly version?: string | undefined;
}

/** How much of a user to read. */
export interface Reading {
  /** With the times of the account. Defaults to false: they may be there, and need not. */
  readonly isWhole?: boolean;
}

/** A change or a deletion of a user, beside those of others. */
export type UserOperation =
  | { readonly op: 'change'; readonly name: string; readonly changes: UserChanges<string> }
  | { readonly op: 'delete'; readonly name: string; readonly version: string | undefined };

/** The outcome of an operation. */
export interface OperationOutcome {
  readonly name: string;
  /** The user after a change. Undefined after a deletion, and if it failed. */
  readonly user?: ManagedUser;
  /** Why nothing was done. Undefined: it was. */
  readonly error?: unknown;
}

/** Users that can be managed: those of a store, or those of a server behind its users API. */
export interface ManagedUsers {
  get(name: string, reading?: Reading): Promise<ManagedUser | undefined>;
  list(options?: UserListOptions, reading?: Reading): Promise<ManagedUser[]>;
  /** Undefined: a server that does not count. */
  count(filter: UserFilterOptions): Promise<number | undefined>;
  create(user: NewUser<string>): Promise<ManagedUser>;
  /**
   * @param version if it is defined, only this version of the user is changed
   * @throws {ChangedMeanwhileError} the user has another version
   */
  update(name: string, changes: UserChanges<string>, version?: string): Promise<ManagedUser>;
  /**
   * @param version if it is defined, only this version of the user is deleted
   * @returns whether there was such a user
   * @throws {ChangedMeanwhileError} the user has another version
   */
  delete(name: string, version?: string): Promise<boolean>;
  /**
   * Changes and deletes several users, as many as can be.
   *
   * @yields what became of each operation, in their order. After an error the others may have been done
   */
  batch(operations: readonly UserOperation[]): AsyncIterable<OperationOutcome>;
}

/** Runs operations one after the other, until the store or the server does not answer. */
export async function* oneByOne(
  users: Pick<ManagedUsers, 'update' | 'delete'>,
  operations: readonly UserOperation[],
): AsyncGenerator<OperationOutcome, void, void> {
  for (const operation of operations) {
    const { name } = operation;
    let outcome: OperationOutcome;
    try {
      if (operation.op === 'change') outcome = { name, user: await users.update(name, operation.changes) };
      else {
        await users.delete(name, operation.version);
        outcome = { name };
      }
    } catch (error) {
      if (exitCodeOf(error) !== EXIT.refused) throw error;
      outcome = { name, error };
    }
    yield outcome;
  }
}
