import { StoreError } from '../../errors.js';
import type { FirstAdminOutcome, KeyOwner, RemoveOutcome, ReplaceOutcome } from '../../users/repository.js';
import { isActiveAdmin, type StoredUser } from '../../users/user.js';
import type { Connections } from './connections.js';
import type { Answer, Ask, Statement } from './driver.js';
import type { SecretStatements } from './secret-statements.js';
import type { Statements } from './statements.js';

/** The locked row of a user who is about to be changed. */
interface LockedUser {
  /** Undefined if there is no such user. */
  readonly revision: string | undefined;
  /** If it resolves to false, another admin is locked as well and stays one until the transaction ends. */
  isLastAdmin(): Promise<boolean>;
  readonly ask: Ask;
}

/** Changes users by compare-and-set on the revision, so that no change is lost and one admin is left. */
export class Changes {
  readonly #connections: Connections;
  readonly #statements: Statements;
  readonly #secretStatements: SecretStatements;

  constructor(connections: Connections, statements: Statements, secretStatements: SecretStatements) {
    this.#connections = connections;
    this.#statements = statements;
    this.#secretStatements = secretStatements;
  }

  insert(user: StoredUser): Promise<boolean> {
    return this.#changesOne(this.#statements.insert(user));
  }

  /** @returns the names of the inserted users */
  insertMany(users: readonly KeyOwner[]): Promise<string[]> {
    return this.#connections.change(async (ask) => {
      const { rows } = await ask(this.#statements.insertMany(users));
      const names = new Set(rows.map((row) => row['name'] as string));
      // delete() is true for the first of several users with the same name.
      const inserted = users.filter(({ name }) => names.delete(name));
      const keys = inserted.flatMap((user) => user.keys ?? []);
      if (keys.length > 0) await ask(this.#secretStatements.insert(keys));
      return inserted.map(({ name }) => name);
    });
  }

  /** One process at a time: the lock makes the first admin of another process visible here. */
  insertFirstAdmin(user: StoredUser): Promise<FirstAdminOutcome> {
    return this.#connections.change(async (ask) => {
      const hasAdmin = async () => (await ask(this.#statements.anyAdmin())).rowCount === 1;
      await ask(this.#statements.lockAdmins());
      if (await hasAdmin()) return 'admin-exists';
      if ((await ask(this.#statements.insert(user))).rowCount === 1) return 'inserted';
      // The user who has taken the name meanwhile may be an admin.
      return (await hasAdmin()) ? 'admin-exists' : 'name-taken';
    });
  }

  async replace(user: StoredUser, expectedRevision: string): Promise<ReplaceOutcome> {
    if (await this.#changesOne(this.#statements.replace(user, expectedRevision))) return 'replaced';
    if (isActiveAdmin(user)) return 'conflict';
    return this.#withAdminsLocked(user.name, async ({ revision, isLastAdmin, ask }) => {
      if (revision !== expectedRevision) return 'conflict';
      if (await isLastAdmin()) return 'last-admin';
      expectOneRow(await ask(this.#statements.replaceAny(user, expectedRevision)));
      return 'replaced';
    });
  }

  async remove(name: string, expectedRevision?: string): Promise<RemoveOutcome> {
    if (await this.#changesOne(this.#statements.remove(name, expectedRevision))) return 'removed';
    return this.#withAdminsLocked(name, async ({ revision, isLastAdmin, ask }) => {
      if (revision === undefined) return 'not-found';
      if (expectedRevision !== undefined && revision !== expectedRevision) return 'conflict';
      if (await isLastAdmin()) return 'last-admin';
      expectOneRow(await ask(this.#statements.removeAny(name)));
      return 'removed';
    });
  }

  async #changesOne(statement: Statement): Promise<boolean> {
    const { rowCount } = await this.#connections.change((ask) => ask(statement));
    return rowCount === 1;
  }

  /**
   * Runs a change that may take an admin away, one process at a time. It needs a transaction of its own: one that has
   * waited for the user's row still holds that, and would deadlock with the holder of the admins' lock.
   */
  #withAdminsLocked<T>(name: string, change: (user: LockedUser) => Promise<T>): Promise<T> {
    return this.#connections.change(async (ask) => {
      await ask(this.#statements.lockAdmins());
      const [row] = (await ask(this.#statements.lockUser(name))).rows;
      const isLastAdmin = async () =>
        row?.['is_active_admin'] !== 'false' && (await ask(this.#statements.lockOtherAdmin(name))).rowCount === 0;
      return change({ revision: row?.['revision'] ?? undefined, isLastAdmin, ask });
    });
  }
}

function expectOneRow({ rowCount }: Answer): void {
  if (rowCount !== 1) throw new StoreError('a trigger or a row policy in the database has undone the change');
}
