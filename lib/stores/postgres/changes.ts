import { StoreError } from '../../errors.js';
import type { FirstAdminOutcome, RemoveOutcome, ReplaceOutcome } from '../../users/repository.js';
import { isActiveAdmin, type StoredUser } from '../../users/user.js';
import type { Connections } from './connections.js';
import type { Answer, Ask, Statement } from './driver.js';
import type { Statements } from './statements.js';

/** What is changed is found to be this. */
interface Found {
  /** Undefined if there is no such user. */
  readonly revision: string | undefined;
  /** Otherwise there is another admin, who stays one until the transaction ends. */
  isLastAdmin(): Promise<boolean>;
  readonly ask: Ask;
}

/** Changes users, so that one admin stays and no change is lost. */
export class Changes {
  readonly #connections: Connections;
  readonly #statements: Statements;

  constructor(connections: Connections, statements: Statements) {
    this.#connections = connections;
    this.#statements = statements;
  }

  insert(user: StoredUser): Promise<boolean> {
    return this.#changesOne(this.#statements.insert(user));
  }

  /** @returns their names */
  async insertMany(users: readonly StoredUser[]): Promise<string[]> {
    const { rows } = await this.#connections.change((ask) => ask(this.#statements.insertMany(users)));
    const inserted = new Set(rows.map((row) => row['name'] as string));
    // Of those that have the same name the first one is the one.
    return users.map(({ name }) => name).filter((name) => inserted.delete(name));
  }

  /** One process at a time: what another one does before is seen here. */
  insertFirstAdmin(user: StoredUser): Promise<FirstAdminOutcome> {
    return this.#connections.change(async (ask) => {
      const isAdminThere = async () => (await ask(this.#statements.anyAdmin())).rowCount === 1;
      await ask(this.#statements.lockAdmins());
      if (await isAdminThere()) return 'admin-exists';
      if ((await ask(this.#statements.insert(user))).rowCount === 1) return 'inserted';
      // Whoever has taken the name meanwhile may be one.
      return (await isAdminThere()) ? 'admin-exists' : 'name-taken';
    });
  }

  async replace(user: StoredUser, expectedRevision: string): Promise<ReplaceOutcome> {
    if (await this.#changesOne(this.#statements.replace(user, expectedRevision))) return 'replaced';
    if (isActiveAdmin(user)) return 'conflict';
    return this.#takingAdmin(user.name, async ({ revision, isLastAdmin, ask }) => {
      if (revision !== expectedRevision) return 'conflict';
      if (await isLastAdmin()) return 'last-admin';
      expectOne(await ask(this.#statements.replaceAny(user, expectedRevision)));
      return 'replaced';
    });
  }

  async remove(name: string): Promise<RemoveOutcome> {
    if (await this.#changesOne(this.#statements.remove(name))) return 'removed';
    return this.#takingAdmin(name, async ({ revision, isLastAdmin, ask }) => {
      if (revision === undefined) return 'not-found';
      if (await isLastAdmin()) return 'last-admin';
      expectOne(await ask(this.#statements.removeAny(name)));
      return 'removed';
    });
  }

  async #changesOne(statement: Statement): Promise<boolean> {
    const { rowCount } = await this.#connections.change((ask) => ask(statement));
    return rowCount === 1;
  }

  /**
   * What takes an admin away is done by one process at a time. It begins a transaction of its own: one that had waited
   * for the user's row would still have it, and somebody who has the admins' lock would wait for that.
   */
  #takingAdmin<T>(name: string, change: (found: Found) => Promise<T>): Promise<T> {
    return this.#connections.change(async (ask) => {
      await ask(this.#statements.lockAdmins());
      const [row] = (await ask(this.#statements.lockUser(name))).rows;
      const isLastAdmin = async () =>
        row?.['is_active_admin'] !== 'false' && (await ask(this.#statements.keepOtherAdmin(name))).rowCount === 0;
      return change({ revision: row?.['revision'] ?? undefined, isLastAdmin, ask });
    });
  }
}

function expectOne({ rowCount }: Answer): void {
  if (rowCount !== 1) throw new StoreError('something in the database undoes the change: a trigger, or a row policy');
}
