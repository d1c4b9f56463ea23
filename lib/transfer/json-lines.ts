import { hasDuplicateMembers } from '../duplicate-members.js';
import { costOf } from '../users/bcrypt-hash.js';
import { isPermissionName, normalizePermissions, PERMISSION_NAME_RULE } from '../users/permissions.js';
import type { KeyOwner } from '../users/repository.js';
import { EXPORTED_ACCOUNT, parseExportedAccount, toExportedAccount } from './exported-account.js';
import { parseExportedKeys, toExportedKey } from './exported-keys.js';
import type { TextLine } from './text-user-file.js';
import type { ImportedUser } from './user-file.js';

/** Each user has these fields. */
const FIELDS = ['name', 'type', 'permissions', 'enabled', 'hash'] as const;
/** A user has those of its account that say something, and its keys. A file of an older version has no accounts. */
const ALL_FIELDS: readonly string[] = [...FIELDS, ...EXPORTED_ACCOUNT, 'keys'];

/** Lines that are written at once. */
const BATCH = 1_000;

/**
 * Writes users as JSON lines, with their hashes, accounts and keys. A thousand of them are in memory at most.
 *
 * @param users such as a snapshot of a repository
 * @param write resolves when the text is written
 * @returns the numbers of users and of their keys
 */
export async function exportUsers(
  users: AsyncIterable<KeyOwner>,
  write: (text: string) => Promise<void>,
): Promise<{ readonly users: number; readonly keys: number }> {
  let lines: string[] = [];
  const count = { users: 0, keys: 0 };
  const flush = async () => {
    if (lines.length > 0) await write(lines.join(''));
    lines = [];
  };
  for await (const user of users) {
    lines.push(`${toJsonLine(user)}\n`);
    count.users += 1;
    count.keys += user.keys?.length ?? 0;
    if (lines.length === BATCH) await flush();
  }
  await flush();
  return count;
}

/** The line of a user, without its end. The fields are always in the same order. */
export function toJsonLine({ name, type, permissions, enabled, hash, keys = [], ...account }: ImportedUser): string {
  const withKeys = keys.length > 0 && { keys: keys.map(toExportedKey) };
  return JSON.stringify({ name, type, permissions, enabled, hash, ...toExportedAccount(account), ...withKeys });
}

/** Parses a line that {@link exportUsers} has written. */
export function parseJsonLine({ text, isEnded, complain }: TextLine): ImportedUser | undefined {
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message would repeat the line, and the hash in it.
    throw complain(isEnded ? 'this is not JSON' : 'this is not JSON: the file is cut off here. Export it again');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw complain('this is not a user: {"name": …}');
  }
  const { name, type, permissions, enabled, hash, keys } = value as Record<string, unknown>;
  const missing = FIELDS.find((field) => !Object.hasOwn(value, field));
  if (missing !== undefined) throw complain(`"${missing}" is missing`);
  const unknown = Object.keys(value).find((key) => !ALL_FIELDS.includes(key));
  if (unknown !== undefined) {
    throw complain(`unknown field ${JSON.stringify(unknown)}: a user has ${ALL_FIELDS.join(', ')}`);
  }
  if (typeof name !== 'string') throw complain('"name" must be a string');
  if (type !== 'admin' && type !== 'normal') throw complain('"type" must be "admin" or "normal"');
  if (!Array.isArray(permissions)) throw complain('"permissions" must be an array');
  if (!permissions.every(isPermissionName)) {
    throw complain(`"permissions" must be an array of names: a name has ${PERMISSION_NAME_RULE}`);
  }
  if (typeof enabled !== 'boolean') throw complain('"enabled" must be true or false');
  if (typeof hash !== 'string' || costOf(hash) === undefined) {
    throw complain('"hash" must be a bcrypt hash with a cost from 4 to 20');
  }
  // JSON.parse keeps the last of two equal fields; a person who reads the line may see the first.
  if (hasDuplicateMembers(text, value)) {
    throw complain(`a field is there twice: a user has ${ALL_FIELDS.join(', ')}, each once`);
  }
  const granted = type === 'admin' ? [] : normalizePermissions(permissions);
  const account = parseExportedAccount(value as Record<string, unknown>, complain);
  const user = { name, type, permissions: granted, enabled, hash, ...account } as const;
  return keys === undefined ? user : { ...user, keys: parseExportedKeys(keys, name, complain) };
}
