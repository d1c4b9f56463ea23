/** The permissions that can be combined, in Kapacitor's order. */
const GRANTED = ['api', 'config_api', 'write_points'] as const;

/**
 * A permission of Kapacitor. It grants every privilege on the resources that it opens.
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

/** The names of all permissions, for messages and suggestions. */
export const PERMISSIONS: readonly Permission[] = ['none', ...GRANTED, 'all'];

/** Whether the value is the name of a permission. Names are case-sensitive. */
export function isPermission(value: unknown): value is Permission {
  return PERMISSIONS.includes(value as Permission);
}

/**
 * The form in which permissions are stored and shown: each once, in Kapacitor's order, without `none`, and `all` in place
 * of the other three together.
 */
export function normalizePermissions(permissions: readonly Permission[]): Permission[] {
  const granted = GRANTED.filter((permission) => permissions.includes(permission));
  return permissions.includes('all') || granted.length === GRANTED.length ? ['all'] : granted;
}
