import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Database, RangeOptions, RootDatabase } from 'lmdb';
import { now } from '../../clock.js';
import { StoreError } from '../../errors.js';
import { compareNames } from '../name-order.js';
import type { RemoveOutcome, ReplaceOutcome, UserListQuery, UserRepository } from '../repository.js';
import { isActiveAdmin, type StoredUser } from '../user.js';
import { prepareFolder } from './lmdb-folder.js';

/** What the databases hold and how. A folder that says another number was written by another version. */
const FORMAT = 1;
/** How many users a listing reads before it lets other requests have their turn: about a millisecond. */
const BATCH = 1_000;
/** How many names it compares with a pattern, which may take its time. */
const PATTERN_BATCH = 100;
/** How many it passes over, which is faster. */
const SKIP_BATCH = 10_000;

/**
 * Milliseconds. A user that was read is taken to be the same for this time without a look at the store, and a change
 * of a user is answered when this time has passed since it was made. So a request that comes after the answer finds
 * every lease on the old user ended: the clock that both are measured by is the machine's, and does not go back.
 * (Leases: Gray and Cheriton, 1989.)
 */
const LEASE = 10;
const MAX_LEASES = 10_000;

interface Lease {
  readonly json: string;
  readonly user: StoredUser;
  /** Of {@link now}. */
  readonly expires: number;
}

/** That a user is enabled goes without saying. */
type Record = Omit<StoredUser, 'name' | 'enabled'> & { readonly enabled?: false };

/**
 * Keeps users in an LMDB folder, which any number of processes on one machine may share: a change that has been
 * answered by one of them is what the next request in any of them finds, and it is on disk.
 *
 * The folder is made with the mode 0700 and a `.gitignore` of its own; its files have the mode 0600.
 */
export class LmdbUserRepository implements UserRepository {
  readonly #root: RootDatabase<string, string>;
  /** By name: the record, as JSON. */
  readonly #users: Database<string, string>;
  /** The names of the admins that are enabled, so that the last one is known without a look at every user. */
  readonly #admins: Database<boolean, string>;
  readonly #path: string;
  readonly #leases = new Map<string, Lease>();
  #isClosed = false;

  /**
   * Opens the folder, and makes it if it is not there.
   *
   * @param path of the folder; a relative one starts at the working folder
   * @throws {StoreError} that says which folder, and why it cannot be opened
   */
  constructor(path: string) {
    this.#path = resolve(path);
    const { open } = loadLmdb();
    try {
      prepareFolder(this.#path);
      this.#root = open({
        path: this.#path,
        // A name with a dot in it is a folder's as well.
        noSubdir: false,
        // A commit waits for fsync: what has been answered is on disk.
        overlappingSync: false,
        // The batches of a turn have promises of their own, and nobody to catch what they reject with on a full disk.
        eventTurnBatching: false,
        encoding: 'string',
      });
      this.#users = this.#root.openDB({ name: 'users', encoding: 'string' });
      this.#admins = this.#root.openDB({ name: 'admins', encoding: 'json' });
      this.#checkFormat();
    } catch (error) {
      throw new StoreError(
        `cannot open the user store in ${this.#path}: ${(error as Error).message}. Give the process the right to write there, ` +
          'or name another folder in [auth] store ("lmdb:PATH")',
        { cause: error },
      );
    }
  }

  find(name: string): StoredUser | undefined {
    this.#assertOpen();
    // Before the snapshot is taken: a lease must not outlast what it stands for.
    const time = now();
    const leased = this.#leases.get(name);
    if (leased !== undefined && time < leased.expires) return leased.user;
    this.#renewSnapshot();
    const json = this.#users.get(name);
    if (json === undefined) {
      this.#leases.delete(name);
      return undefined;
    }
    if (this.#leases.size >= MAX_LEASES) this.#leases.clear();
    // The same object for as long as the user is the same: what follows from it need not be worked out again.
    const user = leased?.json === json ? leased.user : decode(name, json);
    this.#leases.set(name, { json, user, expires: time + LEASE });
    return user;
  }

  async list({ pattern, after, offset, limit }: UserListQuery): Promise<StoredUser[]> {
    const { prefix, isPrefixOnly } = pattern;
    const users: StoredUser[] = [];
    let toSkip = offset;
    const isWithinOrBeyond = after !== undefined && compareNames(after, prefix) >= 0;
    let from: RangeOptions = isWithinOrBeyond ? { start: after, exclusiveStart: true } : { start: prefix };
    // Where every name counts LMDB passes over them by itself.
    while (isPrefixOnly && toSkip > 0) {
      const step = Math.min(toSkip, SKIP_BATCH);
      const [name] = this.#names({ ...from, offset: step, limit: 1 });
      if (name === undefined) return users;
      from = { start: name };
      toSkip -= step;
      await setImmediate();
    }
    while (users.length < limit) {
      const names = this.#names({
        ...from,
        limit: isPrefixOnly ? Math.min(BATCH, limit - users.length) : PATTERN_BATCH,
      });
      for (const name of names) {
        if (!name.startsWith(prefix)) return users;
        if (!isPrefixOnly && !pattern.matches(name)) continue;
        if (toSkip > 0) toSkip -= 1;
        else if (users.length < limit) users.push(decode(name, this.#users.get(name) as string));
      }
      if (names.length === 0) return users;
      from = { start: names.at(-1) as string, exclusiveStart: true };
      await setImmediate();
    }
    return users;
  }

  insert(user: StoredUser): Promise<boolean> {
    // Somebody may still hold a lease on a user of this name whose removal has not been answered yet.
    return this.#change(user.name, () => {
      if (this.#users.get(user.name) !== undefined) return false;
      this.#put(user);
      return true;
    });
  }

  replace(user: StoredUser, expectedRevision: string): Promise<ReplaceOutcome> {
    return this.#change(user.name, () => {
      const json = this.#users.get(user.name);
      if (json === undefined) return 'conflict';
      if (decode(user.name, json).revision !== expectedRevision) return 'conflict';
      if (!isActiveAdmin(user) && this.#isLastAdmin(user.name)) return 'last-admin';
      this.#put(user);
      return 'replaced';
    });
  }

  remove(name: string): Promise<RemoveOutcome> {
    return this.#change(name, () => {
      if (this.#users.get(name) === undefined) return 'not-found';
      if (this.#isLastAdmin(name)) return 'last-admin';
      this.#users.remove(name);
      this.#admins.remove(name);
      return 'removed';
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#leases.clear();
    await this.#root.committed;
    await this.#root.close();
  }

  #names(range: RangeOptions): string[] {
    this.#renewSnapshot();
    return [...this.#users.getKeys(range)];
  }

  /** What LMDB reads is as old as its snapshot: another process may have changed a user since. */
  #renewSnapshot(): void {
    this.#assertOpen();
    this.#users.resetReadTxn();
  }

  /** LMDB lets one process at a time run such a function, and answers when what it did is on disk. */
  async #write<T>(write: () => T): Promise<T> {
    this.#assertOpen();
    try {
      return await this.#root.transaction(write);
    } catch (error) {
      // lmdb tells of it a second time, with a promise that nobody else waits for.
      void Promise.allSettled([(error as { commitError?: Promise<unknown> }).commitError]);
      throw error;
    }
  }

  /** Answers when no lease on the user as it was before can be left, in whichever process. */
  async #change<T>(name: string, change: () => T): Promise<T> {
    const outcome = await this.#write(change);
    this.#leases.delete(name);
    const end = now() + LEASE;
    for (let time = now(); time < end; time = now()) await setTimeout(Math.ceil(end - time));
    return outcome;
  }

  #put(user: StoredUser): void {
    this.#users.put(user.name, encode(user));
    if (isActiveAdmin(user)) this.#admins.put(user.name, true);
    else this.#admins.remove(user.name);
  }

  #isLastAdmin(name: string): boolean {
    const admins = [...this.#admins.getKeys({ limit: 2 })];
    return admins.length === 1 && admins[0] === name;
  }

  #checkFormat(): void {
    const found = this.#root.get('format');
    if (found === undefined) this.#root.putSync('format', String(FORMAT));
    else if (found !== String(FORMAT)) {
      throw new Error(`it has format ${found}, and this version of kapacitor-auth reads format ${FORMAT}`);
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StoreError(`the user store in ${this.#path} is closed`);
  }
}

function encode({ type, permissions, hash, revision, enabled }: StoredUser): string {
  const record: Record = { type, permissions, hash, revision, ...(!enabled && { enabled }) };
  return JSON.stringify(record);
}

function decode(name: string, json: string): StoredUser {
  const { type, permissions, hash, revision, enabled = true } = JSON.parse(json) as Record;
  return { name, type, permissions, hash, revision, enabled };
}

/** Loaded when it is asked for: an app with a repository of its own can do without it. */
function loadLmdb(): typeof import('lmdb') {
  try {
    return createRequire(import.meta.url)('lmdb');
  } catch (error) {
    throw new StoreError(
      'the store "lmdb:" needs the package lmdb, which cannot be loaded: npm install lmdb (or, if it is installed, ' +
        'reinstall it without --omit=optional, so that it has its binary for this platform)',
      { cause: error },
    );
  }
}
