import { answerWithin } from '../../answer-within.js';
import { StoreError } from '../../errors.js';
import { isPromise, type MaybePromise } from '../../maybe-promise.js';
import type { RemoveOutcome, ReplaceOutcome, UserListQuery, UserRepository } from '../repository.js';
import type { StoreHealth, StoreState } from '../store-state.js';
import type { StoredUser } from '../user.js';

/** Milliseconds. A request that waits longer for the store is refused, so that it is answered within five seconds. */
const ANSWER_WITHIN = 4_500;

/** What bcrypt makes, wherever it stands in a text. */
const HASH = /\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}/g;

/** Milliseconds after which a repository that could not be opened is opened again. */
const REOPEN_AFTER = 1_000;

/** Who is told what. */
export interface SupervisedRepositoryOptions {
  /** Milliseconds: see {@link StoreSettings}. */
  readonly grace: number;
  /** Told of each failure, for the operator's eyes. */
  readonly onFailure: (error: StoreError) => void;
  /** Told when the store comes into another state. */
  readonly onState: (health: StoreHealth) => void;
}

/**
 * Makes each failure of a repository the same failure: whatever it throws or rejects with, and no answer in
 * time, is a {@link StoreError}. So there is one thing to catch for who must fail closed, and none of a
 * repository's own words, which might hold a hash, go anywhere uncleaned.
 */
export class SupervisedRepository implements UserRepository {
  readonly #repository: UserRepository;
  readonly #options: SupervisedRepositoryOptions;
  #opening: Promise<void> | undefined;
  #reopening: NodeJS.Timeout | undefined;
  #isClosed = false;
  #health: StoreHealth;
  /** Whether the state is to be concluded from answers, because the repository says nothing of it itself. */
  #concludes = true;
  /** Those that have been told already: each question that waited for a repository to be opened fails with the same one. */
  readonly #told = new WeakSet<object>();

  constructor(repository: UserRepository, options: SupervisedRepositoryOptions) {
    this.#repository = repository;
    this.#options = options;
    this.#health =
      repository.open === undefined
        ? { state: 'up', since: new Date(), reason: undefined }
        : { state: 'down', since: new Date(), reason: 'it is not open yet' };
  }

  get health(): StoreHealth {
    return this.#health;
  }

  find(name: string): MaybePromise<StoredUser | undefined> {
    if (this.#opening !== undefined || this.#isClosed) return this.#supervise(() => this.#repository.find(name));
    // As #supervise has it, and without a function made for it: each request comes by here.
    let answer: MaybePromise<StoredUser | undefined>;
    try {
      answer = this.#repository.find(name);
    } catch (error) {
      throw this.#failure(error);
    }
    if (isPromise(answer)) return this.#inTime(answer);
    this.#succeeded();
    return answer;
  }

  list(query: UserListQuery): MaybePromise<StoredUser[]> {
    return this.#supervise(() => this.#repository.list(query));
  }

  insert(user: StoredUser): MaybePromise<boolean> {
    return this.#supervise(() => this.#repository.insert(user));
  }

  replace(user: StoredUser, expectedRevision: string): MaybePromise<ReplaceOutcome> {
    return this.#supervise(() => this.#repository.replace(user, expectedRevision));
  }

  remove(name: string): MaybePromise<RemoveOutcome> {
    return this.#supervise(() => this.#repository.remove(name));
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

  /** From here on no question reaches the repository. It is not closed itself: see {@link UserRepository.close}. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#reopening);
    this.#health = { state: 'down', since: new Date(), reason: 'it is closed' };
  }

  /** That it may fail again goes without saying: it is told of where it does. */
  #reopen(): void {
    void Promise.allSettled([this.open()]);
  }

  async #open(): Promise<void> {
    try {
      await this.#repository.open?.({
        grace: this.#options.grace,
        report: (state, reason) => {
          this.#concludes = false;
          this.#enter(state, reason);
        },
      });
    } catch (error) {
      throw this.#failure(error);
    }
    if (this.#concludes) this.#enter('up');
  }

  #supervise<T>(ask: () => MaybePromise<T>): MaybePromise<T> {
    if (this.#isClosed) throw new StoreError('the user store is closed');
    // Who has been refused meanwhile is not to be obeyed later.
    if (this.#opening !== undefined) return this.#inTime(answerWithin(ANSWER_WITHIN, this.#opening).then(ask));
    let answer: MaybePromise<T>;
    try {
      answer = ask();
    } catch (error) {
      throw this.#failure(error);
    }
    if (isPromise(answer)) return this.#inTime(answer);
    this.#succeeded();
    return answer;
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    try {
      const result = await answerWithin(ANSWER_WITHIN, answer);
      this.#succeeded();
      return result;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): StoreError {
    if (error instanceof StoreError && this.#told.has(error)) return error;
    const failure = error instanceof StoreError ? new StoreError(withoutHashes(error.message)) : unavailable(error);
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
    const since = hasChanged ? new Date() : this.#health.since;
    this.#health = { state, since, reason: reason && withoutHashes(reason) };
    if (hasChanged) this.#options.onState(this.#health);
  }
}

/** The store's own words, where there are any. */
function reasonOf({ message, cause }: StoreError): string {
  return cause instanceof Error ? cause.message : message;
}

/** Keeps what the operator needs of the cause. The rest of a foreign error may hold a row, and so a hash, anywhere. */
function unavailable(error: unknown): StoreError {
  const { message, code, stack }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  const cause = new Error(withoutHashes(message));
  if (stack !== undefined) cause.stack = withoutHashes(stack);
  if (code !== undefined) Object.assign(cause, { code: withoutHashes(String(code)) });
  return new StoreError('the user store is unavailable', { cause });
}

function withoutHashes(text: string): string {
  return text.replace(HASH, '(a hash)');
}
