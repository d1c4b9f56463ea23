import type { Answer, Client } from './client';
import type {
  AuditEvent,
  CreatedKey,
  Explanation,
  Key,
  Me,
  NewKey,
  NewUser,
  Operation,
  OperationResult,
  Permissions,
  Session,
  User,
  UserChanges,
  UserList,
} from './types';

/** The fields of the users in a list. */
const LISTED = ['type', 'permissions', 'enabled', 'expires', 'mustChangePassword', 'note', 'lastLogin'];
const SHOWN = [...LISTED, 'created', 'passwordChanged'];

export interface UserQuery {
  readonly q?: string | undefined;
  readonly type?: string | undefined;
  readonly enabled?: string | undefined;
  readonly permission?: string | undefined;
  readonly after?: string | undefined;
}

/** The users of a page of the list. */
export const PAGE_SIZE = 50;

/** The endpoints that the page uses. Each call throws an `ApiError`. */
export class Api {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async me(): Promise<Me> {
    return (await this.#client.ask<Me>(['me'], { mayAsk: false })).body;
  }

  async users(query: UserQuery, signal?: AbortSignal): Promise<UserList> {
    // One more than a page has tells whether another page follows.
    const all = { ...query, fields: LISTED, count: 'true', limit: String(PAGE_SIZE + 1) };
    return (await this.#client.ask<UserList>(['users'], { query: all, signal })).body;
  }

  user(name: string, signal?: AbortSignal): Promise<Answer<User>> {
    return this.#client.ask(['users', name], { query: { fields: SHOWN }, signal });
  }

  async create(user: NewUser): Promise<User> {
    return (await this.#client.ask<User>(['users'], { method: 'POST', body: user })).body;
  }

  async change(name: string, changes: UserChanges, etag?: string): Promise<void> {
    await this.#client.ask(['users', name], { method: 'PATCH', body: changes, etag });
  }

  async remove(name: string, etag?: string): Promise<void> {
    await this.#client.ask(['users', name], { method: 'DELETE', etag });
  }

  async batch(operations: readonly Operation[]): Promise<readonly OperationResult[]> {
    const { body } = await this.#client.ask<{ readonly results: readonly OperationResult[] }>(['users', 'batch'], {
      method: 'POST',
      body: { operations },
    });
    return body.results;
  }

  async access(name: string, method: string, path: string, signal?: AbortSignal): Promise<Explanation> {
    return (await this.#client.ask<Explanation>(['users', name, 'access'], { query: { method, path }, signal })).body;
  }

  async keys(name: string, signal?: AbortSignal): Promise<readonly Key[]> {
    return (await this.#client.ask<{ readonly keys: readonly Key[] }>(['users', name, 'keys'], { signal })).body.keys;
  }

  async createKey(name: string, key: NewKey): Promise<CreatedKey> {
    return (await this.#client.ask<CreatedKey>(['users', name, 'keys'], { method: 'POST', body: key })).body;
  }

  async revokeKey(name: string, id: string): Promise<void> {
    await this.#client.ask(['users', name, 'keys', id], { method: 'DELETE' });
  }

  async sessions(name: string, signal?: AbortSignal): Promise<readonly Session[]> {
    const path = ['users', name, 'sessions'];
    return (await this.#client.ask<{ readonly sessions: readonly Session[] }>(path, { signal })).body.sessions;
  }

  /** @param id undefined: all of them */
  async endSession(name: string, id?: string): Promise<void> {
    await this.#client.ask(['users', name, 'sessions', ...(id === undefined ? [] : [id])], { method: 'DELETE' });
  }

  async permissions(signal?: AbortSignal): Promise<Permissions> {
    return (await this.#client.ask<{ readonly permissions: Permissions }>(['permissions'], { signal })).body
      .permissions;
  }

  async audit(signal?: AbortSignal): Promise<readonly AuditEvent[]> {
    const query = { limit: '100' };
    return (await this.#client.ask<{ readonly events: readonly AuditEvent[] }>(['audit'], { query, signal })).body
      .events;
  }

  async signIn(name: string, password: string): Promise<void> {
    await this.#client.ask(['session'], { method: 'POST', body: { name, password }, mayAsk: false });
  }

  async signOut(): Promise<void> {
    await this.#client.ask(['session'], { method: 'DELETE', mayAsk: false });
  }

  /** The path of an endpoint, as requests from outside have it. */
  pathOf(endpoint: string): string {
    return this.#client.urlOf([endpoint]).pathname;
  }

  /** The sign-in page, which leads back to this place. */
  signInPage(): string {
    return this.#client.urlOf(['sign-in'], { next: `${location.pathname}${location.search}` }).href;
  }

  /** The sign-in page for somebody who has signed out. */
  signedOutPage(): string {
    return this.#client.urlOf(['sign-in'], { 'signed-out': '1' }).href;
  }
}
