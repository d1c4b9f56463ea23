import { resolve } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { now } from '../../clock.js';
import { StoreError } from '../../errors.js';
import type { MaybePromise } from '../../promises.js';
import type { LoginTimes } from '../../users/login-times.js';
import type {
  CompleteUserRepository,
  FirstAdminOutcome,
  KeyOwner,
  RemoveOutcome,
  ReplaceOutcome,
  UserFilter,
  UserListQuery,
} from '../../users/repository.js';
import { DEFAULT_STORE_SETTINGS, type StoreSettings } from '../../users/repository.js';
import type { SecretRepository, StoredSecret } from '../../users/secret.js';
import type { SharedLimits } from '../../users/shared-limits.js';
import type { StoredUser } from '../../users/user.js';
import { countUsers, LIST_WITHIN, listUsers, SlowListError } from '../listing.js';
import { writeBackup } from './backup.js';
import { readPermissionsInUse, readSnapshot } from './bulk-reads.js';
import type { Change, MadeChange } from './change.js';
import { BUSY_FOR, busyError, ChangeQueue, TRY_EVERY } from './change-queue.js';
import { Condition } from './condition.js';
import type { Connection } from './connection.js';
import { sqliteFailure } from './connection.js';
import type { FileAccess } from './file-access.js';
import { connect, replacedFile } from './file-identity.js';
import { Generations } from './generations.js';
import { KnownRows } from './known-rows.js';
import { SqliteLimits } from './limits.js';
import { SqliteLogins } from './logins.js';
import { type OpenedStore, openStore } from './open-store.js';
import { find as findSecret, secretFromRow } from './secret-statements.js';
import { SqliteSecrets } from './secrets.js';
import * as statements from './statements.js';
import { userFromRow } from './statements.js';
import { filePath } from './store-file.js';
import { UserLists } from './user-lists.js';
import { createWriterPort } from './writer-port.js';

/** Milliseconds between two looks at the files. */
const LOOK_EVERY = 100;
/** Milliseconds between two attempts to write when changes fail. */
const PROBE_EVERY = 1_000;
/** Milliseconds for which closing waits for changes and backups. A disk that hangs, or a long backup, takes longer. */
const CLOSE_WITHIN = BUSY_FOR + 1_000;

/**
 * Keeps users and their secrets in an SQLite file, which any number of processes on one machine may share. A change is on disk when its
 * promise resolves, and the next request in any of the processes sees it.
 *
 * The file has the mode 0600. A missing folder is made with the mode 0700 and a `.gitignore` of its own.
 */
export class SqliteUserRepository implements CompleteUserRepository {
  readonly keepsAccounts = true;
  readonly secrets: SecretRepository;
  readonly logins: LoginTimes;
  readonly limits: SharedLimits;
  readonly #file: string;
  readonly #opened: OpenedStore;
  readonly #users: KnownRows<StoredUser>;
  readonly #knownSecrets: KnownRows<StoredSecret>;
  /** For one list or one count, which ends when nobody waits for it any more. */
  readonly #newLists: () => UserLists;
  readonly #writer;
  readonly #queue: ChangeQueue;
  readonly #condition = new Condition();
  readonly #snapshots = new Set<Connection>();
  readonly #backups = new Set<Promise<void>>();
  readonly #watch: NodeJS.Timeout;
  #probedAt = 0;
  #closing: Promise<void> | undefined;

  /**
   * Opens the file, and makes it if it is missing.
   *
   * @param path of the file, relative to the working folder or absolute
   * @throws {ConfigError} the path is not a string, is empty, or is written as a store (`sqlite:FILE`)
   * @throws {StoreError} the file cannot be opened, or better-sqlite3 is missing; the message says what to do
   */
  constructor(path: string) {
    this.#file = filePath(path);
    this.#opened = openStore(this.#file);
    const { connection } = this.#opened;
    const generations = new Generations(connection);
    const users = { name: 'users', find: statements.find, valueOf: userFromRow } as const;
    const secrets = { name: 'secrets', find: findSecret, valueOf: secretFromRow } as const;
    this.#users = new KnownRows(connection, generations, users);
    this.#knownSecrets = new KnownRows(connection, generations, secrets);
    this.#writer = createWriterPort(this.#opened.files);
    this.#queue = new ChangeQueue(this.#writer, (failure) => this.#condition.set('writing', failure));
    const access: FileAccess = {
      read: (ask) => this.#read(() => ask(connection)),
      change: (change) => this.#change(change),
    };
    this.#newLists = () => {
      const end = now() + LIST_WITHIN;
      return new UserLists(async (ask) => {
        await setImmediate();
        if (now() > end) throw new SlowListError();
        return access.read(ask);
      });
    };
    this.secrets = new SqliteSecrets({ known: this.#knownSecrets, ...access });
    this.logins = new SqliteLogins(access);
    this.limits = new SqliteLimits(access);
    this.#watch = setInterval(() => this.#look(), LOOK_EVERY).unref();
  }

  /** Reports the state to `settings.report`, now and whenever it changes. Several middlewares may call this. */
  open(settings: StoreSettings = DEFAULT_STORE_SETTINGS): void {
    this.#assertUsable();
    this.#condition.reportTo(settings);
  }

  find(name: string): MaybePromise<StoredUser | undefined> {
    return this.#read(() => this.#users.find(name));
  }

  async list(query: UserListQuery): Promise<StoredUser[]> {
    this.#assertUsable();
    return listUsers(query, this.#newLists());
  }

  async count(filter: UserFilter): Promise<number> {
    this.#assertUsable();
    return countUsers(filter, this.#newLists());
  }

  async insert(user: StoredUser): Promise<boolean> {
    const { written } = await this.#change(statements.insert(user));
    return written.length === 1;
  }

  async replace(user: StoredUser, expectedRevision: string): Promise<ReplaceOutcome> {
    const { written, otherwise } = await this.#change(statements.replace(user, expectedRevision));
    if (written.length === 1) return 'replaced';
    return otherwise === undefined ? 'conflict' : 'last-admin';
  }

  async remove(name: string, expectedRevision?: string): Promise<RemoveOutcome> {
    const { written, otherwise } = await this.#change(statements.remove(name, expectedRevision));
    if (written.length === 1) return 'removed';
    if (otherwise === undefined) return 'not-found';
    return [undefined, otherwise['revision']].includes(expectedRevision) ? 'last-admin' : 'conflict';
  }

  hasAdmin(): MaybePromise<boolean> {
    return this.#read(() => this.#opened.connection.value(statements.ANY_ADMIN) !== undefined);
  }

  async insertFirstAdmin(user: StoredUser): Promise<FirstAdminOutcome> {
    const { written, otherwise } = await this.#change(statements.insertFirstAdmin(user));
    if (written.length === 1) return 'inserted';
    return otherwise === undefined ? 'name-taken' : 'admin-exists';
  }

  async insertMany(users: readonly KeyOwner[]): Promise<string[]> {
    const { written } = await this.#change(statements.insertMany(users));
    const names = new Set(written.map(({ name }) => name));
    return users.map(({ name }) => name).filter((name) => names.delete(name));
  }

  /** Reads on a connection of its own, in one transaction. */
  async *snapshot(): AsyncGenerator<KeyOwner, void, void> {
    this.#assertUsable();
    const connection = await this.#read(() => connect(this.#opened.files));
    this.#snapshots.add(connection);
    try {
      connection.execute('BEGIN');
      yield* readSnapshot((query) => this.#read(() => connection.all(query)));
    } finally {
      this.#endSnapshot(connection);
    }
  }

  /** Reads the users in small parts, so that no request waits for longer than a millisecond or two. */
  async permissionsInUse(): Promise<string[]> {
    return readPermissionsInUse((query) => this.#read(() => this.#opened.connection.all(query)));
  }

  /**
   * Copies the store as it is at one moment, also while processes write to it. The copy is a store itself
   * (`sqlite:FILE`) with the mode 0600. It is on disk when the promise resolves, and appears only when it is complete. It
   * contains nothing that was deleted, and no former hashes.
   *
   * @param path of a new file in an existing folder; relative to the working folder or absolute
   * @throws {StoreError} the copy cannot be made; the message names the file and the reason
   */
  async backup(path: string): Promise<void> {
    this.#assertUsable();
    const backup = writeBackup(resolve(path), (to) => this.#copy(to));
    this.#backups.add(backup);
    try {
      await backup;
    } finally {
      this.#backups.delete(backup);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#watch);
    // A middleware may still use a repository that the app has closed.
    this.#condition.set('files', 'the app has closed it');
    this.#users.clear();
    this.#knownSecrets.clear();
    for (const connection of this.#snapshots) this.#endSnapshot(connection);
    const done = Promise.allSettled([...this.#backups, this.#queue.finish()]);
    await Promise.race([done, setTimeout(CLOSE_WITHIN, undefined, { ref: false })]);
    // The last connection to be closed removes the log, and waits for the disk. The writer's must be the last.
    this.#opened.connection.close();
    await this.#writer.close();
  }

  /** Makes each copy in a thread of its own, so that changes do not wait for it. */
  async #copy(to: string): Promise<void> {
    const port = createWriterPort(this.#opened.files);
    try {
      const reply = await port.ask({ method: 'copy', to });
      if (reply.kind === 'busy') throw busyError();
      if (reply.kind === 'failed') throw new Error(reply.reason);
    } finally {
      await port.close();
    }
  }

  async #change(change: Change): Promise<MadeChange> {
    this.#assertUsable();
    return this.#queue.make(change);
  }

  /** Asks at once. While another process has the file locked, asks again for {@link BUSY_FOR}. */
  #read<T>(ask: () => T): MaybePromise<T> {
    this.#assertUsable();
    try {
      const answer = ask();
      this.#condition.set('reading', undefined);
      return answer;
    } catch (error) {
      if (sqliteFailure(error) === 'busy') return this.#readSoon(ask);
      throw this.#readFailure(error as Error);
    }
  }

  async #readSoon<T>(ask: () => T): Promise<T> {
    const deadline = now() + BUSY_FOR;
    while (now() < deadline) {
      await setTimeout(TRY_EVERY);
      this.#assertUsable();
      try {
        return ask();
      } catch (error) {
        if (sqliteFailure(error) !== 'busy') throw this.#readFailure(error as Error);
      }
    }
    throw busyError();
  }

  #readFailure(error: Error): StoreError {
    const isDamaged = ['damaged', 'foreign'].includes(sqliteFailure(error) as string);
    const reason = `${this.#file} ${isDamaged ? 'is damaged' : 'cannot be read'} (${error.message})`;
    this.#condition.set('reading', reason);
    return unavailable(isDamaged ? `${reason}. Stop this process, restore a backup, and start it again` : reason);
  }

  #look(): void {
    this.#condition.set('files', replacedFile(this.#opened.files));
    this.#queue.look();
    if (this.#condition.writingProblem === undefined || now() < this.#probedAt + PROBE_EVERY) return;
    this.#probedAt = now();
    this.#queue.probe();
  }

  #endSnapshot(connection: Connection): void {
    if (this.#snapshots.delete(connection)) connection.close();
  }

  #assertUsable(): void {
    if (this.#closing !== undefined) {
      throw new StoreError('the user store is closed', { cause: new Error(`${this.#file} is closed`) });
    }
    const problem = this.#condition.filesProblem;
    if (problem !== undefined) throw unavailable(problem);
  }
}

/** The reason names the file, which is for the operator only, so it becomes the cause. */
function unavailable(reason: string): StoreError {
  return new StoreError('the user store is unavailable', { cause: new Error(reason) });
}
