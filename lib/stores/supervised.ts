import { now } from '../clock.js';
import { OverloadedError, StoreError } from '../errors.js';
import { answerWithin, isPromise, type MaybePromise, UnderWay } from '../promises.js';
import { withoutHashes } from '../safe-text.js';
import type {
  FirstAdminOutcome,
  RemoveOutcome,
  ReplaceOutcome,
  UserListQuery,
  UserRepository,
} from '../users/repository.js';
import type { StoreHealth, StoreSettings, StoreState, StoreWork } from '../users/store-state.js';
import type { StoredUser } from '../users/user.js';
import { everyUser, hasAdmin, insertFirstAdmin, insertMany } from './complete-repository.js';
import { SlowListError } from './slow-list-error.js';
import { asStoreError } from './store-error.js';
import { UserSnapshots } from './user-snapshots.js';

/** Milliseconds. A request that waits longer for the store is refused, so that it is answered within five seconds. */
const ANSWER_WITHIN = 4_500;

/** Milliseconds after which a repository that could not be opened is opened again. */
const REOPEN_AFTER = 1_000;

/** The grace of a store, and the listeners that are told of it. */
export interface SupervisedRepositoryOptions {
  /** Milliseconds: see {@link StoreSettings}. */
  readonly grace: number;
  /** Told of each failure, for the operator's eyes. */
  readonly onFailure: (error: StoreError) => void;
  /** Told when the store comes into another state. */
  readonly onState: (health: StoreHealth) => void;
  /** Told of each answer that was waited for. */
  readonly onWork?: (work: StoreWork) => void;
}

/**
 * What may be there or not, and what stands in for it. Each call has its time for itself: what stands in takes as many as
 * there are users.
 */
type Parts = Pick<UserRepository, 'list' | 'insert' | 'hasAdmin' | 'insertFirstAdmin' | 'insertMany' | 'snapshot'>;

/**
 * Makes each failure of a repository a {@link StoreError}: whatever it throws or rejects with, and no answer in time. So
 * callers have one error to catch and to fail closed on, and no word of a repository, which might hold a hash, goes
 * anywhere uncleaned. Errors that only tell the caller to try again later stay as they are.
 */
export class SupervisedRepository implements UserRepository {
  readonly #repository: UserRepository;
  readonly #parts: Parts;
  readonly #options: SupervisedRepositoryOptions;
  #opening: Promise<void> | undefined;
  #reopening: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #underWay = new UnderWay();
  #health: StoreHealth;
  /** State changes before `open()` are not reported. */
  #isStateTold: boolean;
  /** Whether the state is to be concluded from answers, because the repository says nothing of it itself. */
  #concludes = true;
  /** Those that have been told already: each question that waited for a repository to be opened fails with the same one. */
  readonly #told = new WeakSet<object>();
  readonly #snapshots = new UserSnapshots();

  constructor(repository: UserRepository, options: SupervisedRepositoryOptions) {
    this.#repository = repository;
    this.#parts = this.#partsOf(repository);
    this.#options = options;
    this.#isStateTold = repository.open === undefined;
    this.#health =
      repository.open === undefined
        ? { state: 'up', since: new Date(), reason: undefined }
        : { state: 'down', since: new Date(), reason: 'it is not open yet' };
  }

  get health(): StoreHealth {
    return this.#health;
  }

  /** A user that this gives never changes, whatever the repository does to the object that it keeps. */
  find(name: string): MaybePromise<StoredUser | undefined> {
    const found = this.#find(name);
    return isPromise(found) ? found.then((user) => this.#snapshots.of(user)) : this.#snapshots.of(found);
  }

  #find(name: string): MaybePromise<StoredUser | undefined> {
    if (this.#opening !== undefined || this.#isClosed)
      return this.#supervise('find', () => this.#repository.find(name));
    // As #supervise has it, and without a function made for it: each request comes by here.
    let answer: MaybePromise<StoredUser | undefined>;
    try {
      answer = this.#repository.find(name);
    } catch (error) {
      throw this.#failure(error);
    }
    if (isPromise(answer)) return this.#inTime('find', answer);
    this.#succeeded();
    return answer;
  }

  list(query: UserListQuery): MaybePromise<StoredUser[]> {
    return this.#supervise('list', () => this.#repository.list(query));
  }

  insert(user: StoredUser): MaybePromise<boolean> {
    return this.#supervise('insert', () => this.#repository.insert(user));
  }

  replace(user: StoredUser, expectedRevision: string): MaybePromise<ReplaceOutcome> {
    return this.#supervise('replace', () => this.#repository.replace(user, expectedRevision));
  }

  remove(name: string): MaybePromise<RemoveOutcome> {
    return this.#supervise('remove', () => this.#repository.remove(name));
  }

  hasAdmin(): Promise<boolean> {
    return hasAdmin(this.#parts);
  }

  insertFirstAdmin(user: StoredUser): Promise<FirstAdminOutcome> {
    return insertFirstAdmin(this.#parts, user);
  }

  insertMany(users: readonly StoredUser[]): Promise<string[]> {
    return insertMany(this.#parts, users);
  }

  snapshot(): AsyncIterable<StoredUser> {
    return everyUser(this.#parts);
  }

  /**
   * Opens the repository. Every question waits until it is open. If it cannot be opened each one fails, and it is tried
   * again until it can.
   */
  async open(): Promise<void> {
    if (this.#repository.open === undefined) return;
    const opening = this.#open();
    this.#opening ??= opening;
    try {
      await opening;
      this.#opening = undefined;
    } catch (error) {
      this.#opening = opening;
      if (!this.#isClosed) this.#reopening = setTimeout(() => this.#reopen(), REOPEN_AFTER).unref();
      throw error;
    }
  }

  /**
   * From here on no question reaches the repository, and those that are under way are refused. The repository is not
   * closed itself: see {@link UserRepository.close}.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#underWay.close(closed);
    clearTimeout(this.#reopening);
    this.#health = { state: 'down', since: new Date(), reason: 'it is closed' };
  }

  /** A further failure is reported by {@link open}. */
  #reopen(): void {
    void Promise.allSettled([this.open()]);
  }

  async #open(): Promise<void> {
    const settings: StoreSettings = {
      grace: this.#options.grace,
      report: (state, reason) => {
        this.#concludes = false;
        this.#enter(state, reason);
      },
    };
    try {
      await this.#underWay.wait(async () => this.#repository.open?.(settings));
    } catch (error) {
      throw this.#failure(error);
    }
    if (this.#concludes) this.#enter('up');
  }

  #partsOf(repository: UserRepository): Parts {
    const { hasAdmin, insertFirstAdmin, insertMany, snapshot } = repository;
    return {
      list: (query) => this.list(query),
      insert: (user) => this.insert(user),
      ...(hasAdmin && { hasAdmin: () => this.#supervise('hasAdmin', () => hasAdmin.call(repository)) }),
      ...(insertFirstAdmin && {
        insertFirstAdmin: (user) => this.#supervise('insertFirstAdmin', () => insertFirstAdmin.call(repository, user)),
      }),
      ...(insertMany && {
        insertMany: (users) => this.#supervise('insertMany', () => insertMany.call(repository, users)),
      }),
      ...(snapshot && { snapshot: () => this.#stepByStep(() => snapshot.call(repository)) }),
    };
  }

  /** The reader of the users has any time. The repository has the usual time for each step. */
  async *#stepByStep(begin: () => AsyncIterable<StoredUser>): AsyncGenerator<StoredUser, void, void> {
    const users = await this.#supervise('snapshot', () => begin()[Symbol.asyncIterator]());
    const leave = async () => users.return?.();
    let isLeftEarly = false;
    try {
      for (;;) {
        const step = await this.#supervise('snapshot', () => users.next());
        if (step.done) return;
        isLeftEarly = true;
        yield step.value;
        isLeftEarly = false;
      }
    } catch (error) {
      // What gave no answer would not answer this either.
      void Promise.allSettled([leave()]);
      throw error;
    } finally {
      if (isLeftEarly && this.#isClosed) void Promise.allSettled([leave()]);
      else if (isLeftEarly) await this.#supervise('snapshot', leave);
    }
  }

  #supervise<T>(operation: StoreWork['operation'], ask: () => MaybePromise<T>): MaybePromise<T> {
    if (this.#isClosed) throw closed();
    const opening = this.#opening;
    if (opening !== undefined) {
      // A question that has been refused meanwhile must not be asked later.
      const opened = this.#underWay.wait(() => answerWithin(ANSWER_WITHIN, opening));
      return this.#inTime(operation, opened.then(ask));
    }
    let answer: MaybePromise<T>;
    try {
      answer = ask();
    } catch (error) {
      throw this.#failure(error);
    }
    if (isPromise(answer)) return this.#inTime(operation, answer);
    this.#succeeded();
    return answer;
  }

  async #inTime<T>(operation: StoreWork['operation'], answer: Promise<T>): Promise<T> {
    const from = now();
    const lateness = operation === 'list' ? () => new SlowListError() : undefined;
    try {
      const result = await this.#underWay.wait(() => answerWithin(ANSWER_WITHIN, answer, lateness));
      this.#succeeded();
      return result;
    } catch (error) {
      throw this.#failure(error);
    } finally {
      this.#options.onWork?.({ operation, took: now() - from });
    }
  }

  #failure(error: unknown): StoreError | OverloadedError {
    if (this.#isClosed) return closed();
    // These tell whoever asked what to do, and nothing of how the store is.
    if (error instanceof SlowListError || error instanceof OverloadedError) return error;
    if (error instanceof StoreError && this.#told.has(error)) return error;
    const failure = asStoreError(error);
    this.#told.add(failure);
    if (this.#concludes) this.#enter('down', reasonOf(failure));
    this.#options.onFailure(failure);
    return failure;
  }

  #succeeded(): void {
    if (this.#concludes && this.#health.state !== 'up') this.#enter('up');
  }

  #enter(state: StoreState, reason?: string): void {
    if (this.#isClosed) return;
    const hasChanged = state !== this.#health.state;
    const isNews = hasChanged || !this.#isStateTold;
    this.#isStateTold = true;
    const since = hasChanged ? new Date() : this.#health.since;
    this.#health = { state, since, reason: reason && withoutHashes(reason) };
    if (isNews) this.#options.onState(this.#health);
  }
}

function closed(): StoreError {
  return new StoreError('the user store is closed');
}

/** The store's own words, where there are any. */
function reasonOf({ message, cause }: StoreError): string {
  return cause instanceof Error ? cause.message : message;
}
