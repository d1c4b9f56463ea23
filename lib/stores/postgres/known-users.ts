import { isDeepStrictEqual } from 'node:util';
import { now } from '../../clock.js';
import type { StoredSecret } from '../../users/secret.js';
import type { StoredUser } from '../../users/user.js';
import type { Ask } from './driver.js';
import type { FoundSecret } from './secret-statements.js';
import type { FoundUser, Statements } from './statements.js';

/** As many users as there are verified passwords in memory, and as many secrets. */
const MAX_ENTRIES = 100_000;
/**
 * Milliseconds after the question that confirmed a user. A lost notification can delay a change by no more than this.
 */
export const TRUSTED_FOR = 900;
/** Milliseconds. A user with a request within this time is active, and compared each time. */
const ACTIVE_FOR = 10_000;
/** Milliseconds. The other users are compared this often, so that they are up to date when the database fails. */
const COMPARE_IDLE_AFTER = 2_000;
/** Users in one statement: few enough for the server to use the index. */
const BATCH = 500;

/** A user in memory. Times are those of {@link now}. */
export interface KnownUser {
  readonly name: string;
  readonly user: StoredUser;
  readonly version: string;
  /** When the latest question was sent whose answer had this version. */
  confirmedAt: number;
  /** Until then requests are answered from memory, unless a notification arrives. */
  trustedUntil: number;
  /** When a request needed the user last. */
  usedAt: number;
  /** The digests of those secrets of the user that are in memory. Undefined: none has been. */
  secrets: Set<string> | undefined;
}

/**
 * A secret in memory. It is as current as its owner, because the removal of a secret gives its owner another version. Its
 * last use may have been recorded since.
 */
export interface KnownSecret {
  readonly secret: StoredSecret;
  readonly owner: KnownUser;
}

/** The users and secrets in this process's memory, and how current each one is. */
export class KnownUsers {
  readonly #users = new Map<string, KnownUser>();
  /** By the digest. */
  readonly #secrets = new Map<string, KnownSecret>();

  get(name: string): KnownUser | undefined {
    return this.#users.get(name);
  }

  getSecret(digest: string): KnownSecret | undefined {
    return this.#secrets.get(digest);
  }

  /**
   * Stores what the database has answered.
   *
   * @param askedAt when the question was sent
   * @param isTrusted whether notifications have been received since then
   * @returns the same object for as long as the user is the same, so that what follows from it can be cached
   */
  learn(found: FoundUser, askedAt: number, isTrusted: boolean): StoredUser {
    return this.#learn(found, askedAt, isTrusted)?.user ?? found.user;
  }

  /** The same for a secret, which is stored together with its owner. */
  learnSecret({ secret, owner: found }: FoundSecret, askedAt: number, isTrusted: boolean): StoredSecret {
    const owner = this.#learn(found, askedAt, isTrusted);
    if (owner === undefined) return secret;
    const { digest } = secret;
    const known = this.#secrets.get(digest);
    const same = known !== undefined && isDeepStrictEqual(known.secret, secret) ? known.secret : secret;
    this.forgetSecret(digest);
    if (this.#secrets.size >= MAX_ENTRIES) for (const old of oldestOf(this.#secrets)) this.forgetSecret(old);
    this.#secrets.set(digest, { secret: same, owner });
    owner.secrets ??= new Set();
    owner.secrets.add(digest);
    return same;
  }

  /** @returns undefined if it is unclear which is newer, the answer or the user that was in memory: neither is kept */
  #learn({ user, version }: FoundUser, askedAt: number, isTrusted: boolean): KnownUser | undefined {
    const { name } = user;
    const known = this.#users.get(name);
    if (known?.version === version) {
      this.confirm(known, askedAt, isTrusted);
      known.usedAt = askedAt;
      return known;
    }
    this.forget(name);
    // A question that was sent earlier may have been answered earlier or later.
    if (known !== undefined && askedAt < known.confirmedAt) return undefined;
    if (this.#users.size >= MAX_ENTRIES) for (const old of oldestOf(this.#users)) this.forget(old);
    const trustedUntil = isTrusted ? askedAt + TRUSTED_FOR : 0;
    const learnt = { name, user, version, confirmedAt: askedAt, trustedUntil, usedAt: askedAt, secrets: undefined };
    this.#users.set(name, learnt);
    return learnt;
  }

  /** The database has answered that the user has not changed. */
  confirm(known: KnownUser, askedAt: number, isTrusted: boolean): void {
    known.confirmedAt = Math.max(known.confirmedAt, askedAt);
    if (isTrusted) known.trustedUntil = Math.max(known.trustedUntil, askedAt + TRUSTED_FOR);
  }

  /**
   * The users to compare with the table now. Users without a request for longer than the grace are dropped.
   *
   * @param grace milliseconds
   */
  toCompare(time: number, grace: number): KnownUser[] {
    const keepFor = Math.max(grace, ACTIVE_FOR);
    const users: KnownUser[] = [];
    for (const known of this.#users.values()) {
      if (known.usedAt + keepFor < time) this.forget(known.name);
      else if (time < known.usedAt + ACTIVE_FOR || known.confirmedAt + COMPARE_IDLE_AFTER < time) users.push(known);
    }
    return users;
  }

  /** Notifications may have been missed: the database has to confirm each user before it is trusted again. */
  distrust(): void {
    for (const known of this.#users.values()) known.trustedUntil = 0;
  }

  /** Drops a user and its secrets. */
  forget(name: string): void {
    const known = this.#users.get(name);
    if (known === undefined) return;
    this.#users.delete(name);
    for (const digest of known.secrets ?? []) this.#secrets.delete(digest);
  }

  forgetSecret(digest: string): void {
    const known = this.#secrets.get(digest);
    if (known === undefined) return;
    this.#secrets.delete(digest);
    (known.owner.secrets as Set<string>).delete(digest);
  }

  clear(): void {
    this.#users.clear();
    this.#secrets.clear();
  }
}

/** The keys of the oldest tenth of a full map. */
function oldestOf(map: ReadonlyMap<string, unknown>): string[] {
  const oldest: string[] = [];
  for (const key of map.keys()) if (oldest.push(key) === MAX_ENTRIES / 10) break;
  return oldest;
}

/** Parameters of {@link compareWithTable}. */
export interface ComparisonOptions {
  readonly ask: Ask;
  readonly statements: Statements;
  readonly known: KnownUsers;
  /** Milliseconds. */
  readonly grace: number;
  /** Whether notifications have been received since before the comparison. */
  readonly isTrusted: boolean;
  /** Called with the name of each user that is not in the table as it is in memory. */
  readonly onChange: (name: string) => void;
}

/**
 * Compares users in memory with the table. If there are none it queries the table all the same, as a check of the table.
 *
 * @returns when the last statement was sent: no user is confirmed at a later time
 */
export async function compareWithTable(options: ComparisonOptions): Promise<number> {
  const { ask, statements, known, grace, isTrusted, onChange } = options;
  const users = known.toCompare(now(), grace);
  let askedAt = now();
  for (let from = 0; from === 0 || from < users.length; from += BATCH) {
    const batch = users.slice(from, from + BATCH);
    askedAt = now();
    const { rows } = await ask(statements.changed(batch));
    const changed = new Set(rows.map((row) => row['name']));
    for (const user of batch) {
      // The user may have been read again meanwhile.
      if (known.get(user.name) !== user) continue;
      if (changed.has(user.name)) onChange(user.name);
      else known.confirm(user, askedAt, isTrusted);
    }
  }
  return askedAt;
}
