import type { MaybePromise } from '../promises.js';

/**
 * The use of a secret: a `key` lets a machine in, and a `session` a browser. Both are long and random, so their SHA-256 is enough
 * to keep them, and checking them takes no bcrypt.
 */
export type SecretKind = 'key' | 'session';

/** A secret beside the password of a user, as a repository keeps it. Times are milliseconds since 1970. */
export interface StoredSecret {
  /** The SHA-256 of the secret in base64url, 43 characters. No two secrets have the same. */
  readonly digest: string;
  readonly kind: SecretKind;
  /** A random text that names the secret and lets nobody in. No two secrets have the same. */
  readonly id: string;
  /** The name of the user that the secret belongs to. */
  readonly owner: string;
  /** A key's name, which no other key of its owner has. Undefined for a session. */
  readonly name: string | undefined;
  /** The most that the secret may do, in the order of a user's permissions. Undefined: all that its owner may do. */
  readonly permissions: readonly string[] | undefined;
  readonly created: number;
  /** From then on the secret lets nobody in. Undefined: never. */
  readonly expires: number | undefined;
  /** Undefined: never. */
  readonly lastUsed: number | undefined;
}

/** The most keys that a user can have. Expired ones do not count. */
export const MAX_KEYS = 100;

/** Milliseconds: a minute, at least, between two recorded uses of a secret. */
export const RECORD_USE_EVERY = 60_000;

/** When a secret was used. */
export interface SecretUse {
  readonly digest: string;
  readonly lastUsed: number;
}

/**
 * `conflict`: no user of the owner's name has the expected revision. `name-taken`: the owner has a key of this name. `full`:
 * the owner has as many keys as it can have. In these cases nothing changed, except that expired secrets of the owner may be
 * gone.
 */
export type InsertSecretOutcome = 'inserted' | 'conflict' | 'name-taken' | 'full';

/**
 * Keeps the secrets of users: the part `secrets` of a user repository, which a repository may leave out. It keeps the
 * promises of a user repository, and these:
 *
 * - A user who is removed takes its secrets along, in the same transaction. A later user of the same name has none of them.
 * - `replace` removes the user's sessions in the same transaction if the new user is disabled, or has another hash.
 * - `snapshot` gives each user with its keys, and `insertMany` adds the keys of the users that it adds.
 */
export interface SecretRepository {
  /**
   * The secret with this digest, or undefined. Every request with a key or a session calls it, so it should be fast, and may
   * answer without a promise. It sees each answered removal of every process that shares the store. `lastUsed` may be older
   * than the latest recorded use. Expired secrets may still be found.
   */
  find(digest: string): MaybePromise<StoredSecret | undefined>;

  /** The secrets of this kind that a user has, the oldest first; those of the same time in the order of their ids. */
  list(owner: string, kind: SecretKind): MaybePromise<StoredSecret[]>;

  /**
   * Adds a secret, if its owner still has the revision `ownerRevision`. First it removes the secrets of the owner that are
   * expired when this one is created. If the owner then has `limit` secrets of the kind or more, a key is refused (`full`), and
   * the oldest sessions make room for a session.
   */
  insert(secret: StoredSecret, ownerRevision: string, limit: number): MaybePromise<InsertSecretOutcome>;

  /** Removes one secret of a user. Returns whether the user had a secret of this kind with this id. */
  remove(owner: string, kind: SecretKind, id: string): MaybePromise<boolean>;

  /** Removes all secrets of this kind that a user has, and returns their number. */
  removeAll(owner: string, kind: SecretKind): MaybePromise<number>;

  /**
   * Sets `lastUsed` of these secrets. A use that is not at least a minute later than the recorded one is left out, as is a use
   * of a secret that is gone. No process has to read anything again because of it, and it need not be on disk when it is
   * answered. It may take a minute.
   */
  recordUses(uses: readonly SecretUse[]): MaybePromise<void>;

  /**
   * Removes the secrets that are expired at this time. Those with a later time, or without one, stay. It may take a minute.
   */
  removeExpired(time: number): MaybePromise<void>;
}

/** Whether a secret is not expired at this time. */
export function isValidAt({ expires }: Pick<StoredSecret, 'expires'>, time: number): boolean {
  return expires === undefined || time < expires;
}

/** A time of a secret as a date. Undefined: never. */
export function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}

const METHODS: Readonly<Record<keyof SecretRepository, true>> = {
  find: true,
  list: true,
  insert: true,
  remove: true,
  removeAll: true,
  recordUses: true,
  removeExpired: true,
};

/** The methods that a repository needs to keep secrets, and lacks. A repository without any keeps no secrets. */
export function missingSecretMethods({ secrets }: { readonly secrets?: SecretRepository }): string[] {
  const names = Object.keys(METHODS) as (keyof SecretRepository)[];
  return names.filter((name) => typeof secrets?.[name] !== 'function').map((name) => `secrets.${name}`);
}
