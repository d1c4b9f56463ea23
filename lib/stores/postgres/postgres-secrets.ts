import type { MaybePromise } from '../../promises.js';
import type { InsertSecretOutcome, SecretKind, SecretRepository, SecretUse, StoredSecret } from '../../users/secret.js';
import type { DatabaseAccess } from './database-access.js';
import type { Reader } from './reader.js';
import type { SecretChanges } from './secret-changes.js';
import { type SecretStatements, toSecret } from './secret-statements.js';

/** The parts of a repository that its secrets need. */
export interface PostgresSecretsOptions extends DatabaseAccess {
  readonly statements: SecretStatements;
  readonly reader: Reader<StoredSecret>;
  readonly changes: SecretChanges;
  /**
   * Makes a change of the secrets of a user. Resolves when it is in force in every process.
   *
   * @param concernsOthers whether other processes must know of the change. Defaults to always
   */
  readonly change: <T>(owner: string, change: () => Promise<T>, concernsOthers?: (outcome: T) => boolean) => Promise<T>;
}

/**
 * Stores the secrets of users in a PostgreSQL table beside that of the users.
 *
 * Secrets that are in use are served from memory, for as long as the row of their owner is the same. The removal of a secret
 * changes that row, so it is in force everywhere as soon as a change of a user is.
 */
export class PostgresSecrets implements SecretRepository {
  readonly #options: PostgresSecretsOptions;

  constructor(options: PostgresSecretsOptions) {
    this.#options = options;
  }

  find(digest: string): MaybePromise<StoredSecret | undefined> {
    this.#options.assertOpen();
    return this.#options.reader.find(digest);
  }

  async list(owner: string, kind: SecretKind): Promise<StoredSecret[]> {
    const { assertOpen, ask, statements } = this.#options;
    assertOpen();
    return (await ask(statements.list(owner, kind))).rows.map(toSecret);
  }

  async insert(secret: StoredSecret, ownerRevision: string, limit: number): Promise<InsertSecretOutcome> {
    const { change, changes } = this.#options;
    const insert = () => changes.insert(secret, ownerRevision, limit);
    return (await change(secret.owner, insert, ({ hasRemoved }) => hasRemoved)).outcome;
  }

  async remove(owner: string, kind: SecretKind, id: string): Promise<boolean> {
    return (await this.#remove(owner, kind, id)) > 0;
  }

  removeAll(owner: string, kind: SecretKind): Promise<number> {
    return this.#remove(owner, kind);
  }

  async recordUses(uses: readonly SecretUse[]): Promise<void> {
    this.#options.assertOpen();
    await this.#options.changes.recordUses(uses);
  }

  async removeExpired(time: number): Promise<void> {
    this.#options.assertOpen();
    await this.#options.changes.removeExpired(time);
  }

  #remove(owner: string, kind: SecretKind, id?: string): Promise<number> {
    const { change, changes } = this.#options;
    return change(owner, () => changes.remove(owner, kind, id));
  }
}
