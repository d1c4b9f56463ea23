import { randomUUID } from 'node:crypto';
import { normalizePermissions, type Permission } from './permissions.js';

/** An `admin` has every privilege and manages users. A `normal` user has the privileges that its permissions grant. */
export type UserType = 'admin' | 'normal';

/**
 * A user as the app sees it: `req.user`.
 *
 * @typeParam Own the names of the app's own permissions
 */
export interface User<Own extends string = string> {
  readonly name: string;
  readonly type: UserType;
  /**
   * Each once: Kapacitor's in the order `api`, `config_api`, `write_points`, or `all` in place of them, and then the app's own
   * in the order of their names. A permission that is no longer defined stays, and opens nothing. An admin has none.
   */
  readonly permissions: readonly (Permission | Own)[];
  /** Whether the user can log in. A disabled user keeps its password and permissions. */
  readonly enabled: boolean;
  /**
   * True: until the user has changed its password, it may only do that and read itself. Otherwise it is absent, or undefined.
   */
  readonly mustChangePassword?: boolean | undefined;
}

/**
 * The fields that a repository keeps of a user beside its rights and its secrets. Times are milliseconds since 1970. A field that says
 * nothing is absent, or undefined.
 */
export interface StoredAccount {
  /** Undefined: the user is older than this field. */
  readonly created?: number | undefined;
  /** When the password was set. Undefined: it is older than this field. */
  readonly passwordChanged?: number | undefined;
  /** From then on the user counts as disabled. Undefined: never. */
  readonly expires?: number | undefined;
  /** Whether the user must change its password before it may do anything else. */
  readonly mustChangePassword?: boolean | undefined;
  /** A text of the operator's, 1 to 200 characters. */
  readonly note?: string | undefined;
}

/** A user as a repository keeps it. */
export interface StoredUser extends User, StoredAccount {
  /** The bcrypt hash of the password, 60 characters: a secret. */
  readonly hash: string;
  /** A random string that each change of the user replaces. A compare-and-set compares it. */
  readonly revision: string;
}

/** Every request runs as this user while `http.authEnabled` is false, as in Kapacitor. */
export const ADMIN_USER: User = publicUser({ name: 'ADMIN_USER', type: 'admin', permissions: [], enabled: true });

type Nullable<Fields> = { readonly [Field in keyof Fields]?: Fields[Field] | null };

/**
 * The user as a repository keeps it, with a new revision. An admin has no permissions of its own. A field of its account that
 * says nothing, or is null, is left out.
 */
export function storedUser(user: User & Nullable<StoredAccount>, hash: string): StoredUser {
  const { name, type, permissions, enabled, created, passwordChanged, expires, mustChangePassword, note } = user;
  const granted = type === 'admin' ? [] : normalizePermissions(permissions);
  return {
    ...{ name, type, permissions: granted, enabled, hash, revision: randomUUID() },
    ...(typeof created === 'number' && { created }),
    ...(typeof passwordChanged === 'number' && { passwordChanged }),
    ...(typeof expires === 'number' && { expires }),
    ...(mustChangePassword && { mustChangePassword }),
    ...(note && { note }),
  };
}

/** The user without its secrets and its account. The result cannot be changed. */
export function publicUser({ name, type, permissions, enabled, mustChangePassword }: User): User {
  const user = { name, type, permissions: Object.freeze([...permissions]), enabled };
  return Object.freeze(mustChangePassword ? { ...user, mustChangePassword } : user);
}

/** Whether the user is an admin who can log in, now and for ever. One of these must always be left. */
export function isActiveAdmin({ type, enabled, expires }: User & Pick<StoredAccount, 'expires'>): boolean {
  return type === 'admin' && enabled && expires === undefined;
}
