/** A query for a user or a secret that has been sent. */
export interface SentQuery {
  /** A time of `now()`. */
  readonly askedAt: number;
  /** Whether what it asks for may have changed since, so that the answer must not be remembered. */
  isOutdated: boolean;
}

interface QueryInFlight<T> extends SentQuery {
  readonly answer: Promise<T>;
}

/** The queries in flight, by what they ask for: the name of a user, or the digest of a secret. */
export class QueriesInFlight<T> {
  readonly #sent = new Map<string, QueryInFlight<T>[]>();

  /** Sends another query, whatever is in flight. */
  send(key: string, askedAt: number, read: (query: SentQuery) => Promise<T>): Promise<T> {
    const query: SentQuery = { askedAt, isOutdated: false };
    const answer = read(query).finally(() => this.#answered(key, sent));
    const sent: QueryInFlight<T> = Object.assign(query, { answer });
    const others = this.#sent.get(key);
    if (others === undefined) this.#sent.set(key, [sent]);
    else others.push(sent);
    return answer;
  }

  /**
   * The answer of the latest query in flight, undefined if there is none or its answer may be outdated.
   *
   * @param since earlier queries do not count
   */
  latest(key: string, since: number = Number.NEGATIVE_INFINITY): Promise<T> | undefined {
    const sent = this.#sent.get(key)?.at(-1);
    return sent === undefined || sent.isOutdated || sent.askedAt < since ? undefined : sent.answer;
  }

  /** The user or the secret has changed. */
  outdate(key: string): void {
    for (const sent of this.#sent.get(key) ?? []) sent.isOutdated = true;
  }

  /** Any of them may have changed. */
  outdateAll(): void {
    for (const key of this.#sent.keys()) this.outdate(key);
  }

  /** Queries sent before an answered one may return an earlier state. */
  #answered(key: string, answered: QueryInFlight<T>): void {
    const sent = this.#sent.get(key) as QueryInFlight<T>[];
    const position = sent.indexOf(answered);
    for (const earlier of sent.slice(0, position)) earlier.isOutdated = true;
    sent.splice(position, 1);
    if (sent.length === 0) this.#sent.delete(key);
  }
}
