import { parseTime } from '../users/end-time.js';
import { isKeyName } from '../users/key-fields.js';
import { isPermissionName, normalizePermissions } from '../users/permissions.js';
import { dateOf, MAX_KEYS, type StoredSecret } from '../users/secret.js';

const FIELDS = ['id', 'name', 'digest', 'permissions', 'created', 'expires', 'lastUsed'] as const;
type Field = (typeof FIELDS)[number];

/** A SHA-256 in base64url: the last character has four bits. */
const DIGEST = /^[\w-]{42}[AEIMQUYcgkosw048]$/;
const ID = /^[\w-]{1,64}$/;

/** A key in an export. Its digest lets nobody in, and times are RFC 3339. A field that the key does not have is left out. */
export function toExportedKey({ id, name, digest, permissions, created, expires, lastUsed }: StoredSecret): object {
  return {
    id,
    name,
    digest,
    permissions,
    created: dateOf(created)?.toISOString(),
    expires: dateOf(expires)?.toISOString(),
    lastUsed: dateOf(lastUsed)?.toISOString(),
  };
}

/**
 * Reads the keys of a user from an export.
 *
 * @param complain makes the error to throw
 */
export function parseExportedKeys(given: unknown, owner: string, complain: (problem: string) => Error): StoredSecret[] {
  if (!Array.isArray(given) || given.length > MAX_KEYS) {
    throw complain(`"keys" must be an array of at most ${MAX_KEYS} keys`);
  }
  const keys = given.map((key: unknown, index) =>
    parseKey(key, owner, (problem) => complain(`"keys", number ${index + 1}: ${problem}`)),
  );
  for (const field of ['id', 'name', 'digest'] as const) {
    if (new Set(keys.map((key) => key[field])).size < keys.length) throw complain(`two keys have the same ${field}`);
  }
  return keys;
}

function parseKey(given: unknown, owner: string, complain: (problem: string) => Error): StoredSecret {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw complain('a key must be an object');
  const unknown = Object.keys(given).find((field) => !FIELDS.includes(field as Field));
  if (unknown !== undefined) throw complain(`unknown field ${JSON.stringify(unknown)}: a key has ${FIELDS.join(', ')}`);
  const { id, name, digest, permissions, created, expires, lastUsed } = given as Partial<Record<Field, unknown>>;
  if (typeof id !== 'string' || !ID.test(id)) throw complain('"id" must be 1 to 64 letters, digits, - and _');
  if (typeof name !== 'string' || !isKeyName(name)) throw complain('"name" must be the name of a key');
  if (typeof digest !== 'string' || !DIGEST.test(digest)) throw complain('"digest" must be a SHA-256 in base64url');
  const timeOf = (field: Field, time: unknown): number => {
    const parsed = typeof time === 'string' ? parseTime(time) : undefined;
    if (parsed === undefined) throw complain(`"${field}" must be a time such as "2026-01-31T12:00:00Z"`);
    return parsed;
  };
  return {
    ...{ digest, kind: 'key', id, owner, name },
    permissions: permissions === undefined ? undefined : permissionsOf(permissions, complain),
    created: timeOf('created', created),
    expires: expires === undefined ? undefined : timeOf('expires', expires),
    lastUsed: lastUsed === undefined ? undefined : timeOf('lastUsed', lastUsed),
  };
}

function permissionsOf(given: unknown, complain: (problem: string) => Error): readonly string[] {
  if (Array.isArray(given) && given.every(isPermissionName)) return normalizePermissions(given);
  throw complain('"permissions" must be an array of names');
}
