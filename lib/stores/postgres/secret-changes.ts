import type { InsertSecretOutcome, SecretKind, SecretUse, StoredSecret } from '../../users/secret.js';
import type { Connections } from './connections.js';
import { type SecretStatements, toTally } from './secret-statements.js';

/** How many expired secrets are removed in one transaction. */
const EXPIRED_AT_ONCE = 1_000;

/** The outcome of an insertion. */
export interface Insertion {
  readonly outcome: InsertSecretOutcome;
  /** Whether a session of the owner has made room. */
  readonly hasRemoved: boolean;
}

/** Changes secrets. Each change of the secrets of a user locks the user first, and no other user. */
export class SecretChanges {
  readonly #connections: Connections;
  readonly #statements: SecretStatements;

  constructor(connections: Connections, statements: SecretStatements) {
    this.#connections = connections;
    this.#statements = statements;
  }

  insert(secret: StoredSecret, ownerRevision: string, limit: number): Promise<Insertion> {
    const { owner, kind, created } = secret;
    return this.#connections.change(async (ask) => {
      const { rows } = await ask(this.#statements.lockOwner(owner));
      if (rows[0]?.['revision'] !== ownerRevision) return { outcome: 'conflict', hasRemoved: false };
      const { expired, others, namesakes } = toTally((await ask(this.#statements.tally(secret))).rows[0]);
      if (expired > 0) await ask(this.#statements.removeExpiredOf(owner, created));
      if (kind === 'key' && namesakes > 0) return { outcome: 'name-taken', hasRemoved: false };
      if (kind === 'key' && others >= limit) return { outcome: 'full', hasRemoved: false };
      const surplus = others - limit + 1;
      if (surplus > 0) {
        await ask(this.#statements.reviseOwner(owner));
        await ask(this.#statements.removeOldestOf(owner, kind, surplus));
      }
      await ask(this.#statements.insert([secret]));
      return { outcome: 'inserted', hasRemoved: surplus > 0 };
    });
  }

  /**
   * Removes the secrets of a user of this kind, or the one with this id.
   *
   * @returns their number
   */
  remove(owner: string, kind: SecretKind, id?: string): Promise<number> {
    return this.#connections.change(async (ask) => {
      const { rowCount } = await ask(this.#statements.reviseOwnerOf(owner, kind, id));
      if (rowCount === 0) return 0;
      return Number((await ask(this.#statements.removeOf(owner, kind, id))).rowCount);
    });
  }

  async recordUses(uses: readonly SecretUse[]): Promise<void> {
    await this.#connections.change((ask) => ask(this.#statements.recordUses(uses)));
  }

  async removeExpired(time: number): Promise<void> {
    const removeSome = () =>
      this.#connections.change((ask) => ask(this.#statements.removeExpired(time, EXPIRED_AT_ONCE)));
    while ((await removeSome()).rowCount === EXPIRED_AT_ONCE);
  }
}
