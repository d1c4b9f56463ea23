import { now } from '../clock.js';
import { OverloadedError, StoreError } from '../errors.js';
import { answerWithin, isPromise, type MaybePromise, UnderWay } from '../promises.js';
import { withoutHashes } from '../safe-text.js';
import type { StoreHealth, StoreSettings, StoreState, StoreWork, UserRepository } from '../users/repository.js';
import { LIST_WITHIN, SlowAnswerError, SlowListError } from './listing.js';

/** Milliseconds. A request that waits longer for the store is refused, so that it is answered within five seconds. */
const ANSWER_WITHIN = 4_500;

/** Milliseconds for a question that no request waits for. */
const BACKGROUND_WITHIN = 60_000;

/** The questions that no request waits for. They may have to read every user or every secret. */
const BACKGROUND: Readonly<Partial<Record<StoreWork['operation'], string>>> = {
  permissionsInUse: 'reading the permissions of all users',
  'logins.record': 'recording logins',
  'secrets.recordUses': 'recording the uses of keys and sessions',
  'secrets.removeExpired': 'removing expired keys and sessions',
};

/** Milliseconds after which a repository that could not be opened is opened again. */
const REOPEN_AFTER = 1_000;

export interface SupervisionOptions {
  /** Milliseconds: see {@link StoreSettings}. */
  readonly grace: number;
  /** Called with each failure. The error is for the operator. */
  readonly onFailure: (error: StoreError) => void;
  /** Called when the state of the store changes. */
  readonly onState: (health: StoreHealth) => void;
  /** Called after each answer that was a promise. */
  readonly onWork?: (work: StoreWork) => void;
}

/**
 * Opens a repository, puts questions to it, and keeps its state.
 *
 * Every error of the repository becomes a {@link StoreError}, and so does a missing answer. Callers catch
 * one error and fail closed, and no text of a repository, which might hold a hash, is passed on unchanged. A
 * {@link SlowAnswerError} and an {@link OverloadedError} only ask the caller to try again, and stay as they are.
 */
export class Supervision {
  readonly #repository: Pick<UserRepository, 'open'>;
  readonly #options: SupervisionOptions;
  /** The first attempt to open the repository, or the last one that failed. Undefined once the repository is open. */
  #opening: Promise<void> | undefined;
  #reopening: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #underWay = new UnderWay();
  #health: StoreHealth;
  /** State changes before {@link open} are not reported. */
  #isStateTold: boolean;
  /** Whether the state follows from answers, because the repository does not report it. */
  #concludes = true;
  /** Failures that were reported. All questions that waited for a repository to be opened fail with the same one. */
  readonly #told = new WeakSet<object>();

  constructor(repository: Pick<UserRepository, 'open'>, options: SupervisionOptions) {
    this.#repository = repository;
    this.#options = options;
    this.#isStateTold = repository.open === undefined;
    this.#health =
      repository.open === undefined
        ? { state: 'up', since: new Date(), reason: undefined }
        : { state: 'down', since: new Date(), reason: 'the user store is not open yet' };
  }

  get health(): StoreHealth {
    return this.#health;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Opens the repository. Questions wait until it is open. If it cannot be opened they fail, and it is opened again each
   * second.
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

  /** Refuses all questions from now on, and those without an answer. It does not close the repository. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#underWay.close(closedError);
    clearTimeout(this.#reopening);
    this.#health = { state: 'down', since: new Date(), reason: 'the user store is closed' };
  }

  /**
   * Puts a question to the repository once it is open. The answer is a promise only where the repository's is one.
   *
   * @throws {StoreError} the repository fails, does not answer in time, or is closed
   * @throws {OverloadedError} as the repository throws it
   */
  ask<T>(operation: StoreWork['operation'], question: () => MaybePromise<T>): MaybePromise<T> {
    if (this.#isClosed) throw closedError();
    const opening = this.#opening;
    if (opening !== undefined) {
      // A question that was refused in the meantime must not be asked later.
      const opened = this.#underWay.wait(() => answerWithin(ANSWER_WITHIN, opening));
      return this.#inTime(operation, opened.then(question));
    }
    let answer: MaybePromise<T>;
    try {
      answer = question();
    } catch (error) {
      throw this.#failure(error);
    }
    if (isPromise(answer)) return this.#inTime(operation, answer);
    this.#succeeded();
    return answer;
  }

  async #inTime<T>(operation: StoreWork['operation'], answer: Promise<T>): Promise<T> {
    const from = now();
    const { within, lateness } = limitOf(operation);
    try {
      const result = await this.#underWay.wait(() => answerWithin(within, answer, lateness));
      this.#succeeded();
      return result;
    } catch (error) {
      throw this.#failure(error);
    } finally {
      this.#options.onWork?.({ operation, took: now() - from });
    }
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

  /** {@link open} reports a further failure. */
  #reopen(): void {
    void Promise.allSettled([this.open()]);
  }

  #failure(error: unknown): StoreError | OverloadedError {
    if (this.#isClosed) return closedError();
    if (error instanceof SlowAnswerError || error instanceof OverloadedError) return error;
    if (error instanceof StoreError && this.#told.has(error)) return error;
    const failure = asStoreError(error);
    this.#told.add(failure);
    const { message, cause } = failure;
    if (this.#concludes) this.#enter('down', cause instanceof Error ? cause.message : message);
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

/** The milliseconds for an answer, and the error if it takes longer. By default the store counts as down then. */
function limitOf(operation: StoreWork['operation']): { within: number; lateness?: () => Error } {
  if (operation === 'list') return { within: LIST_WITHIN, lateness: () => new SlowListError() };
  const background = BACKGROUND[operation];
  if (background === undefined) return { within: ANSWER_WITHIN };
  return { within: BACKGROUND_WITHIN, lateness: () => new SlowAnswerError(`${background} takes too long`) };
}

function closedError(): StoreError {
  return new StoreError('the user store is closed');
}

/**
 * Makes a failure of a repository a {@link StoreError} without a hash. Only the message of a `StoreError` is kept for the
 * caller. The operator sees any other error, and a cause, as the cause.
 */
function asStoreError(error: unknown): StoreError {
  if (!(error instanceof StoreError)) return new StoreError('the user store is unavailable', { cause: causeOf(error) });
  const { message, cause } = error;
  return new StoreError(withoutHashes(message), cause === undefined ? {} : { cause: causeOf(cause) });
}

/** Keeps only what the operator needs: any other property of a foreign error may hold a row, and so a hash. */
function causeOf(error: unknown): Error {
  const { message, code, stack }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  const cause = new Error(withoutHashes(message));
  if (stack !== undefined) cause.stack = withoutHashes(stack);
  if (code !== undefined) Object.assign(cause, { code: withoutHashes(String(code)) });
  return cause;
}
