/** Kapacitor's permissions that can be combined, in its order. */
const GRANTED = ['api', 'config_api', 'write_points'] as const;

/**
 * A permission of Kapacitor. It grants every privilege on the resources that it opens. An app can define further ones: see
 * `permissions` in the configuration.
 *
 * | permission | opens |
 * |---|---|
 * | `none` | nothing |
 * | `api` | everything but `/kapacitor/v1/config` and `/kapacitor/v1/write` |
 * | `config_api` | `/kapacitor/v1/config` and `/kapacitor/v1/ping` |
 * | `write_points` | `/kapacitor/v1/write` and `/kapacitor/v1/ping` |
 * | `all` | all of these; only an admin manages users |
 */
export type Permission = 'none' | 'all' | (typeof GRANTED)[number];

/** The names of Kapacitor's permissions, for messages and suggestions. */
export const PERMISSIONS: readonly Permission[] = ['none', ...GRANTED, 'all'];

/** Whether the value is the name of a permission of Kapacitor. Names are case-sensitive. */
export function isPermission(value: unknown): value is Permission {
  return PERMISSIONS.includes(value as Permission);
}

/** The maximum number of characters in the name of a permission. */
const MAX_NAME = 64;

const NAME: RegExp = /^[a-z][a-z0-9_-]*$/;

/** The rule for a permission's name, for messages. */
export const PERMISSION_NAME_RULE: string = `lower-case letters, digits, - and _, begins with a letter, and has at most ${MAX_NAME} characters`;

/** Whether a permission can have this name, whether or not one does. Kapacitor's have such names as well. */
export function isPermissionName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_NAME && NAME.test(value);
}

/** The permissions that users can be given: Kapacitor's, and those that the configuration defines. */
export class PermissionNames {
  /** Kapacitor's first. */
  readonly all: readonly string[];
  readonly #all: ReadonlySet<string>;

  constructor(own: Iterable<string> = []) {
    this.#all = new Set([...PERMISSIONS, ...own]);
    this.all = [...this.#all];
  }

  has(name: string): boolean {
    return this.#all.has(name);
  }
}

/**
 * The form in which permissions are stored and shown: each once, without `none`. Kapacitor's come first, in its order, with
 * `all` in place of the other three together. The app's own follow in the order of their names. A name that the
 * configuration does not define is kept.
 */
export function normalizePermissions(permissions: readonly string[]): string[] {
  const granted: readonly string[] = GRANTED.filter((permission) => permissions.includes(permission));
  const isAll = permissions.includes('all') || granted.length === GRANTED.length;
  const own = permissions.filter((permission) => !isPermission(permission));
  return [...(isAll ? ['all'] : granted), ...new Set(own.sort())];
}
