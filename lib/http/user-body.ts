import type { UserAccount } from '../users/account.js';
import type { User } from '../users/user.js';
import type { UserService } from '../users/user-service.js';

/** The fields of a user that a client can ask for. */
export const USER_FIELDS = [
  'link',
  'name',
  'type',
  'permissions',
  'enabled',
  'expires',
  'mustChangePassword',
  'note',
  'created',
  'passwordChanged',
  'lastLogin',
] as const;
export type UserField = (typeof USER_FIELDS)[number];

/** The parts of a user that an answer can show. A user without its account shows none. */
export interface ShownUser extends User, Partial<Omit<UserAccount, keyof User | 'revision'>> {
  /** Undefined: the user never logged in, or its logins are not kept. */
  readonly lastLogin?: Date | undefined;
}

/**
 * A user in an answer. Link and name are always there. A field that was asked for is there as well, and null if it says nothing.
 *
 * Without `fields` it is the user that Kapacitor's clients know: with type and permissions, and with those fields beyond
 * Kapacitor's that somebody has set. Times are there only on request.
 */
export function userBody(user: ShownUser, base: string, fields?: readonly UserField[]): object {
  const { name, type, permissions, enabled, expires, mustChangePassword, note } = user;
  const link = { rel: 'self', href: `${base}/${name}` };
  if (fields === undefined) {
    return {
      ...{ link, name, type, permissions },
      ...(!enabled && { enabled }),
      ...(expires !== undefined && { expires }),
      ...(mustChangePassword && { mustChangePassword }),
      ...(note !== undefined && { note }),
    };
  }
  const values: Readonly<Record<UserField, unknown>> = {
    ...{ link, name, type, permissions, enabled, expires, note },
    mustChangePassword: mustChangePassword ?? false,
    created: user.created,
    passwordChanged: user.passwordChanged,
    lastLogin: user.lastLogin,
  };
  const asked = USER_FIELDS.filter((field) => fields.includes(field));
  return { link, name, ...Object.fromEntries(asked.map((field) => [field, values[field] ?? null])) };
}

/** When these users logged in last, if a request asks for it. Otherwise nobody is in it. */
export async function askedLogins(
  users: UserService,
  names: readonly string[],
  fields: readonly UserField[] = [],
): Promise<ReadonlyMap<string, Date>> {
  return fields.includes('lastLogin') ? users.lastLogins(names) : new Map();
}
