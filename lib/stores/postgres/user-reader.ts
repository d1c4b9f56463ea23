import { now } from '../../clock.js';
import type { MaybePromise } from '../../promises.js';
import type { StoredUser } from '../../users/user.js';
import { type Availability, Reconnection } from './availability.js';
import type { Ask, Row } from './driver.js';
import type { KnownUsers } from './known-users.js';
import { type Statements, toFoundUser } from './statements.js';

/** A query for a user that has been sent. */
export interface UserQuery {
  /** A time of {@link now}. */
  readonly askedAt: number;
  /** Whether the user may have changed since, so that the answer must not be remembered. */
  isOutdated: boolean;
}

interface SentQuery<T> extends UserQuery {
  readonly answer: Promise<T>;
}

/** The queries in flight, by the user's name. */
export class QueriesInFlight<T> {
  readonly #sent = new Map<string, SentQuery<T>[]>();

  /** Sends another query, whatever is in flight. */
  send(name: string, askedAt: number, read: (query: UserQuery) => Promise<T>): Promise<T> {
    const query: UserQuery = { askedAt, isOutdated: false };
    const answer = read(query).finally(() => this.#answered(name, sent));
    const sent: SentQuery<T> = Object.assign(query, { answer });
    const others = this.#sent.get(name);
    if (others === undefined) this.#sent.set(name, [sent]);
    else others.push(sent);
    return answer;
  }

  /**
   * The answer of the latest query in flight, undefined if there is none or its answer may be outdated.
   *
   * @param since earlier queries do not count
   */
  latest(name: string, since: number = Number.NEGATIVE_INFINITY): Promise<T> | undefined {
    const sent = this.#sent.get(name)?.at(-1);
    return sent === undefined || sent.isOutdated || sent.askedAt < since ? undefined : sent.answer;
  }

  /** The user has changed. */
  outdate(name: string): void {
    for (const sent of this.#sent.get(name) ?? []) sent.isOutdated = true;
  }

  outdateAll(): void {
    for (const name of this.#sent.keys()) this.outdate(name);
  }

  /** Queries sent before an answered one may return an earlier state. */
  #answered(name: string, answered: SentQuery<T>): void {
    const sent = this.#sent.get(name) as SentQuery<T>[];
    const position = sent.indexOf(answered);
    for (const earlier of sent.slice(0, position)) earlier.isOutdated = true;
    sent.splice(position, 1);
    if (sent.length === 0) this.#sent.delete(name);
  }
}

/** Finds users in memory while notifications of changes arrive, and in the database otherwise. */
export class UserReader {
  readonly #ask: Ask;
  readonly #statements: Statements;
  readonly #known: KnownUsers;
  readonly #availability: Availability;
  readonly #reconnection: Reconnection;
  readonly #queries = new QueriesInFlight<StoredUser | undefined>();

  constructor(ask: Ask, statements: Statements, known: KnownUsers, availability: Availability) {
    this.#ask = ask;
    this.#statements = statements;
    this.#known = known;
    this.#availability = availability;
    this.#reconnection = new Reconnection(ask, (error, askedAt) => availability.failed(error, askedAt));
  }

  find(name: string): MaybePromise<StoredUser | undefined> {
    const { isListening } = this.#availability;
    const known = isListening ? this.#known.get(name) : undefined;
    if (known !== undefined) {
      const time = now();
      if (time < known.trustedUntil) {
        known.usedAt = time;
        return known.user;
      }
    }
    if (this.#availability.isUnavailable) return this.#findAfterOutage(name);
    // Without notifications a query in flight may be older than a change that has been answered.
    const latest = isListening ? this.#queries.latest(name) : undefined;
    if (latest === undefined) return this.#query(name);
    // An insertion sends no notification: a missing user is looked up by a query sent from now on.
    const time = now();
    return latest.then((user) => user ?? this.#queries.latest(name, time) ?? this.#query(name));
  }

  /** The user has changed, or all of them if the name is empty. */
  forget(name: string): void {
    if (name === '') {
      this.#known.clear();
      this.#queries.outdateAll();
    } else {
      this.#known.forget(name);
      this.#queries.outdate(name);
    }
  }

  #findAfterOutage(name: string): MaybePromise<StoredUser | undefined> {
    const attempt = this.#availability.isOutage ? this.#reconnection.try(() => this.#query(name)) : undefined;
    if (attempt === undefined) return this.#findInGrace(name);
    return attempt.then(() => (this.#availability.isUnavailable ? this.#findInGrace(name) : this.find(name)));
  }

  #query(name: string): Promise<StoredUser | undefined> {
    return this.#queries.send(name, now(), (query) => this.#read(name, query));
  }

  async #read(name: string, query: UserQuery): Promise<StoredUser | undefined> {
    const availability = this.#availability;
    const { isListening, interruptions } = availability;
    let rows: readonly Row[];
    try {
      ({ rows } = await this.#ask(this.#statements.find(name)));
    } catch (error) {
      availability.failed(error as Error, query.askedAt);
      return this.#findInGrace(name, error as Error);
    }
    availability.succeeded(query.askedAt);
    const [row] = rows;
    if (row === undefined) {
      this.#known.forget(name);
      return undefined;
    }
    const found = toFoundUser(row);
    if (query.isOutdated) return found.user;
    // Changes after the query are notified of only if listening was not interrupted since.
    const isTrusted = isListening && interruptions === availability.interruptions;
    return this.#known.learn(found, query.askedAt, isTrusted);
  }

  /** @throws {Error} the failure, unless the user is in memory and may be served from there */
  #findInGrace(name: string, failure: Error = this.#availability.failure as Error): StoredUser {
    const known = this.#known.get(name);
    const time = now();
    if (known === undefined || !this.#availability.isInGrace(known.confirmedAt, time)) throw failure;
    known.usedAt = time;
    return known.user;
  }
}
