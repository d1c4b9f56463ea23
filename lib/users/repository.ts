import type { MaybePromise } from '../promises.js';
import type { LoginTimes } from './login-times.js';
import type { NamePattern } from './name-pattern.js';
import type { SecretRepository, StoredSecret } from './secret.js';
import type { SharedLimits } from './shared-limits.js';
import type { StoredAccount, StoredUser, UserType } from './user.js';

/** Selects users. Every condition must be fulfilled. */
export interface UserFilter {
  /** Selects users whose names match. */
  readonly pattern: NamePattern;
  /** Selects users whose names contain this text, in letters of either case. It is in lower case. Undefined: all. */
  readonly q?: string | undefined;
  /** Selects users of this type. Undefined: all. */
  readonly type?: UserType | undefined;
  /** Selects users who are enabled, or who are not. Expired users count as what they are marked as. Undefined: all. */
  readonly enabled?: boolean | undefined;
  /** Selects users who have the permission of this name. Undefined: all. */
  readonly permission?: string | undefined;
}

/** Selects the users of a list. */
export interface UserListQuery extends UserFilter {
  /**
   * Lists only names that come after this one in the order of their UTF-8 bytes. `offset` and `limit` count from there. The
   * name need not exist: it is any well-formed text of 1 to 256 bytes without NUL. Undefined: from the first name on.
   */
  readonly after: string | undefined;
  /** The number of matching users to skip: an integer, 0 or more. */
  readonly offset: number;
  /** The maximum number of users to return: an integer, 0 or more. */
  readonly limit: number;
}

/**
 * `conflict`: no user of this name has the expected revision. `last-admin`: the user is the only enabled admin. In both
 * cases nothing changed.
 */
export type ReplaceOutcome = 'replaced' | 'conflict' | 'last-admin';
/**
 * `conflict`: the user does not have the expected revision. `last-admin`: the user is the only enabled admin. In both cases
 * nothing changed.
 */
export type RemoveOutcome = 'removed' | 'not-found' | 'conflict' | 'last-admin';
/**
 * `admin-exists`: there is an enabled admin. `name-taken`: there is none, and another user has the name. In both cases
 * nothing changed.
 */
export type FirstAdminOutcome = 'inserted' | 'admin-exists' | 'name-taken';

/**
 * Keeps users. An app can bring its own: `kapacitorAuth({ auth: { store: myRepository } })`. The suite in
 * `kapacitor-auth/contract` tests that it keeps these promises:
 *
 * - Every request calls `find`, so it should be fast, and may answer without a promise. It sees each answered change of
 *   every process that shares the store. It may return the same object again with other values.
 * - Each change is atomic, also between processes, and is durable when it is answered.
 * - Names are compared byte by byte: `a` and `A` are two users.
 * - An enabled admin is one that never expires: a user that `isActiveAdmin` of this package calls so.
 * - A method that cannot do its work throws or rejects. The store then counts as unavailable, and nobody gets in.
 */
export interface UserRepository {
  /** The user of this name, or undefined. */
  find(name: string): MaybePromise<StoredUser | undefined>;

  /** Users in the order of their names' UTF-8 bytes. */
  list(query: UserListQuery): MaybePromise<StoredUser[]>;

  /** Adds a user. Returns false, and changes nothing, if a user of this name exists. */
  insert(user: StoredUser): MaybePromise<boolean>;

  /**
   * Replaces the user of the same name, if that one still has the revision `expectedRevision`, and unless no enabled admin
   * would be left.
   */
  replace(user: StoredUser, expectedRevision: string): MaybePromise<ReplaceOutcome>;

  /**
   * Removes the user of this name, unless no enabled admin would be left.
   *
   * @param expectedRevision if it is defined, the user is removed only if it has this revision
   */
  remove(name: string, expectedRevision?: string): MaybePromise<RemoveOutcome>;

  /**
   * The number of users that a list without `after`, `offset` and `limit` would have.
   *
   * A repository may leave it out. Its `list` then need not heed any condition but `pattern`: the users that it lists are
   * filtered and counted.
   */
  count?(filter: UserFilter): MaybePromise<number>;

  /**
   * Tells whether there is an enabled admin. A repository may leave it out: the users are then read until an admin is
   * found.
   */
  hasAdmin?(): MaybePromise<boolean>;

  /**
   * Adds this enabled admin, if there is no enabled admin yet and the name is free. `admin-exists` comes before
   * `name-taken`. It is atomic, also between processes: if two start at the same moment with two names, exactly one makes
   * the first admin.
   *
   * A repository may leave it out: `hasAdmin` and `insert` are then called instead, and two processes that start at the same
   * moment may each make an admin.
   */
  insertFirstAdmin?(user: StoredUser): MaybePromise<FirstAdminOutcome>;

  /**
   * Adds the users whose names are free, all of them or none, and returns their names in the given order. Existing users
   * stay as they are. If several users have the same name, the first one counts.
   *
   * A call has about a thousand users. A repository with {@link secrets} adds the keys of the users that it adds as well, all
   * of which are valid. A repository may leave the method out: the users are then inserted one by one, without their keys, and
   * those before a failure stay.
   */
  insertMany?(users: readonly KeyOwner[]): MaybePromise<string[]>;

  /**
   * Every user, in the order of their names' UTF-8 bytes. A repository with {@link secrets} gives each with its keys. All of
   * them are as they were at one moment between the first step and its answer, whatever changes meanwhile. A caller that leaves
   * the loop early releases everything that the snapshot holds. There may be more users than fit into memory.
   *
   * A repository may leave it out: the users are then listed page by page, each page as it is when it is read.
   */
  snapshot?(): AsyncIterable<KeyOwner>;

  /**
   * The names of all permissions that any user has, each once, in any order. It is called once, after the start, to warn
   * of names that nobody defines. It may take a minute, and must not keep other questions waiting.
   *
   * A repository may leave it out: every user is then read.
   */
  permissionsInUse?(): MaybePromise<readonly string[]>;

  /**
   * Whether every field of {@link StoredAccount} is kept. Defaults to false: no user gets one then, and a user that needs one is
   * refused.
   */
  readonly keepsAccounts?: boolean;

  /**
   * Keeps when users logged in last. A repository may leave it out: nobody knows then.
   */
  readonly logins?: LoginTimes;

  /**
   * Counts failed logins for all processes that share the store, and the addresses from which users log in. A repository may
   * leave it out: each process counts its own then, and begins anew when it starts.
   */
  readonly limits?: SharedLimits;

  /**
   * Keeps the keys and sessions of the users. A repository may leave it out: there are no keys and no sessions then.
   */
  readonly secrets?: SecretRepository;

  /**
   * Connects, and creates missing tables. Each middleware that shares the repository calls it before any other method, and
   * again after it has failed. `auth.ready` waits for it.
   */
  open?(settings: StoreSettings): MaybePromise<void>;

  /**
   * Closes files, connections and timers. `auth.close()` calls it for a repository that this package made. The app closes
   * its own.
   */
  close?(): MaybePromise<void>;
}

/** A user with its keys. Undefined: none, or they were not asked for. */
export interface KeyOwner extends StoredUser {
  readonly keys?: readonly StoredSecret[] | undefined;
}

/** The methods of a repository that it may leave out. */
export const OPTIONAL_METHODS = [
  'count',
  'hasAdmin',
  'insertFirstAdmin',
  'insertMany',
  'snapshot',
  'permissionsInUse',
] as const;

/** A repository that leaves no method out. It may lack {@link UserRepository.secrets} and {@link UserRepository.logins}. */
export type CompleteUserRepository = UserRepository & Required<Pick<UserRepository, (typeof OPTIONAL_METHODS)[number]>>;

/** All states, the best first. */
export const STORE_STATES = ['up', 'degraded', 'grace', 'down'] as const;

/**
 * The state of a store.
 *
 * - `up`: the store answers, accepts changes, and learns of the changes of other processes.
 * - `degraded`: the store works in part. SQLite: changes fail, because the disk is full for example. PostgreSQL: no
 *   notifications of changes arrive, so each request queries the database, or only users in memory are known.
 * - `grace`: the store does not answer, and users in memory are still served (PostgreSQL).
 * - `down`: the store does not answer, or is damaged, gone or not open. Nobody gets in.
 */
export type StoreState = (typeof STORE_STATES)[number];

/** The state of a store, and when it began. */
export interface StoreHealth {
  readonly state: StoreState;
  readonly since: Date;
  /** The problem, for the operator. It may name files, hosts and tables, and contains no secret. Undefined while `up`. */
  readonly reason: string | undefined;
}

/** The settings with which a store is opened. */
export interface StoreSettings {
  /** Milliseconds for which users in memory are served while the store does not answer. 0: not at all. */
  readonly grace: number;
  /**
   * For a store that knows its own state: it calls this whenever the state may have changed. The state of a store that never
   * calls it follows from its answers.
   *
   * @param reason the problem, for the operator
   */
  readonly report: (state: StoreState, reason?: string) => void;
}

/** The settings of a store that is used without a middleware. */
export const DEFAULT_STORE_SETTINGS: StoreSettings = { grace: 60_000, report: () => {} };

/** A question that the store has answered with a promise. */
export interface StoreWork {
  readonly operation:
    | 'find'
    | 'list'
    | 'insert'
    | 'replace'
    | 'remove'
    | (typeof OPTIONAL_METHODS)[number]
    | `logins.${keyof LoginTimes}`
    | `secrets.${keyof SecretRepository}`;
  /** Milliseconds. */
  readonly took: number;
}
