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
