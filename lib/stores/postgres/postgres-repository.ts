import { now } from '../../clock.js';
import { StoreError } from '../../errors.js';
import type { MaybePromise } from '../../promises.js';
import {
  DEFAULT_STORE_SETTINGS,
  type FirstAdminOutcome,
  type KeyOwner,
  type RemoveOutcome,
  type ReplaceOutcome,
  type StoreSettings,
  type UserFilter,
  type UserListQuery,
  type UserRepository,
} from '../../users/repository.js';
import type { StoredSecret } from '../../users/secret.js';
import type { StoredUser } from '../../users/user.js';
import { Availability, expectPrimary, isFromStandby, RETRY_INTERVAL, Reconnection } from './availability.js';
import { Barrier } from './barrier.js';
import { readCount, readList, readPermissionsInUse, readSnapshot } from './bulk-reads.js';
import { ChangeListener } from './change-listener.js';
import { Changes } from './changes.js';
import { Connections } from './connections.js';
import type { DatabaseAccess } from './database-access.js';
import { type Ask, connectionSource, type PostgresPool, parseSource } from './driver.js';
import { compareWithTable, KnownUsers } from './known-users.js';
import { migrate } from './migrate.js';
import { PostgresLimits } from './postgres-limits.js';
import { PostgresLogins } from './postgres-logins.js';
import { PostgresSecrets } from './postgres-secrets.js';
import { Reader, type Subject } from './reader.js';
import { expectRights } from './rights.js';
import { MIGRATIONS } from './schema.js';
import { SecretChanges } from './secret-changes.js';
import { SecretStatements } from './secret-statements.js';
import { Statements } from './statements.js';
import { secretSubject, userSubject } from './subjects.js';
import { checkTable, type PostgresTable, TableNames } from './table-names.js';

/** Milliseconds. A login reads its user two or three times, and is answered within five seconds, bcrypt included. */
const FIND_WITHIN = 1_000;

/**
 * Stores users and their secrets in PostgreSQL tables that any number of processes may share.
 *
 * Users who make requests are served from memory. A trigger notifies every process of each change (LISTEN/NOTIFY), also of
 * one made with psql, and every 300 ms users in memory are compared with the table. A change is answered when every process
 * has been notified. While notifications do not arrive, each request reads the table. While the table cannot be read, users in
 * memory are served for `store-grace`; each request tries to read it first, unless another one has tried within 50 ms.
 */
export class PostgresUserRepository implements UserRepository {
  readonly keepsAccounts = true;
  readonly secrets: PostgresSecrets;
  readonly logins: PostgresLogins;
  readonly limits: PostgresLimits;
  readonly #names: TableNames;
  readonly #statements: Statements;
  readonly #secretStatements: SecretStatements;
  readonly #connections: Connections;
  readonly #changes: Changes;
  readonly #barrier: Barrier;
  readonly #known = new KnownUsers();
  readonly #availability = new Availability();
  readonly #ask: Ask = (statement) => this.#connections.ask(statement, FIND_WITHIN);
  readonly #users: Reader<StoredUser>;
  readonly #secrets: Reader<StoredSecret>;
  #listener: ChangeListener | undefined;
  #opening: Promise<void> = Promise.resolve();
  #comparing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Does not connect yet: {@link open} does.
   *
   * @param source `postgres://USER:PASSWORD@HOST/DATABASE` with each part percent-encoded. Its parameters `schema` and
   *   `table` name the table, and `max` is the maximum number of connections of the pool, 1 to 9999, defaults to 5; one
   *   more connection listens for changes. All other parameters are those of `pg`. Or a pool of the app's own, `new pg.Pool({ … })`, which the app
   *   ends itself
   * @param table the table of the users; overrides the URL's parameters
   * @throws {ConfigError} the URL, the pool or a name is invalid, or an option of `table` is unknown
   * @throws {StoreError} the package `pg` is not installed
   */
  constructor(source: string | PostgresPool, table: PostgresTable = {}) {
    checkTable(table);
    const parsed = parseSource(source);
    this.#names = new TableNames('connectionString' in parsed ? { ...parsed, ...table } : table);
    this.#statements = new Statements(this.#names);
    this.#connections = new Connections(connectionSource(parsed));
    this.#secretStatements = new SecretStatements(this.#names, this.#statements);
    this.#barrier = new Barrier(this.#names, this.#ask);
    this.#changes = new Changes(this.#connections, this.#statements, this.#secretStatements);
    const reconnection = new Reconnection(this.#ask, (error, askedAt) => this.#availability.failed(error, askedAt));
    const readerOf = <T>(subject: Subject<T>) => new Reader(this.#ask, subject, this.#availability, reconnection);
    this.#users = readerOf(userSubject(this.#known, this.#statements));
    this.#secrets = readerOf(secretSubject(this.#known, this.#secretStatements));
    const access: DatabaseAccess = {
      ask: this.#ask,
      connections: this.#connections,
      names: this.#names,
      assertOpen: () => this.#assertOpen(),
    };
    this.secrets = new PostgresSecrets({
      ...access,
      statements: this.#secretStatements,
      reader: this.#secrets,
      changes: new SecretChanges(this.#connections, this.#secretStatements),
      change: (owner, change, concernsOthers) => this.#change([{ name: owner }], change, concernsOthers),
    });
    this.logins = new PostgresLogins(access);
    this.limits = new PostgresLimits(access);
  }

  /**
   * Makes the table if it is missing, and starts to listen for changes. A repository may be opened several times, by
   * several middlewares: the state is reported to each one, and the shortest grace applies.
   *
   * @throws {StoreError} the table cannot be used; the message says what to do. Errors of `pg` are thrown as they are
   */
  open(settings: StoreSettings = DEFAULT_STORE_SETTINGS): Promise<void> {
    const opening = this.#opening.then(() => this.#open(settings));
    this.#opening = opening.catch(() => {});
    return opening;
  }

  find(name: string): MaybePromise<StoredUser | undefined> {
    this.#assertOpen();
    return this.#users.find(name);
  }

  async list(query: UserListQuery): Promise<StoredUser[]> {
    this.#assertOpen();
    return readList(query, this.#connections, this.#statements);
  }

  async count(filter: UserFilter): Promise<number> {
    this.#assertOpen();
    return readCount(filter, this.#connections, this.#statements);
  }

  insert(user: StoredUser): Promise<boolean> {
    // Others may still have a user in memory who had the name before.
    return this.#change([user], () => this.#changes.insert(user));
  }

  replace(user: StoredUser, expectedRevision: string): Promise<ReplaceOutcome> {
    const isReplaced = (outcome: ReplaceOutcome) => outcome === 'replaced';
    return this.#change([user], () => this.#changes.replace(user, expectedRevision), isReplaced);
  }

  remove(name: string, expectedRevision?: string): Promise<RemoveOutcome> {
    return this.#change([{ name }], () => this.#changes.remove(name, expectedRevision));
  }

  async hasAdmin(): Promise<boolean> {
    this.#assertOpen();
    return (await this.#ask(this.#statements.anyAdmin())).rowCount === 1;
  }

  insertFirstAdmin(user: StoredUser): Promise<FirstAdminOutcome> {
    return this.#change([user], () => this.#changes.insertFirstAdmin(user));
  }

  insertMany(users: readonly KeyOwner[]): Promise<string[]> {
    return this.#change(users, () => this.#changes.insertMany(users));
  }

  /** Uses a connection of its own, besides those of the pool. */
  async *snapshot(): AsyncGenerator<KeyOwner, void, void> {
    this.#assertOpen();
    yield* readSnapshot(this.#connections, this.#statements, this.#secretStatements);
  }

  /** Uses a connection of its own as well. */
  async permissionsInUse(): Promise<string[]> {
    this.#assertOpen();
    return readPermissionsInUse(this.#connections, this.#statements);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#known.clear();
    this.#availability.close();
    this.#barrier.close(() => this.#closedError());
    await Promise.all([this.#listener?.close(), this.#connections.close(() => this.#closedError())]);
  }

  async #open(settings: StoreSettings): Promise<void> {
    this.#assertOpen();
    await migrate(this.#connections, this.#names, MIGRATIONS);
    await expectRights(this.#ask, this.#names);
    this.#assertOpen();
    this.#availability.addSettings(settings);
    if (this.#listener === undefined) {
      this.#listener = this.#createListener();
      await this.#listener.start();
    } else {
      this.#availability.report();
    }
    this.#assertOpen();
  }

  #createListener(): ChangeListener {
    return new ChangeListener({
      channel: this.#names.channel,
      createClient: () => this.#connections.createClient(),
      askElsewhere: this.#ask,
      barrier: this.#barrier,
      onChange: (name) => this.#forget(name),
      compare: async (ask) => {
        // Queries in flight may have been answered before a change that nobody told this process of.
        if (!this.#availability.isListening) this.#outdate();
        this.#availability.listening(await this.#compare(ask, true));
      },
      onState: (isListening, error) => this.#onListenerState(isListening, error),
    });
  }

  /**
   * Makes a change. Resolves when it is on disk, and in force in every process.
   *
   * @param concernsOthers whether there was a change that other processes must know of: this one, or one before it with the
   *   same outcome. Defaults to always
   */
  async #change<T>(
    users: readonly { readonly name: string }[],
    change: () => Promise<T>,
    concernsOthers: (outcome: T) => boolean = () => true,
  ): Promise<T> {
    this.#assertOpen();
    const since = now() - RETRY_INTERVAL;
    try {
      const outcome = await change();
      if (concernsOthers(outcome)) await this.#barrier.pass(this.#availability.hasListenedSince(since));
      return outcome;
    } finally {
      // A failed change may have been committed.
      for (const { name } of users) this.#forget(name);
    }
  }

  /** The user or one of its secrets has changed, or anything if the name is empty. */
  #forget(name: string): void {
    if (name === '') this.#known.clear();
    else this.#known.forget(name);
    this.#outdate(name === '' ? undefined : name);
  }

  #outdate(name?: string): void {
    this.#users.outdate(name);
    // Nobody knows whose secrets are being read.
    this.#secrets.outdate();
  }

  #compare(ask: Ask, isTrusted: boolean): Promise<number> {
    return compareWithTable({
      ask,
      statements: this.#statements,
      known: this.#known,
      grace: this.#availability.grace,
      isTrusted,
      onChange: (name) => this.#forget(name),
    });
  }

  #onListenerState(isListening: boolean, error?: NodeJS.ErrnoException): void {
    if (!isListening) {
      this.#availability.notListening(error as Error);
      this.#known.distrust();
    }
    // A standby answers queries, but its answers may be outdated.
    if (isFromStandby(error)) this.#availability.failed(error as Error, now());
    else if (this.#availability.failure !== undefined || !isListening) this.#compareOnPool();
  }

  /** Finds out whether users can be read, and keeps those in memory current, without the listener's connection. */
  #compareOnPool(): void {
    const askedAt = now();
    this.#comparing ??= expectPrimary(this.#ask)
      .then(() => this.#compare(this.#ask, false))
      .then(
        (lastAskedAt) => this.#availability.succeeded(lastAskedAt),
        (error) => this.#availability.failed(error, askedAt),
      )
      .finally(() => {
        this.#comparing = undefined;
      });
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw this.#closedError();
  }

  #closedError(): StoreError {
    const cause = new Error(`the user store in PostgreSQL (${this.#names.users}) is closed`);
    return new StoreError('the user store is closed', { cause });
  }
}
