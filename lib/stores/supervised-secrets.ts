import { isPromise } from '../promises.js';
import type { SecretRepository, StoredSecret } from '../users/secret.js';
import type { Supervision } from './supervision.js';

/** Asks every question of a repository's secrets under supervision. */
export function superviseSecrets(secrets: SecretRepository, supervision: Supervision): SecretRepository {
  const copies = new SecretCopies();
  return {
    find(digest) {
      const found = supervision.ask('secrets.find', () => secrets.find(digest));
      return isPromise(found) ? found.then((secret) => copies.of(secret)) : copies.of(found);
    },
    list: (owner, kind) => supervision.ask('secrets.list', () => secrets.list(owner, kind)),
    insert: (secret, ownerRevision, limit) =>
      supervision.ask('secrets.insert', () => secrets.insert(secret, ownerRevision, limit)),
    remove: (owner, kind, id) => supervision.ask('secrets.remove', () => secrets.remove(owner, kind, id)),
    removeAll: (owner, kind) => supervision.ask('secrets.removeAll', () => secrets.removeAll(owner, kind)),
    recordUses: (uses) => supervision.ask('secrets.recordUses', () => secrets.recordUses(uses)),
    removeExpired: (time) => supervision.ask('secrets.removeExpired', () => secrets.removeExpired(time)),
  };
}

/** Copies of secrets that never change: see `UserCopies`. */
class SecretCopies {
  readonly #copies = new WeakMap<StoredSecret, StoredSecret>();

  /** The secret as it is now: the same copy for as long as the secret is the same. */
  of(secret: StoredSecret | undefined): StoredSecret | undefined {
    if (secret === undefined) return undefined;
    const known = this.#copies.get(secret);
    if (known !== undefined && isSameSecret(known, secret)) return known;
    const { digest, kind, id, owner, name, permissions, created, expires, lastUsed } = secret;
    const copy = Object.freeze({
      ...{ digest, kind, id, owner, name, created, expires, lastUsed },
      permissions: permissions && Object.freeze([...permissions]),
    });
    this.#copies.set(secret, copy);
    return copy;
  }
}

/** Without a function call for each field: every request with a key or a session gets here. */
function isSameSecret(a: StoredSecret, b: StoredSecret): boolean {
  return (
    a.digest === b.digest &&
    a.kind === b.kind &&
    a.id === b.id &&
    a.owner === b.owner &&
    a.name === b.name &&
    a.created === b.created &&
    a.expires === b.expires &&
    a.lastUsed === b.lastUsed &&
    (a.permissions === b.permissions || a.permissions?.join() === b.permissions?.join())
  );
}
