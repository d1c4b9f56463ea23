/** A question about a user that has been asked. */
export interface Question {
  /** Of the machine's clock that does not go back. */
  readonly askedAt: number;
  /** Whether its answer may be older than what is known since: it is not to be remembered then. */
  isOutdated: boolean;
}

interface Asked<T> extends Question {
  readonly answer: Promise<T>;
}

/** The questions that are under way. */
export class Questions<T> {
  readonly #asked = new Map<string, Asked<T>[]>();

  /** Asks anew, whatever else is under way. */
  ask(name: string, askedAt: number, put: (question: Question) => Promise<T>): Promise<T> {
    const question: Question = { askedAt, isOutdated: false };
    const answer = put(question).finally(() => this.#answered(name, asked));
    const asked: Asked<T> = Object.assign(question, { answer });
    const others = this.#asked.get(name);
    if (others === undefined) this.#asked.set(name, [asked]);
    else others.push(asked);
    return answer;
  }

  /**
   * The answer to the latest question about this name, unless it may be outdated.
   *
   * @param since what was asked earlier does not count
   */
  latest(name: string, since: number = Number.NEGATIVE_INFINITY): Promise<T> | undefined {
    const asked = this.#asked.get(name)?.at(-1);
    return asked === undefined || asked.isOutdated || asked.askedAt < since ? undefined : asked.answer;
  }

  /** The user has been changed: answers to what was asked before may be of the time before that. */
  outdate(name: string): void {
    for (const asked of this.#asked.get(name) ?? []) asked.isOutdated = true;
  }

  outdateAll(): void {
    for (const name of this.#asked.keys()) this.outdate(name);
  }

  #answered(name: string, answered: Asked<T>): void {
    const asked = this.#asked.get(name) as Asked<T>[];
    const position = asked.indexOf(answered);
    for (const earlier of asked.slice(0, position)) earlier.isOutdated = true;
    asked.splice(position, 1);
    if (asked.length === 0) this.#asked.delete(name);
  }
}
