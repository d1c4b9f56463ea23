import { now } from '../../clock.js';
import type { MaybePromise } from '../../promises.js';
import type { Availability, Reconnection } from './availability.js';
import type { Ask, Row, Statement } from './driver.js';
import type { KnownUser } from './known-users.js';
import { QueriesInFlight, type SentQuery } from './queries-in-flight.js';

/** The values that a reader finds by a key, such as users by their names. */
export interface Subject<T> {
  /** The user on which it depends how current the value in memory is. Undefined if there is none. */
  userOf(key: string): KnownUser | undefined;
  /** The value in memory that belongs to the user. */
  inMemory(user: KnownUser, key: string): T;
  statement(key: string): Statement;
  /** Converts an answer. */
  found(row: Row): Found<T>;
  /** The database has answered that it is gone. */
  forget(key: string): void;
}

/** An answer of the database. */
interface Found<T> {
  readonly value: T;
  /**
   * Stores it in memory.
   *
   * @param askedAt when the question was sent
   * @param isTrusted whether notifications have been received since then
   * @returns the same object for as long as the value is the same
   */
  remember(askedAt: number, isTrusted: boolean): T;
}

/** Finds values in memory while notifications of changes arrive, and in the database otherwise. */
export class Reader<T> {
  readonly #ask: Ask;
  readonly #subject: Subject<T>;
  readonly #availability: Availability;
  readonly #reconnection: Reconnection;
  readonly #queries = new QueriesInFlight<T | undefined>();

  /** @param reconnection readers of the same database share it */
  constructor(ask: Ask, subject: Subject<T>, availability: Availability, reconnection: Reconnection) {
    this.#ask = ask;
    this.#subject = subject;
    this.#availability = availability;
    this.#reconnection = reconnection;
  }

  find(key: string): MaybePromise<T | undefined> {
    const { isListening } = this.#availability;
    const user = isListening ? this.#subject.userOf(key) : undefined;
    if (user !== undefined) {
      const time = now();
      if (time < user.trustedUntil) {
        user.usedAt = time;
        return this.#subject.inMemory(user, key);
      }
    }
    if (this.#availability.isUnavailable) return this.#findAfterOutage(key);
    // Without notifications a query in flight may be older than a change that has been answered.
    const latest = isListening ? this.#queries.latest(key) : undefined;
    if (latest === undefined) return this.#query(key);
    // An insertion sends no notification: a missing value is looked up by a query sent from now on.
    const time = now();
    return latest.then((value) => value ?? this.#queries.latest(key, time) ?? this.#query(key));
  }

  /** The value of this key may have changed since the queries in flight were sent. Undefined: any value. */
  outdate(key?: string): void {
    if (key === undefined) this.#queries.outdateAll();
    else this.#queries.outdate(key);
  }

  #findAfterOutage(key: string): MaybePromise<T | undefined> {
    const attempt = this.#availability.isOutage ? this.#reconnection.try(() => this.#query(key)) : undefined;
    if (attempt === undefined) return this.#findInGrace(key);
    return attempt.then(() => (this.#availability.isUnavailable ? this.#findInGrace(key) : this.find(key)));
  }

  #query(key: string): Promise<T | undefined> {
    return this.#queries.send(key, now(), (query) => this.#read(key, query));
  }

  async #read(key: string, query: SentQuery): Promise<T | undefined> {
    const availability = this.#availability;
    const { isListening, interruptions } = availability;
    let rows: readonly Row[];
    try {
      ({ rows } = await this.#ask(this.#subject.statement(key)));
    } catch (error) {
      availability.failed(error as Error, query.askedAt);
      return this.#findInGrace(key, error as Error);
    }
    availability.succeeded(query.askedAt);
    const [row] = rows;
    if (row === undefined) {
      this.#subject.forget(key);
      return undefined;
    }
    const found = this.#subject.found(row);
    if (query.isOutdated) return found.value;
    // Changes after the query are notified of only if listening was not interrupted since.
    const isTrusted = isListening && interruptions === availability.interruptions;
    return found.remember(query.askedAt, isTrusted);
  }

  /** @throws {Error} the failure, unless the value is in memory and may be served from there */
  #findInGrace(key: string, failure: Error = this.#availability.failure as Error): T {
    const user = this.#subject.userOf(key);
    const time = now();
    if (user === undefined || !this.#availability.isInGrace(user.confirmedAt, time)) throw failure;
    user.usedAt = time;
    return this.#subject.inMemory(user, key);
  }
}
