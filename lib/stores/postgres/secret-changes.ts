import {
  type InsertSecretOutcome,
  isValidAt,
  type SecretKind,
  type SecretUse,
  type StoredSecret,
} from '../../users/secret.js';
import type { Connections } from './connections.js';
import type { Ask } from './driver.js';
import { type SecretStatements, toSecret } from './secret-statements.js';

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
    const { owner, created } = secret;
    return this.#connections.change(async (ask) => {
      const { rows } = await ask(this.#statements.lockOwner(owner));
      if (rows[0]?.['revision'] !== ownerRevision) return { outcome: 'conflict', hasRemoved: false };
      const others = (await ask(this.#statements.listAll(owner))).rows.map(toSecret);
      await this.#remove(
        ask,
        others.filter((other) => !isValidAt(other, created)),
      );
      const valid = others.filter((other) => isValidAt(other, created));
      return this.#insertBeside(
        ask,
        secret,
        valid.filter(({ kind }) => kind === secret.kind),
        limit,
      );
    });
  }

  /** @param others the secrets of the same owner and kind, the oldest first */
  async #insertBeside(
    ask: Ask,
    secret: StoredSecret,
    others: readonly StoredSecret[],
    limit: number,
  ): Promise<Insertion> {
    if (secret.kind === 'key') {
      if (others.some(({ name }) => name === secret.name)) return { outcome: 'name-taken', hasRemoved: false };
      if (others.length >= limit) return { outcome: 'full', hasRemoved: false };
    }
    const oldest = others.slice(0, Math.max(0, others.length - limit + 1));
    if (oldest.length > 0) await ask(this.#statements.reviseOwner(secret.owner));
    await this.#remove(ask, oldest);
    await ask(this.#statements.insert([secret]));
    return { outcome: 'inserted', hasRemoved: oldest.length > 0 };
  }

  async #remove(ask: Ask, secrets: readonly StoredSecret[]): Promise<void> {
    if (secrets.length > 0) await ask(this.#statements.remove(secrets.map(({ digest }) => digest)));
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
      return (await ask(this.#statements.removeOf(owner, kind, id))).rowCount ?? 0;
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
