import type { MaybePromise } from '../../promises.js';
import type { InsertSecretOutcome, SecretKind, SecretRepository, SecretUse, StoredSecret } from '../../users/secret.js';
import type { FileAccess } from './file-access.js';
import type { KnownRows } from './known-rows.js';
import * as statements from './secret-statements.js';

/** The most secrets that one change records uses of, or removes: other changes and processes have their turn in between. */
const SECRETS_AT_ONCE = 500;

/** The parts of a store that its secrets need. */
interface SecretStore extends FileAccess {
  readonly known: KnownRows<StoredSecret>;
}

/** Keeps secrets in the SQLite file of their users. Triggers remove what changes of users end: see format-3.ts. */
export class SqliteSecrets implements SecretRepository {
  readonly #store: SecretStore;

  constructor(store: SecretStore) {
    this.#store = store;
  }

  find(digest: string): MaybePromise<StoredSecret | undefined> {
    return this.#store.read(() => this.#store.known.find(digest));
  }

  list(owner: string, kind: SecretKind): MaybePromise<StoredSecret[]> {
    return this.#store.read((connection) => connection.all(statements.list(owner, kind)).map(statements.secretFromRow));
  }

  async insert(secret: StoredSecret, ownerRevision: string, limit: number): Promise<InsertSecretOutcome> {
    const { otherwise } = await this.#store.change(statements.insert(secret, ownerRevision, limit));
    return (otherwise?.['outcome'] as InsertSecretOutcome | undefined) ?? 'inserted';
  }

  async remove(owner: string, kind: SecretKind, id: string): Promise<boolean> {
    const { written } = await this.#store.change(statements.remove(owner, kind, id));
    return written.length > 0;
  }

  async removeAll(owner: string, kind: SecretKind): Promise<number> {
    const { written } = await this.#store.change(statements.removeAll(owner, kind));
    return written.length;
  }

  async recordUses(uses: readonly SecretUse[]): Promise<void> {
    for (let from = 0; from < uses.length; from += SECRETS_AT_ONCE) {
      await this.#store.change(statements.recordUses(uses.slice(from, from + SECRETS_AT_ONCE)));
    }
  }

  async removeExpired(time: number): Promise<void> {
    // A change takes the lock of the file, also if there is nothing to remove.
    while ((await this.#store.read((connection) => connection.first(statements.anyExpired(time)))) !== undefined) {
      await this.#store.change(statements.removeExpired(time, SECRETS_AT_ONCE));
    }
  }
}
