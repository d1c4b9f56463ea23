import { KeyNotFoundError } from '../errors.js';
import { parseTime } from '../users/end-time.js';
import { isKeyName, type NewKey } from '../users/key-fields.js';
import { type CreatedKey, findKey, type Key, type KeyService } from '../users/key-service.js';
import { isPermissionName, normalizePermissions } from '../users/permissions.js';
import { isSecretText } from '../users/secret-text.js';
import type { ApiClient } from './api-client.js';
import { UnreachableError } from './cli-error.js';

/** Keys that can be managed: those of a store, or those of a server behind its users API. */
export type ManagedKeys = Pick<KeyService, 'create' | 'list' | 'delete'>;

const ID = /^[0-9A-Za-z]{1,64}$/;

/** The keys of users of a server, through its users API. Its answers are checked before a terminal gets them. */
export class RemoteKeys implements ManagedKeys {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  async create(userName: string, key: NewKey<string>): Promise<CreatedKey> {
    const { body } = await this.#client.send('POST', pathOf(userName), key);
    const secret: unknown = body?.key;
    if (typeof secret !== 'string' || !isSecretText('key', secret)) throw strangeAnswer();
    return { ...toKey(body, userName), key: secret };
  }

  async list(userName: string): Promise<Key[]> {
    const { body } = await this.#client.send('GET', pathOf(userName));
    if (!Array.isArray(body?.keys)) throw strangeAnswer();
    return body.keys.map((key: unknown) => toKey(key, userName));
  }

  async delete(userName: string, idOrName: string): Promise<void> {
    const meant = findKey(await this.list(userName), idOrName);
    if (meant === undefined) throw new KeyNotFoundError();
    await this.#client.send('DELETE', `${pathOf(userName)}/${meant.id}`);
  }
}

function pathOf(userName: string): string {
  return `/users/${encodeURIComponent(userName)}/keys`;
}

function toKey(body: any, user: string): Key {
  const { id, name, permissions } = body ?? {};
  const isKnown = permissions === undefined || (Array.isArray(permissions) && permissions.every(isPermissionName));
  if (typeof id !== 'string' || !ID.test(id) || typeof name !== 'string' || !isKeyName(name) || !isKnown) {
    throw strangeAnswer();
  }
  const created = toTime(body.created);
  if (created === undefined) throw strangeAnswer();
  return {
    ...{ id, name, user, created },
    permissions: permissions && normalizePermissions(permissions),
    expires: toTime(body.expires),
    lastUsed: toTime(body.lastUsed),
  };
}

function toTime(value: unknown): Date | undefined {
  if (value === undefined) return undefined;
  const time = typeof value === 'string' ? parseTime(value) : undefined;
  if (time === undefined) throw strangeAnswer();
  return new Date(time);
}

function strangeAnswer(): UnreachableError {
  return new UnreachableError(
    'the server does not answer with keys. Is it a server with keys? A real Kapacitor has none, and neither has an older version',
  );
}
