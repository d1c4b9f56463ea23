import { answerWithin } from '../../answer-within.js';
import { StoreError } from '../../errors.js';
import { isPromise, type MaybePromise } from '../../maybe-promise.js';
import type { RemoveOutcome, ReplaceOutcome, UserListQuery, UserRepository } from '../repository.js';
import type { StoredUser } from '../user.js';

/** Milliseconds. A request that waits longer for the store is refused. */
const ANSWER_WITHIN = 5_000;

/** What bcrypt makes, wherever it stands in a text. */
const HASH = /\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}/g;

/**
 * Makes each failure of a repository the same failure: whatever it throws or rejects with, and no answer within
 * five seconds, is a {@link StoreError}. So there is one thing to catch for who must fail closed, and none of a
 * repository's own words, which might hold a hash, go anywhere uncleaned.
 */
export class SupervisedRepository implements UserRepository {
  readonly #repository: UserRepository;
  readonly #onFailure: (error: StoreError) => void;
  #opening: Promise<void> | undefined;
  #isClosed = false;

  /** @param onFailure told of each failure, for the operator's eyes */
  constructor(repository: UserRepository, onFailure: (error: StoreError) => void) {
    this.#repository = repository;
    this.#onFailure = onFailure;
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
    return isPromise(answer) ? this.#inTime(answer) : answer;
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

  /** Opens the repository. Every question waits until it is open; if it cannot be opened each one fails. */
  async open(): Promise<void> {
    if (this.#repository.open === undefined) return;
    const opening = Promise.resolve(this.#repository.open()).catch((error: unknown) => {
      throw this.#failure(error);
    });
    this.#opening = opening;
    await opening;
    this.#opening = undefined;
  }

  /** From here on no question reaches the repository. It is not closed itself: see {@link UserRepository.close}. */
  close(): void {
    this.#isClosed = true;
  }

  #supervise<T>(ask: () => MaybePromise<T>): MaybePromise<T> {
    if (this.#isClosed) throw new StoreError('the user store is closed');
    if (this.#opening !== undefined) return this.#inTime(this.#opening.then(ask));
    let answer: MaybePromise<T>;
    try {
      answer = ask();
    } catch (error) {
      throw this.#failure(error);
    }
    return isPromise(answer) ? this.#inTime(answer) : answer;
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answerWithin(ANSWER_WITHIN, answer);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): StoreError {
    const failure = error instanceof StoreError ? new StoreError(withoutHashes(error.message)) : unavailable(error);
    this.#onFailure(failure);
    return failure;
  }
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
