import type { MaybePromise } from '../promises.js';
import type { NamePattern } from './name-pattern.js';
import type { StoredUser } from './user.js';

/** Which users to list. */
export interface UserListQuery {
  /** The names to list. */
  readonly pattern: NamePattern;
  /**
   * Only names that come after this one in the order of their UTF-8 bytes; `offset` and `limit` count from there.
   * No user need have it: it is a well-formed text of 1 to 256 bytes without NUL. Undefined: from the first name on.
   */
  readonly after: string | undefined;
  /** How many of the users that match to pass over: an integer, 0 or more. */
  readonly offset: number;
  /** How many users to give at the most: an integer, 0 or more. */
  readonly limit: number;
}

/**
 * `conflict`: no user of this name has the expected revision. `last-admin`: the user is the only admin that is enabled.
 * In both cases nothing was changed.
 */
export type ReplaceOutcome = 'replaced' | 'conflict' | 'last-admin';
/** `last-admin`: the user is the only admin that is enabled, so nothing was changed. */
export type RemoveOutcome = 'removed' | 'not-found' | 'last-admin';
/**
 * `admin-exists`: there is an admin that is enabled. `name-taken`: there is none, and somebody else has the name.
 * In both cases nothing was changed.
 */
export type FirstAdminOutcome = 'inserted' | 'admin-exists' | 'name-taken';

/**
 * Where users live. An app can bring its own: `kapacitorAuth({ auth: { store: myRepository } })`; the suite in
 * `kapacitor-auth/contract` says whether it keeps what follows.
 *
 * - `find` sees each change whose method has answered, of every process that shares the store: it is asked at each
 *   request. It may give the same object again, changed. (What must be fast may answer without a promise.)
 * - Each method that changes something is atomic, also between processes, and what it answered is kept for good.
 * - Names are told apart byte by byte: `a` and `A` are two users.
 * - A method that cannot do its work throws or rejects. It is then taken as unavailable, and nobody gets in.
 */
export interface UserRepository {
  /** The user of this name, or undefined. */
  find(name: string): MaybePromise<StoredUser | undefined>;

  /** Users in the order of their names' UTF-8 bytes. */
  list(query: UserListQuery): MaybePromise<StoredUser[]>;

  /** Adds a user, and answers true; answers false, and changes nothing, if one of this name is there. */
  insert(user: StoredUser): MaybePromise<boolean>;

  /**
   * Puts `user` in the place of the user of the same name, if that one still has the revision `expectedRevision`,
   * and unless no admin would be left that is enabled.
   */
  replace(user: StoredUser, expectedRevision: string): MaybePromise<ReplaceOutcome>;

  /** Takes the user of this name away, unless no admin would be left that is enabled. */
  remove(name: string): MaybePromise<RemoveOutcome>;

  /**
   * Tells whether there is an admin that is enabled. A repository may leave it out: then everybody is looked through
   * until one is found.
   */
  hasAdmin?(): MaybePromise<boolean>;

  /**
   * Adds this admin, who is enabled, if there is none yet that is, and if the name is free. `admin-exists` comes before
   * `name-taken`. It is atomic, also between processes: of two that start at the same moment, with two names, exactly
   * one makes the first admin.
   *
   * A repository may leave it out: then it is asked for an admin, and the user is inserted. Each of two processes that
   * do so at the same moment may make an admin then.
   */
  insertFirstAdmin?(user: StoredUser): MaybePromise<FirstAdminOutcome>;

  /**
   * Adds those users whose names are free, all of them or none, and answers their names in the order in which they were
   * given. Whoever is there already stays as it is. Of users with the same name the first one counts.
   *
   * It is given a thousand users or so at once. A repository may leave it out: then they are inserted one by one, and
   * those before a failure stay.
   */
  insertMany?(users: readonly StoredUser[]): MaybePromise<string[]>;

  /**
   * Every user, in the order of their names' UTF-8 bytes, as all of them were at one moment between the first step and
   * its answer, whatever is changed meanwhile. Whoever leaves the loop early lets go of all that it needed. There may be
   * more users than the memory holds.
   *
   * A repository may leave it out: then everybody is listed, page by page, each page as it is when it is read.
   */
  snapshot?(): AsyncIterable<StoredUser>;

  /**
   * Connects, creates what is missing. Called before any other method is, and again after it has failed; once for
   * each middleware that shares the repository. `auth.ready` waits for it.
   */
  open?(settings: StoreSettings): MaybePromise<void>;

  /**
   * Lets go of files, connections and timers. `auth.close()` calls it for the repositories that this package made;
   * one that the app made is the app's to close.
   */
  close?(): MaybePromise<void>;
}

/** A repository that leaves no method out. */
export type CompleteUserRepository = UserRepository &
  Required<Pick<UserRepository, 'hasAdmin' | 'insertFirstAdmin' | 'insertMany' | 'snapshot'>>;

/** All states, the best first. */
export const STORE_STATES = ['up', 'degraded', 'grace', 'down'] as const;

/**
 * The state of a store.
 *
 * - `up`: the store answers, changes can be made, and the changes of other processes are heard of.
 * - `degraded`: the store answers, but not as it should: changes of users fail, because the disk is full for example
 *   (SQLite); or changes are not heard of, so that each request asks the database, or only users in memory are known
 *   (PostgreSQL).
 * - `grace`: the store does not answer, and users in memory are served on (PostgreSQL).
 * - `down`: the store does not answer, is damaged, gone or not open, and nobody gets in.
 */
export type StoreState = (typeof STORE_STATES)[number];

/** The state of the store, and since when it is in it. */
export interface StoreHealth {
  readonly state: StoreState;
  readonly since: Date;
  /** The problem, for the operator: it may name files, hosts and tables, but no secret. Undefined while all is well. */
  readonly reason: string | undefined;
}

/** The settings that a store is opened with. */
export interface StoreSettings {
  /** Milliseconds. How long users in memory are served on while the store does not answer; 0: not at all. */
  readonly grace: number;
  /**
   * For a store that knows how it is: called whenever that may have changed. A store that does not call it is taken to
   * be as its last answer was.
   *
   * @param reason what is wrong, for the operator
   */
  readonly report: (state: StoreState, reason?: string) => void;
}

/** For a store that is used on its own. */
export const DEFAULT_STORE_SETTINGS: StoreSettings = { grace: 60_000, report: () => {} };

/** A question to the store that had to be waited for. */
export interface StoreWork {
  readonly operation:
    | 'find'
    | 'list'
    | 'insert'
    | 'replace'
    | 'remove'
    | 'hasAdmin'
    | 'insertFirstAdmin'
    | 'insertMany'
    | 'snapshot';
  /** Milliseconds. */
  readonly took: number;
}
