import { UserExistsError, UserNotFoundError } from '../errors.js';
import { NamePattern } from '../users/name-pattern.js';
import { isPermission, normalizePermissions } from '../users/permissions.js';
import type { User } from '../users/user.js';
import type { NewUser, UserChanges } from '../users/user-fields.js';
import type { UserListOptions } from '../users/user-list.js';
import { checkUserName, isUserName } from '../users/user-name.js';
import type { ApiClient } from './api-client.js';
import { RefusedError, UnreachableError } from './cli-error.js';
import type { ManagedUsers } from './managed-users.js';

const USERS = '/kapacitor/v1/users';
/**
 * Names that a Kapacitor has, and that a terminal shows as they are: also some that are refused here, such as `..`, and
 * none at all, which it answers with to what it does not know.
 */
const NAME = /^[-._\p{L}0-9@]*$/u;

/**
 * The users of a server, through its users API: one of this package's, or a real Kapacitor's, which answers 200 to some
 * things that it has not done.
 */
export class RemoteUsers implements ManagedUsers {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  async get(name: string): Promise<User | undefined> {
    if (!isUserName(name)) return undefined;
    try {
      return toUser((await this.#client.send('GET', pathOf(name))).body);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list({ pattern = '', after = '', offset = 0, limit = 100 }: UserListOptions = {}): Promise<User[]> {
    // Kapacitor lists nobody for what is no pattern.
    new NamePattern(pattern);
    const query = new URLSearchParams({ pattern, offset: String(offset), limit: String(limit) });
    if (after !== '') query.set('after', after);
    const { body } = await this.#client.send('GET', `${USERS}?${query}`);
    if (!Array.isArray(body?.users)) throw strangeAnswer();
    return body.users.map(toUser);
  }

  async create({ name, password, type = 'normal', permissions = [], enabled = true }: NewUser): Promise<User> {
    checkUserName(name);
    // Kapacitor answers 200 to this as well, and does nothing.
    if ((await this.get(name)) !== undefined) throw new UserExistsError(name);
    const sent = { name, password, type, permissions, ...(!enabled && { enabled }) };
    const created = toUser((await this.#client.send('POST', USERS, sent)).body);
    if (created.name !== name) throw new UserExistsError(name);
    return asAsked(created, enabled);
  }

  async update(name: string, changes: UserChanges): Promise<User> {
    if (!isUserName(name)) throw new UserNotFoundError();
    try {
      return asAsked(toUser((await this.#client.send('PATCH', pathOf(name), changes)).body), changes.enabled);
    } catch (error) {
      throw isNotFound(error) ? new UserNotFoundError() : error;
    }
  }

  async delete(name: string): Promise<boolean> {
    if ((await this.get(name)) === undefined) return false;
    await this.#client.send('DELETE', pathOf(name));
    return true;
  }
}

function pathOf(name: string): string {
  return `${USERS}/${encodeURIComponent(name)}`;
}

/** Kapacitor answers 500 when a user who is not there is changed. */
function isNotFound(error: unknown): boolean {
  return error instanceof Error && /no user exists$/.test(error.message);
}

/** A user of an answer. Whether it is enabled is said only where it is not. */
export function toUser(body: any): User {
  const { name, type, permissions, enabled = true } = body ?? {};
  const isType = type === 'admin' || type === 'normal';
  const known = Array.isArray(permissions) && permissions.every(isPermission);
  const isName = typeof name === 'string' && NAME.test(name);
  if (!isName || !isType || !known || typeof enabled !== 'boolean') throw strangeAnswer();
  return { name, type, permissions: normalizePermissions(permissions), enabled };
}

/** Kapacitor does not know that users can be disabled, and says nothing of what it does not know. */
function asAsked(user: User, enabled: boolean | undefined): User {
  if (enabled !== false || !user.enabled) return user;
  throw new RefusedError(
    `${user.name} is not disabled: this server does not know how to do that, as a real Kapacitor does not. ` +
      'Take the permissions away ("user set NAME --permission none"), give another password, or delete the user',
  );
}

/** What to say of an answer that is none. */
export function strangeAnswer(): UnreachableError {
  return new UnreachableError('the server answers with something else than users: is it one with a users API?');
}
