import { requireFunction } from '../argument-checks.js';
import { ConfigError, KeyExistsError, KeyLimitError, KeyNotFoundError, UserNotFoundError } from '../errors.js';
import type { MaybePromise } from '../promises.js';
import { type Audit, type AuditContext, type KeyEvent, readContext } from './audit-events.js';
import { repeatConflicts } from './conflicts.js';
import { type NewKey, type ReadNewKey, readNewKey } from './key-fields.js';
import type { OwnChangeLimit } from './own-change-limit.js';
import type { PermissionNames } from './permissions.js';
import type { UserRepository } from './repository.js';
import { dateOf, MAX_KEYS, missingSecretMethods, type SecretRepository, type StoredSecret } from './secret.js';
import { newSecret } from './secret-text.js';
import type { StoredUser } from './user.js';
import { requireText } from './user-fields.js';
import { isUserName } from './user-name.js';

/** A key of a user, without its secret. */
export interface Key {
  /** Names the key, also to others. */
  readonly id: string;
  readonly name: string;
  /** The name of the user that the key belongs to. */
  readonly user: string;
  /** The most that the key may do. Undefined: all that its owner may do. */
  readonly permissions: readonly string[] | undefined;
  readonly created: Date;
  /** Undefined: never. */
  readonly expires: Date | undefined;
  /** To the minute. Undefined: never. */
  readonly lastUsed: Date | undefined;
}

/** A new key. Its secret is nowhere else. */
export interface CreatedKey extends Key {
  /** The secret: `kap_` and 36 letters and digits. */
  readonly key: string;
}

export interface KeyServiceParts {
  readonly repository: UserRepository;
  readonly permissionNames: PermissionNames;
  /** Receives `key-created` and `key-deleted`. */
  readonly audit: Audit;
  /** Further details of these events. Defaults to none. */
  readonly context?: AuditContext | undefined;
  /** Limits the keys that the user makes whom `context.by` names. Defaults to no limit. */
  readonly ownKeys?: OwnChangeLimit | undefined;
}

/**
 * The keys of users. A key lets a machine in as its owner, with all that the owner may or with less. A change is in force in
 * every process that shares the store when its promise is fulfilled.
 *
 * @typeParam Own the names of the app's own permissions
 */
export class KeyService<Own extends string = string> {
  readonly #parts: KeyServiceParts;

  constructor(parts: KeyServiceParts) {
    this.#parts = parts;
  }

  /**
   * The same keys, with details for the audit events: `auth.keys.by({ by: req.user.name, from: req.ip }).delete('jane', id)`.
   * Users may make twenty keys of their own a minute.
   *
   * @throws {ConfigError} a field is unknown or not a string, or the argument is a request
   */
  by(context: AuditContext): KeyService<Own> {
    return new KeyService({ ...this.#parts, context: readContext('keys.by', context) });
  }

  /** Whether the store keeps keys. Each of this package's own does. */
  get areKept(): boolean {
    return this.#parts.repository.secrets !== undefined;
  }

  /**
   * Creates a key of a user. Only the answer has its secret.
   *
   * @param confirm runs right before the key is stored; an error that it throws ends the operation
   * @throws {InvalidKeyError} the name, the end or a permission is not acceptable, or a field is unknown
   * @throws {UserNotFoundError} no user has this name
   * @throws {KeyExistsError} the user has a key of this name
   * @throws {KeyLimitError} the user has 100 keys
   * @throws {ThrottledError} a user makes too many keys of its own: see {@link by}
   * @throws {StoreError} the store is unavailable
   * @throws {ConfigError} the store keeps no keys
   */
  async create(userName: string, key: NewKey<Own>, confirm: () => MaybePromise<void> = () => {}): Promise<CreatedKey> {
    requireFunction('keys.create', 'confirm', confirm);
    const secrets = this.#secrets();
    const { repository, permissionNames, context, ownKeys } = this.#parts;
    const user = await this.#find(userName);
    const fields = readNewKey(key, permissionNames, Date.now());
    const insert = () => insertKey(repository, secrets, user, fields, confirm);
    const created = await (context?.by === user.name && ownKeys ? ownKeys.run(user.name, insert) : insert());
    this.#report('key-created', created.stored);
    return { ...publicKey(created.stored), key: created.text };
  }

  /**
   * The keys of a user, the oldest first. Expired ones may be among them.
   *
   * @throws {UserNotFoundError} no user has this name
   * @throws {StoreError} the store is unavailable
   * @throws {ConfigError} the store keeps no keys
   */
  async list(userName: string): Promise<Key[]> {
    const secrets = this.#secrets();
    const { name } = await this.#find(userName);
    return (await secrets.list(name, 'key')).map(publicKey);
  }

  /**
   * Deletes a key of a user.
   *
   * @param idOrName the id of the key, or else its name
   * @throws {KeyNotFoundError} the user has no such key
   * @throws {UserNotFoundError} no user has this name
   * @throws {StoreError} the store is unavailable
   * @throws {ConfigError} the store keeps no keys
   */
  async delete(userName: string, idOrName: string): Promise<void> {
    const secrets = this.#secrets();
    const { name } = await this.#find(userName);
    const keys = await secrets.list(name, 'key');
    const meant = findKey(keys, idOrName);
    if (meant === undefined || !(await secrets.remove(name, 'key', meant.id))) throw new KeyNotFoundError();
    this.#report('key-deleted', meant);
  }

  async #find(userName: string): Promise<StoredUser> {
    requireText(userName, 'name');
    const user = isUserName(userName) ? await this.#parts.repository.find(userName) : undefined;
    if (user === undefined) throw new UserNotFoundError();
    return user;
  }

  #secrets(): SecretRepository {
    const { repository } = this.#parts;
    if (repository.secrets !== undefined) return repository.secrets;
    const missing = missingSecretMethods(repository).join(', ');
    throw new ConfigError(`the user store keeps no keys: it lacks ${missing}`);
  }

  #report(event: 'key-created' | 'key-deleted', { owner, id, name = '', permissions, expires }: StoredSecret): void {
    const details = (): Omit<KeyEvent, 'time'> => ({
      ...this.#parts.context,
      ...{ user: owner, id, key: name, permissions, expires: dateOf(expires) },
    });
    this.#parts.audit(event, details);
  }
}

async function insertKey(
  repository: UserRepository,
  secrets: SecretRepository,
  owner: StoredUser,
  { name, expires, permissions }: ReadNewKey,
  confirm: () => MaybePromise<void>,
): Promise<{ readonly stored: StoredSecret; readonly text: string }> {
  const { text, digest, id } = newSecret('key');
  const identity = { digest, kind: 'key', id, owner: owner.name, name } as const;
  let current: StoredUser | undefined = owner;
  return repeatConflicts(owner.name, 'for this change', async () => {
    current ??= await repository.find(owner.name);
    if (current === undefined) throw new UserNotFoundError();
    await confirm();
    const stored: StoredSecret = { ...identity, permissions, created: Date.now(), expires, lastUsed: undefined };
    const outcome = await secrets.insert(stored, current.revision, MAX_KEYS);
    if (outcome === 'name-taken') throw new KeyExistsError(name);
    if (outcome === 'full') throw new KeyLimitError(MAX_KEYS);
    current = undefined;
    return outcome === 'inserted' ? { stored, text } : outcome;
  });
}

/** The key with this id, or else the one with this name. */
export function findKey<Found extends Pick<StoredSecret, 'id' | 'name'>>(
  keys: readonly Found[],
  idOrName: string,
): Found | undefined {
  return keys.find(({ id }) => id === idOrName) ?? keys.find(({ name }) => name === idOrName);
}

function publicKey({ id, owner, name = '', permissions, created, expires, lastUsed }: StoredSecret): Key {
  return {
    ...{ id, name, user: owner, permissions },
    ...{ created: new Date(created), expires: dateOf(expires), lastUsed: dateOf(lastUsed) },
  };
}
