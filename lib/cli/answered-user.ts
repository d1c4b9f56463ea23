import { parseTime } from '../users/end-time.js';
import { isPermissionName, normalizePermissions } from '../users/permissions.js';
import { UnreachableError } from './cli-error.js';
import type { ManagedUser } from './managed-users.js';

/** The fields of a user to ask for, if all of it is wanted. A real Kapacitor refuses those that it does not know. */
export const WHOLE_USER: readonly string[] = [
  ...['type', 'permissions', 'enabled', 'expires', 'mustChangePassword', 'note'],
  ...['created', 'passwordChanged', 'lastLogin'],
];

/**
 * Names that a Kapacitor may have, and that are safe on a terminal. Some of them are refused here, such as `..`. Kapacitor
 * also answers with an empty name, to a request that it does not understand.
 */
const NAME = /^[-._\p{L}0-9@]*$/u;

/**
 * The user in an answer of a server. A missing `enabled` means true, a missing field of the account that it is not known.
 *
 * @throws {UnreachableError} this is no user
 */
export function toUser(body: any, version?: string): ManagedUser {
  const { name, type, permissions, enabled = true, mustChangePassword = false } = body ?? {};
  const isType = type === 'admin' || type === 'normal';
  const isKnown = Array.isArray(permissions) && permissions.every(isPermissionName);
  const areFlags = typeof enabled === 'boolean' && typeof mustChangePassword === 'boolean';
  if (typeof name !== 'string' || !NAME.test(name) || !isType || !isKnown || !areFlags) throw strangeAnswer();
  return {
    ...{ name, type, permissions: normalizePermissions(permissions), enabled, version },
    ...(Object.hasOwn(body, 'mustChangePassword') && { mustChangePassword }),
    expires: toTime(body.expires),
    note: toNote(body.note),
    created: toTime(body.created),
    passwordChanged: toTime(body.passwordChanged),
    lastLogin: toTime(body.lastLogin),
  };
}

function toTime(value: unknown): Date | null | undefined {
  if (value === undefined || value === null) return value;
  const time = typeof value === 'string' ? parseTime(value) : undefined;
  if (time === undefined) throw strangeAnswer();
  return new Date(time);
}

function toNote(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return value;
  if (typeof value !== 'string') throw strangeAnswer();
  return value;
}

export function strangeAnswer(): UnreachableError {
  return new UnreachableError('the server does not answer with users. Is it a server with a users API?');
}
