import { UserExistsError, UserNotFoundError } from '../errors.js';
import type { UserAccount } from '../users/account.js';
import { NamePattern } from '../users/name-pattern.js';
import { isPermissionName, normalizePermissions } from '../users/permissions.js';
import type { User } from '../users/user.js';
import type { NewUser, UserChanges } from '../users/user-fields.js';
import type { UserListOptions } from '../users/user-list.js';
import { checkUserName, compareNames, isUserName } from '../users/user-name.js';
import type { ApiClient } from './api-client.js';
import { RefusedError, UnreachableError } from './cli-error.js';

/** Users that can be managed: those of a store, or those of a server behind its users API. */
export interface ManagedUsers {
  get(name: string): Promise<ManagedUser | undefined>;
  list(options?: UserListOptions): Promise<ManagedUser[]>;
  create(user: NewUser<string>): Promise<ManagedUser>;
  update(name: string, changes: UserChanges<string>): Promise<ManagedUser>;
  delete(name: string): Promise<boolean>;
}

/** A user of a store, or of a server that may not tell its account. */
export type ManagedUser = Omit<UserAccount, 'revision'>;

/** Below the path of the API. */
const USERS = '/users';
/**
 * Names that a Kapacitor may have, and that are safe on a terminal. Some of them are refused here, such as `..`. Kapacitor
 * also answers with an empty name, to a request that it does not understand.
 */
const NAME = /^[-._\p{L}0-9@]*$/u;

/**
 * The users of a server, through its users API: that of this package, or that of a real Kapacitor. Kapacitor answers 200 to
 * some requests that it ignores, so the answers are checked.
 */
export class RemoteUsers implements ManagedUsers {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  async get(name: string): Promise<User | undefined> {
    if (!isUserName(name)) return undefined;
    try {
      return toUser((await this.#client.send('GET', userPath(name))).body);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list({ pattern = '', after = '', offset = 0, limit = 100 }: UserListOptions = {}): Promise<User[]> {
    // Kapacitor answers an invalid pattern with an empty list.
    new NamePattern(pattern);
    const query = new URLSearchParams({ pattern, offset: String(offset), limit: String(limit) });
    if (after !== '') query.set('after', after);
    const { body } = await this.#client.send('GET', `${USERS}?${query}`);
    if (!Array.isArray(body?.users)) throw strangeAnswer();
    return body.users.map(toUser);
  }

  async create({ name, password, type = 'normal', permissions = [], enabled = true }: NewUser<string>): Promise<User> {
    checkUserName(name);
    // Kapacitor answers 200 if the user exists, and changes nothing.
    if ((await this.get(name)) !== undefined) throw new UserExistsError(name);
    const sent = { name, password, type, permissions, ...(!enabled && { enabled }) };
    const created = toUser((await this.#client.send('POST', USERS, sent)).body);
    if (created.name !== name) throw new UserExistsError(name);
    return checkDisabled(created, enabled);
  }

  async update(name: string, changes: UserChanges<string>): Promise<User> {
    if (!isUserName(name)) throw new UserNotFoundError();
    try {
      return checkDisabled(toUser((await this.#client.send('PATCH', userPath(name), changes)).body), changes.enabled);
    } catch (error) {
      throw isNotFound(error) ? new UserNotFoundError() : error;
    }
  }

  async delete(name: string): Promise<boolean> {
    if ((await this.get(name)) === undefined) return false;
    await this.#client.send('DELETE', userPath(name));
    return true;
  }
}

function userPath(name: string): string {
  return `${USERS}/${encodeURIComponent(name)}`;
}

/** Kapacitor answers 500 to a change of a user who does not exist. */
function isNotFound(error: unknown): boolean {
  return error instanceof Error && /no user exists$/.test(error.message);
}

/** The user in an answer. A missing `enabled` means true. */
export function toUser(body: any): User {
  const { name, type, permissions, enabled = true } = body ?? {};
  const isType = type === 'admin' || type === 'normal';
  const known = Array.isArray(permissions) && permissions.every(isPermissionName);
  const isName = typeof name === 'string' && NAME.test(name);
  if (!isName || !isType || !known || typeof enabled !== 'boolean') throw strangeAnswer();
  return { name, type, permissions: normalizePermissions(permissions), enabled };
}

/** Kapacitor cannot disable users, and ignores the field. */
function checkDisabled(user: User, enabled: boolean | undefined): User {
  if (enabled !== false || !user.enabled) return user;
  throw new RefusedError(
    `${user.name} is not disabled: this server cannot disable users, like a real Kapacitor. ` +
      'Remove the permissions ("user set NAME --permission none"), change the password, or delete the user',
  );
}

function strangeAnswer(): UnreachableError {
  return new UnreachableError('the server does not answer with users. Is it a server with a users API?');
}

/** Users per request. */
const PAGE = 1_000;

/**
 * Lists all users that match, in pages. A page begins after the last name of the one before. A real Kapacitor ignores
 * `after` and begins at the start again. For such a server the pages go by offset, where a user that is deleted meanwhile may
 * hide another one.
 *
 * @throws {UnreachableError} the names do not ascend, so the list might never end
 */
export async function* eachPage(
  users: ManagedUsers,
  { pattern = '', limit = Number.POSITIVE_INFINITY }: { pattern?: string | undefined; limit?: number | undefined },
): AsyncGenerator<User[]> {
  let last = '';
  let listed = 0;
  let usesOffset = false;
  while (listed < limit) {
    const wanted = Math.min(PAGE, limit - listed);
    let page = await users.list(
      usesOffset ? { pattern, offset: listed, limit: wanted } : { pattern, after: last, limit: wanted },
    );
    if (!usesOffset && last !== '' && page[0] !== undefined && !isAfter(page[0], last)) {
      usesOffset = true;
      page = await users.list({ pattern, offset: listed, limit: wanted });
    }
    // By offset, a user that is added meanwhile makes another one appear twice.
    const fresh = usesOffset ? page.filter((user) => isAfter(user, last)) : page;
    if (fresh.length === 0 && page.length > 0) throw strangeAnswer();
    for (const user of fresh) {
      if (!isAfter(user, last)) throw strangeAnswer();
      last = user.name;
    }
    if (fresh.length > 0) yield fresh;
    if (page.length < wanted) return;
    listed += page.length;
  }
}

function isAfter({ name }: User, last: string): boolean {
  return compareNames(name, last) > 0;
}
