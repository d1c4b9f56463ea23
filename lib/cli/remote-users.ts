import { UserExistsError, UserNotFoundError } from '../errors.js';
import { NamePattern } from '../users/name-pattern.js';
import type { NewUser, UserChanges } from '../users/user-fields.js';
import type { UserFilterOptions, UserListOptions } from '../users/user-list.js';
import { checkUserName, isUserName } from '../users/user-name.js';
import { strangeAnswer, toUser, WHOLE_USER } from './answered-user.js';
import type { ApiAnswer, ApiClient } from './api-client.js';
import { NoAnswerError } from './cli-error.js';
import { checkKept } from './kept-fields.js';
import {
  type ManagedUser,
  type ManagedUsers,
  type OperationOutcome,
  oneByOne,
  type Reading,
  type UserOperation,
} from './managed-users.js';
import { readOutcomes, toRemoteOperation } from './remote-batch.js';

/** Below the path of the API. */
const USERS = '/users';
/** Operations per request. */
const BATCH = 1_000;

/**
 * The users of a server, through its users API: that of this package, or that of a real Kapacitor. Kapacitor answers 200 to
 * some requests that it ignores, so the answers are checked.
 */
export class RemoteUsers implements ManagedUsers {
  readonly #client: ApiClient;
  /** Whether the server is known to refuse the fields that a real Kapacitor does not have. */
  #hasKapacitorsFields = false;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  async get(name: string, reading?: Reading): Promise<ManagedUser | undefined> {
    if (!isUserName(name)) return undefined;
    try {
      const { body, etag } = await this.#read(userPath(name), new URLSearchParams(), reading);
      return toUser(body, etag);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list({ after = '', offset = 0, limit = 100, ...filter }: UserListOptions = {}, reading?: Reading) {
    const query = filterQuery(filter);
    query.set('offset', String(offset));
    query.set('limit', String(limit));
    if (after !== '') query.set('after', after);
    const { body } = await this.#read(USERS, query, reading);
    if (!Array.isArray(body?.users)) throw strangeAnswer();
    return body.users.map((user: unknown) => toUser(user));
  }

  async count(filter: UserFilterOptions): Promise<number | undefined> {
    const query = filterQuery(filter);
    query.set('count', 'true');
    query.set('limit', '0');
    const { body } = await this.#client.send('GET', `${USERS}?${query}`);
    const total: unknown = body?.total;
    if (total === undefined) return undefined;
    if (!Number.isSafeInteger(total) || (total as number) < 0) throw strangeAnswer();
    return total as number;
  }

  async create({ name, password, type = 'normal', permissions = [], enabled = true, ...account }: NewUser<string>) {
    checkUserName(name);
    // Kapacitor answers 200 if the user exists, and changes nothing.
    if ((await this.get(name)) !== undefined) throw new UserExistsError(name);
    const sent = { name, password, type, permissions, ...(!enabled && { enabled }), ...account };
    const created = toUser((await this.#client.send('POST', USERS, sent)).body);
    if (created.name !== name) throw new UserExistsError(name);
    return checkKept(created, { enabled, ...account });
  }

  async update(name: string, changes: UserChanges<string>, version?: string): Promise<ManagedUser> {
    if (!isUserName(name)) throw new UserNotFoundError();
    try {
      const { body } = await this.#client.send('PATCH', userPath(name), changes, version);
      return checkKept(toUser(body), changes);
    } catch (error) {
      throw isNotFound(error) ? new UserNotFoundError() : error;
    }
  }

  async delete(name: string, version?: string): Promise<boolean> {
    if ((await this.get(name)) === undefined) return false;
    await this.#client.send('DELETE', userPath(name), undefined, version);
    return true;
  }

  /** A real Kapacitor and an older server take one operation at a time. */
  async *batch(operations: readonly UserOperation[]): AsyncGenerator<OperationOutcome, void, void> {
    for (let begin = 0; begin < operations.length; begin += BATCH) {
      const some = operations.slice(begin, begin + BATCH);
      const answer = await this.#sendBatch(some);
      yield* answer === undefined ? oneByOne(this, some) : readOutcomes(answer.body, some);
    }
  }

  async #sendBatch(operations: readonly UserOperation[]): Promise<ApiAnswer | undefined> {
    try {
      const body = { operations: operations.map(toRemoteOperation) };
      return await this.#client.sendIfThere('POST', `${USERS}/batch`, body);
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      throw new NoAnswerError(`${error.message}. It may have done what it was asked for: look at the users`, {
        cause: error,
      });
    }
  }

  /** Reads the whole of a user or a list, as far as the server knows the fields. */
  async #read(path: string, query: URLSearchParams, { isWhole = false }: Reading = {}): Promise<ApiAnswer> {
    const send = (parameters: URLSearchParams) =>
      this.#client.send('GET', parameters.size === 0 ? path : `${path}?${parameters}`);
    if (!isWhole || this.#hasKapacitorsFields) return send(query);
    const fields = WHOLE_USER.map((field): [string, string] => ['fields', field]);
    try {
      return await send(new URLSearchParams([...query, ...fields]));
    } catch (error) {
      if (!isUnsupportedField(error)) throw error;
      this.#hasKapacitorsFields = true;
      return send(query);
    }
  }
}

function userPath(name: string): string {
  return `${USERS}/${encodeURIComponent(name)}`;
}

/** The parameters for a filter. */
function filterQuery({ pattern = '', ...conditions }: UserFilterOptions): URLSearchParams {
  // Kapacitor answers an invalid pattern with an empty list.
  new NamePattern(pattern);
  const query = new URLSearchParams({ pattern });
  for (const [parameter, value] of Object.entries(conditions)) {
    if (value !== undefined) query.set(parameter, String(value));
  }
  return query;
}

/** Kapacitor answers 500 to a change of a user who does not exist. */
function isNotFound(error: unknown): boolean {
  return error instanceof Error && /no user exists$/.test(error.message);
}

function isUnsupportedField(error: unknown): boolean {
  return error instanceof Error && /^unsupported field /.test(error.message);
}
