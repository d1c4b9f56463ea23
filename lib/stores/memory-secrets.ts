import {
  type InsertSecretOutcome,
  isValidAt,
  RECORD_USE_EVERY,
  type SecretKind,
  type SecretRepository,
  type SecretUse,
  type StoredSecret,
} from '../users/secret.js';
import type { StoredUser } from '../users/user.js';

/** Keeps secrets in the memory of this process. */
export class MemorySecrets implements SecretRepository {
  readonly #secrets = new Map<string, StoredSecret>();
  readonly #owners: ReadonlyMap<string, StoredUser>;

  /** @param owners the users, as they are now */
  constructor(owners: ReadonlyMap<string, StoredUser>) {
    this.#owners = owners;
  }

  find(digest: string): StoredSecret | undefined {
    return this.#secrets.get(digest);
  }

  list(owner: string, kind: SecretKind): StoredSecret[] {
    return [...this.#secrets.values()]
      .filter((secret) => secret.owner === owner && secret.kind === kind)
      .sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1));
  }

  insert(secret: StoredSecret, ownerRevision: string, limit: number): InsertSecretOutcome {
    const { owner, kind, name, created } = secret;
    if (this.#owners.get(owner)?.revision !== ownerRevision) return 'conflict';
    this.#removeWhere((other) => other.owner === owner && !isValidAt(other, created));
    const others = this.list(owner, kind);
    if (kind === 'key') {
      if (others.some((other) => other.name === name)) return 'name-taken';
      if (others.length >= limit) return 'full';
    }
    for (const { digest } of others.slice(0, Math.max(0, others.length - limit + 1))) this.#secrets.delete(digest);
    this.#secrets.set(secret.digest, secret);
    return 'inserted';
  }

  remove(owner: string, kind: SecretKind, id: string): boolean {
    return this.#removeWhere((secret) => secret.owner === owner && secret.kind === kind && secret.id === id) > 0;
  }

  removeAll(owner: string, kind: SecretKind): number {
    return this.#removeWhere((secret) => secret.owner === owner && secret.kind === kind);
  }

  recordUses(uses: readonly SecretUse[]): void {
    for (const { digest, lastUsed } of uses) {
      const secret = this.#secrets.get(digest);
      if (secret === undefined || lastUsed < (secret.lastUsed ?? Number.NEGATIVE_INFINITY) + RECORD_USE_EVERY) continue;
      this.#secrets.set(digest, { ...secret, lastUsed });
    }
  }

  removeExpired(time: number): void {
    this.#removeWhere((secret) => !isValidAt(secret, time));
  }

  /** Adds the keys of a new user. */
  addKeys(keys: readonly StoredSecret[] = []): void {
    for (const key of keys) this.#secrets.set(key.digest, key);
  }

  /** Removes what does not survive a change of its owner. */
  ownerReplaced(before: StoredUser, after: StoredUser): void {
    if (!after.enabled || after.hash !== before.hash) this.removeAll(after.name, 'session');
  }

  ownerRemoved(name: string): void {
    this.#removeWhere(({ owner }) => owner === name);
  }

  #removeWhere(isMeant: (secret: StoredSecret) => boolean): number {
    const before = this.#secrets.size;
    for (const secret of this.#secrets.values()) if (isMeant(secret)) this.#secrets.delete(secret.digest);
    return before - this.#secrets.size;
  }
}
