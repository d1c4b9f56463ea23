/** A value, or a promise of it. A value is used at once, without a turn of the event loop. */
export type MaybePromise<T> = T | Promise<T>;

/** Tells a promise of any library from a value. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** The error of a promise that has not settled in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(milliseconds: number) {
    super(`no answer within ${Math.ceil(milliseconds)} ms`);
  }
}

/**
 * Settles like `answer`, or rejects when it takes longer. The timer does not keep the process alive.
 *
 * @param lateness creates the error of a late answer. Defaults to a {@link TimeoutError}.
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

/** Runs equal work that is asked for at the same time only once, and gives its outcome to all callers. */
export class SingleFlight<T> {
  readonly #inFlight = new Map<string, Promise<T>>();

  /** @param key the same for equal work, and different for any other */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const shared = this.#inFlight.get(key);
    if (shared !== undefined) return shared;
    const flight = work().finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, flight);
    return flight;
  }
}

/**
 * The answers that callers wait for. `close()` rejects all of them, because nothing may be left that would settle them.
 */
export class UnderWay {
  readonly #refusals = new Set<(reason: Error) => void>();
  #reason: (() => Error) | undefined;

  /**
   * Calls `ask` and settles like its answer. Rejects once it is closed, and calls nothing then.
   *
   * @throws the error that {@link close} creates
   */
  wait<T>(ask: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#reason !== undefined) throw this.#reason();
      const answer = ask();
      this.#refusals.add(reject);
      answer.finally(() => this.#refusals.delete(reject)).then(resolve, reject);
    });
  }

  /** @param reason creates an error for each waiting caller */
  close(reason: () => Error): void {
    this.#reason = reason;
    for (const refuse of this.#refusals) refuse(reason());
    this.#refusals.clear();
  }
}

/**
 * Throws an error of an app's callback as an uncaught exception, as if Node.js itself had called the callback. Inside a
 * promise of this package the error would be lost.
 */
export function throwOutside(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
