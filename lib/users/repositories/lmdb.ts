import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Database, RangeOptions, RootDatabase, Transaction } from 'lmdb';
import { now } from '../../clock.js';
import { StoreError } from '../../errors.js';
import { loadPackage } from '../../optional-package.js';
import { compareNames } from '../name-order.js';
import type { FirstAdminOutcome, RemoveOutcome, ReplaceOutcome, UserListQuery, UserRepository } from '../repository.js';
import { isActiveAdmin, type StoredUser } from '../user.js';
import { writeBackup } from './lmdb-backup.js';
import { folderPath, prepareFolder } from './lmdb-folder.js';
import { LEASE, type Lease, MAX_LEASES, untilLeasesEnd } from './lmdb-lease.js';
import { decode, encode } from './lmdb-record.js';

/** What the databases hold and how. A folder that says another number was written by another version. */
const FORMAT = 1;
/** How many users a listing reads before it lets other requests have their turn: about a millisecond. */
const BATCH = 1_000;
/** How many names it compares with a pattern, which may take its time. */
const PATTERN_BATCH = 100;
/** How many it passes over, which is faster. */
const SKIP_BATCH = 10_000;

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
  readonly #snapshots = new Set<Transaction>();
  readonly #backups = new Set<Promise<void>>();
  #isClosed = false;

  /**
   * Opens the folder, and makes it if it is not there.
   *
   * @param path of the folder; a relative one starts at the working folder
   * @throws {ConfigError} the path is empty, or a store's URL
   * @throws {StoreError} that says which folder, and why it cannot be opened
   */
  constructor(path: string) {
    this.#path = folderPath(path);
    const { open } = loadPackage<typeof import('lmdb')>('lmdb', 'the store "lmdb:" needs', StoreError);
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
    return this.#change([user.name], () => this.#putNew(user));
  }

  replace(user: StoredUser, expectedRevision: string): Promise<ReplaceOutcome> {
    return this.#change([user.name], () => {
      const json = this.#users.get(user.name);
      if (json === undefined) return 'conflict';
      if (decode(user.name, json).revision !== expectedRevision) return 'conflict';
      if (!isActiveAdmin(user) && this.#isLastAdmin(user.name)) return 'last-admin';
      this.#put(user);
      return 'replaced';
    });
  }

  remove(name: string): Promise<RemoveOutcome> {
    return this.#change([name], () => {
      if (this.#users.get(name) === undefined) return 'not-found';
      if (this.#isLastAdmin(name)) return 'last-admin';
      this.#users.remove(name);
      this.#admins.remove(name);
      return 'removed';
    });
  }

  hasAdmin(): boolean {
    this.#renewSnapshot();
    return this.#isAdminThere();
  }

  insertFirstAdmin(user: StoredUser): Promise<FirstAdminOutcome> {
    return this.#change([user.name], () => {
      if (this.#isAdminThere()) return 'admin-exists';
      return this.#putNew(user) ? 'inserted' : 'name-taken';
    });
  }

  insertMany(users: readonly StoredUser[]): Promise<string[]> {
    const names = users.map(({ name }) => name);
    return this.#change(names, () => {
      const free = new Map<string, StoredUser>();
      // LMDB throws on a name that is too long. All of them are looked for before the first one is written.
      for (const user of users) {
        if (!free.has(user.name) && this.#users.get(user.name) === undefined) free.set(user.name, user);
      }
      for (const user of free.values()) this.#put(user);
      return [...free.keys()];
    });
  }

  async *snapshot(): AsyncGenerator<StoredUser, void, void> {
    this.#renewSnapshot();
    const transaction = this.#users.useReadTransaction();
    this.#snapshots.add(transaction);
    try {
      let from: RangeOptions = {};
      for (;;) {
        this.#assertOpen();
        const users = [...this.#users.getRange({ ...from, limit: BATCH, transaction })];
        for (const { key, value } of users) yield decode(key, value);
        if (users.length < BATCH) return;
        from = { start: users.at(-1)?.key as string, exclusiveStart: true };
        await setImmediate();
      }
    } finally {
      this.#endSnapshot(transaction);
    }
  }

  /**
   * Copies the store as it is at one moment, whoever writes to it meanwhile. The copy is a store itself
   * (`lmdb:FOLDER`), for its owner alone, and on disk when this is fulfilled. It appears as a whole, or not at all.
   *
   * @param folder which is not there yet, or is empty; the folder above it is there. A relative one starts at the
   *   working folder
   * @throws {StoreError} that says which folder, and why the copy cannot be made there
   */
  async backup(folder: string): Promise<void> {
    this.#assertOpen();
    // Compaction would refuse a store that a crash of the machine has left with a page that nobody has.
    const backup = writeBackup(resolve(folder), (to) => this.#root.backup(to, false));
    this.#backups.add(backup);
    try {
      await backup;
    } finally {
      this.#backups.delete(backup);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#leases.clear();
    for (const transaction of this.#snapshots) this.#endSnapshot(transaction);
    await Promise.allSettled(this.#backups);
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

  /** Answers when no lease on one of these users as it was before can be left, in whichever process. */
  async #change<T>(names: readonly string[], change: () => T): Promise<T> {
    const outcome = await this.#write(change);
    for (const name of names) this.#leases.delete(name);
    await untilLeasesEnd();
    return outcome;
  }

  #putNew(user: StoredUser): boolean {
    if (this.#users.get(user.name) !== undefined) return false;
    this.#put(user);
    return true;
  }

  #put(user: StoredUser): void {
    this.#users.put(user.name, encode(user));
    if (isActiveAdmin(user)) this.#admins.put(user.name, true);
    else this.#admins.remove(user.name);
  }

  #isAdminThere(): boolean {
    return [...this.#admins.getKeys({ limit: 1 })].length > 0;
  }

  #isLastAdmin(name: string): boolean {
    const admins = [...this.#admins.getKeys({ limit: 2 })];
    return admins.length === 1 && admins[0] === name;
  }

  /** LMDB must not be closed while something reads: so this is done by whoever comes first. */
  #endSnapshot(transaction: Transaction): void {
    if (this.#snapshots.delete(transaction)) transaction.done();
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
