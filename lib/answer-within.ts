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
