import { now } from '../../clock.js';
import { StoreError } from '../../errors.js';
import type { MaybePromise } from '../../promises.js';
import type {
  FirstAdminOutcome,
  RemoveOutcome,
  ReplaceOutcome,
  UserListQuery,
  UserRepository,
} from '../../users/repository.js';
import { DEFAULT_STORE_SETTINGS, type StoreSettings } from '../../users/repository.js';
import type { StoredUser } from '../../users/user.js';
import { Availability } from './availability.js';
import { ChangeFeed } from './change-feed.js';
import { Changes } from './changes.js';
import { Connections } from './connections.js';
import type { Ask, PostgresPool, Row } from './driver.js';
import { KnownUsers } from './known-users.js';
import { listInTime } from './list-in-time.js';
import { look } from './look.js';
import { expectPrimary, isOfStandby } from './primary.js';
import { type Question, Questions } from './questions.js';
import { Reconnection, TRY_EVERY } from './reconnection.js';
import { prepareSchema } from './schema.js';
import { readSnapshot } from './snapshot.js';
import { readSource } from './source.js';
import { Statements, toFoundUser } from './statements.js';
import { checkTable, type PostgresTable, TableNames } from './table.js';
import { ToldChanges } from './told-changes.js';

/** Milliseconds. A login asks twice or three times, and waits for bcrypt besides: all within five seconds. */
const FIND_WITHIN = 1_000;

/**
 * Keeps users in a table of PostgreSQL, which any number of processes on any number of machines may share.
 *
 * A user who makes requests is read from this process's memory. The table tells of each change, whoever makes it (by a
 * trigger and LISTEN/NOTIFY), and users in memory are compared with the table three times a second: so a change is in
 * force everywhere within milliseconds, and within a second if it is not told. While changes are not heard of, each
 * request reads the table. While the table cannot be read, users in memory are served on for `store-grace`: each request
 * tries it again before, unless it has been tried within 50 ms.
 */
export class PostgresUserRepository implements UserRepository {
  readonly #names: TableNames;
  readonly #statements: Statements;
  readonly #connections: Connections;
  readonly #changes: Changes;
  readonly #questions = new Questions<StoredUser | undefined>();
  readonly #told = new ToldChanges();
  /** One repository may serve several middlewares. */
  readonly #reports = new Set<StoreSettings['report']>();
  #grace = Number.POSITIVE_INFINITY;
  #known = new KnownUsers(DEFAULT_STORE_SETTINGS.grace);
  #availability = new Availability(DEFAULT_STORE_SETTINGS.grace, () => {});
  #feed: ChangeFeed | undefined;
  readonly #askPool: Ask = (statement) => this.#connections.ask(statement, FIND_WITHIN);
  readonly #reconnection = new Reconnection(this.#askPool, (...failure) => this.#availability.failed(...failure));
  #opening: Promise<void> = Promise.resolve();
  #looking: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Connects to nothing yet: that is for {@link open}.
   *
   * @param source `postgres://USER:PASSWORD@HOST/DATABASE`, where `?schema=`, `?table=` and `?max=` may follow (how many
   *   connections there are at the most, besides the one that listens; defaults to 5); or a pool of the app's own,
   *   `new pg.Pool(…)`, which is the app's to end
   * @param table which one the users are in; what is left out is the URL's to say
   * @throws {ConfigError} the URL or the pool is none, a name is no good, or an option is not known
   * @throws {StoreError} the package `pg` is not installed
   */
  constructor(source: string | PostgresPool, table: PostgresTable = {}) {
    checkTable(table);
    const from = readSource(source);
    this.#names = new TableNames('connectionString' in from ? { ...from, ...table } : table);
    this.#statements = new Statements(this.#names);
    this.#connections = new Connections(from);
    this.#changes = new Changes(this.#connections, this.#statements);
  }

  /**
   * Makes the table if it is not there, and begins to listen for changes. Of those who open it each is told how it is,
   * and the shortest grace counts.
   *
   * @throws {StoreError} that says what is in the way
   */
  open(settings: StoreSettings = DEFAULT_STORE_SETTINGS): Promise<void> {
    const opening = this.#opening.then(() => this.#open(settings));
    this.#opening = opening.catch(() => {});
    return opening;
  }

  find(name: string): MaybePromise<StoredUser | undefined> {
    this.#assertOpen();
    const { isListening } = this.#availability;
    const known = isListening ? this.#known.get(name) : undefined;
    if (known !== undefined) {
      const time = now();
      if (time < known.trustedUntil) {
        known.usedAt = time;
        return known.user;
      }
    }
    if (this.#availability.isUnavailable) return this.#findAgain(name);
    // A question under way may be older than a change that has been answered. Where that would be heard of, it is not.
    const latest = isListening ? this.#questions.latest(name) : undefined;
    if (latest === undefined) return this.#ask(name);
    // Of a new user nothing is heard: who is not found is asked for by a question that was not under way before.
    const time = now();
    return latest.then((user) => user ?? this.#questions.latest(name, time) ?? this.#ask(name));
  }

  async list(query: UserListQuery): Promise<StoredUser[]> {
    this.#assertOpen();
    return listInTime(query, this.#connections, this.#statements);
  }

  insert(user: StoredUser): Promise<boolean> {
    return this.#forgetting([user], () => this.#changes.insert(user));
  }

  replace(user: StoredUser, expectedRevision: string): Promise<ReplaceOutcome> {
    return this.#change(user.name, () => this.#changes.replace(user, expectedRevision));
  }

  remove(name: string): Promise<RemoveOutcome> {
    return this.#change(name, () => this.#changes.remove(name));
  }

  async hasAdmin(): Promise<boolean> {
    this.#assertOpen();
    const { rowCount } = await this.#askPool(this.#statements.anyAdmin());
    return rowCount === 1;
  }

  insertFirstAdmin(user: StoredUser): Promise<FirstAdminOutcome> {
    return this.#forgetting([user], () => this.#changes.insertFirstAdmin(user));
  }

  insertMany(users: readonly StoredUser[]): Promise<string[]> {
    return this.#forgetting(users, () => this.#changes.insertMany(users));
  }

  /** It has a connection of its own, besides the pool's. */
  async *snapshot(): AsyncGenerator<StoredUser, void, void> {
    this.#assertOpen();
    yield* readSnapshot(this.#connections, this.#statements);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#known.clear();
    this.#availability.close();
    await Promise.all([this.#feed?.close(), this.#connections.close(() => this.#closedError())]);
  }

  async #open(settings: StoreSettings): Promise<void> {
    this.#assertOpen();
    await prepareSchema(this.#connections, this.#names);
    this.#availability.close();
    await this.#feed?.close();
    this.#assertOpen();
    this.#reports.add(settings.report);
    this.#grace = Math.min(this.#grace, settings.grace);
    this.#known = new KnownUsers(this.#grace);
    this.#availability = new Availability(this.#grace, (state, reason) => {
      for (const report of this.#reports) report(state, reason);
    });
    this.#feed = new ChangeFeed({
      channel: this.#names.channel,
      createClient: () => this.#connections.createClient(),
      askElsewhere: this.#askPool,
      onChange: (name) => this.#hear(name),
      look: async (ask) => this.#availability.hears(await this.#look(ask, true)),
      onState: (isListening, error) => this.#onFeedState(isListening, error),
    });
    await this.#feed.start();
    this.#assertOpen();
  }

  /** When the database did not answer lately. */
  #findAgain(name: string): MaybePromise<StoredUser | undefined> {
    const trying = this.#availability.isOutage ? this.#reconnection.try(() => this.#ask(name)) : undefined;
    if (trying === undefined) return this.#inGrace(name);
    return trying.then(() => (this.#availability.isUnavailable ? this.#inGrace(name) : this.find(name)));
  }

  #ask(name: string): Promise<StoredUser | undefined> {
    return this.#questions.ask(name, now(), (question) => this.#read(name, question));
  }

  async #read(name: string, question: Question): Promise<StoredUser | undefined> {
    const availability = this.#availability;
    const { isListening, interruptions } = availability;
    let rows: readonly Row[];
    try {
      ({ rows } = await this.#askPool(this.#statements.find(name)));
    } catch (error) {
      availability.failed(error as Error, question.askedAt);
      return this.#inGrace(name, error as Error);
    }
    availability.answered(question.askedAt);
    const [row] = rows;
    if (row === undefined) {
      this.#known.forget(name);
      return undefined;
    }
    const found = toFoundUser(row);
    if (question.isOutdated) return found.user;
    // What happens to the user from now on is heard of, if that has been so since the question was asked.
    const isTrusted =
      isListening && availability === this.#availability && interruptions === availability.interruptions;
    return this.#known.learn(found, question.askedAt, isTrusted);
  }

  /** @throws the error, unless the user is in memory and may be served from there */
  #inGrace(name: string, error: Error = this.#availability.failure as Error): StoredUser {
    const known = this.#known.get(name);
    const time = now();
    if (known === undefined || !this.#availability.isGraceFor(known.confirmedAt, time)) throw error;
    known.usedAt = time;
    return known.user;
  }

  /** Answers when the change is on disk, and as good as everywhere in force. */
  #change<T>(name: string, change: () => Promise<T>): Promise<T> {
    // Then the database has been there for so long, and whoever had lost it has tried it again.
    const isListening = this.#availability.hasListenedFor(TRY_EVERY);
    return this.#forgetting([{ name }], () => this.#told.inForce(name, change, isListening));
  }

  async #forgetting<T>(users: readonly { readonly name: string }[], change: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    try {
      return await change();
    } finally {
      // Also when it failed: it may have been done all the same.
      for (const { name } of users) this.#forget(name);
    }
  }

  #hear(name: string): void {
    this.#forget(name);
    this.#told.tell(name);
  }

  /** The user is not any more what it was. No name: that may be so of everybody. */
  #forget(name: string): void {
    if (name === '') {
      this.#known.clear();
      this.#questions.outdateAll();
    } else {
      this.#known.forget(name);
      this.#questions.outdate(name);
    }
  }

  #look(ask: Ask, isHeard: boolean): Promise<number> {
    const onChange = (name: string) => this.#forget(name);
    return look({ ask, statements: this.#statements, known: this.#known, isHeard, onChange });
  }

  #onFeedState(isListening: boolean, error?: NodeJS.ErrnoException): void {
    if (!isListening) {
      this.#availability.deaf(error as Error);
      this.#known.distrust();
    }
    // What has become a standby answers, and what it answers may be old.
    if (isOfStandby(error)) this.#availability.failed(error as Error, now());
    else if (this.#availability.failure !== undefined || !isListening) this.#lookElsewhere();
  }

  /** Looks without the feed: so that it is known whether users can be read, and what is in memory stays right. */
  #lookElsewhere(): void {
    const askedAt = now();
    this.#looking ??= expectPrimary(this.#askPool)
      .then(() => this.#look(this.#askPool, false))
      .then(
        (lastAskedAt) => this.#availability.answered(lastAskedAt),
        (error) => this.#availability.failed(error, askedAt),
      )
      .finally(() => {
        this.#looking = undefined;
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
