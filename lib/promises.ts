/** A value, or the promise of one. What is there already is given without a turn of the event loop. */
export type MaybePromise<T> = T | Promise<T>;

/** Tells a promise, of whatever library, from a value. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/**
 * The answers that somebody waits for. When what gives them is closed they are refused, so that none stays unsettled:
 * whatever would have settled it may be gone.
 */
export class UnderWay {
  readonly #refusals = new Set<(reason: Error) => void>();
  #reason: (() => Error) | undefined;

  /**
   * Asks, unless it is closed, and gives the answer, unless it is closed before that comes.
   *
   * @throws the reason that {@link close} was given
   */
  wait<T>(ask: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#reason !== undefined) throw this.#reason();
      const answer = ask();
      this.#refusals.add(reject);
      answer.finally(() => this.#refusals.delete(reject)).then(resolve, reject);
    });
  }

  /** @param reason makes the error for each of those who wait */
  close(reason: () => Error): void {
    this.#reason = reason;
    for (const refuse of this.#refusals) refuse(reason());
    this.#refusals.clear();
  }
}

/** Does equal work that is asked for while it goes on once, and gives its outcome to everybody who asked. */
export class SingleFlight<T> {
  readonly #inFlight = new Map<string, Promise<T>>();

  /** @param key the same for equal work, and for no other */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const shared = this.#inFlight.get(key);
    if (shared !== undefined) return shared;
    const flight = work().finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, flight);
    return flight;
  }
}

/**
 * Throws what a callback of the app's has thrown where Node looks for it: as an uncaught exception, and not as the
 * rejection of a promise of ours. The app gets the error as if it had been called by Node itself.
 */
export function throwOutside(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

/** There was no answer in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(milliseconds: number) {
    super(`no answer within ${Math.ceil(milliseconds)} ms`);
  }
}

/**
 * The same answer, unless it takes longer than so many milliseconds: then a rejection.
 *
 * @param lateness makes the error of that rejection; defaults to a {@link TimeoutError}
 * @throws {TimeoutError} `no answer within 5000 ms`
 */
export async function answerWithin<T>(
  milliseconds: number,
  answer: Promise<T>,
  lateness: () => Error = () => new TimeoutError(milliseconds),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(lateness()), milliseconds);
    timer.unref();
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
