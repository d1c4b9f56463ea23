import { type KnownKeys, keyProblem } from '../argument-checks.js';
import { InvalidRequestError } from '../errors.js';
import { queryOf } from '../request/host.js';
import { quoteText } from '../safe-text.js';

/** The parameters that a request may have in its query. */
export interface KnownParameters {
  /** The name of the request in messages, such as `a list of users`. */
  readonly owner: string;
  readonly names: readonly string[];
  /** Those of them that may be there several times. Defaults to none. */
  readonly repeatable?: readonly string[];
}

/** Kapacitor's credentials in the query. The guard has read them. */
const CREDENTIALS = ['u', 'p'];

/** Reads the parameters of requests to the endpoints of this package. */
export class RequestParameters {
  readonly #ignored: readonly string[];

  /** @param queryCredentials whether `u` and `p` are credentials */
  constructor(queryCredentials: boolean) {
    this.#ignored = queryCredentials ? CREDENTIALS : [];
  }

  /**
   * The parameters of a request. A typo must not be silent: `?typ=admin` would list all users.
   *
   * @param url the target of the request
   * @throws {InvalidRequestError} a parameter is unknown, or there twice
   */
  read(url: string, { owner, names, repeatable = [] }: KnownParameters): URLSearchParams {
    const query = new URLSearchParams(queryOf(url));
    for (const name of this.#ignored) query.delete(name);
    const known: KnownKeys = { owner, noun: 'parameter', keys: names };
    const problem = keyProblem(Object.fromEntries(query), known);
    if (problem !== undefined) throw new InvalidRequestError(problem);
    const repeated = names.find((name) => !repeatable.includes(name) && query.getAll(name).length > 1);
    if (repeated !== undefined) throw new InvalidRequestError(`parameter ${quoteText(repeated)} must be there once`);
    return query;
  }
}
