/** What a user may be given, in the order in which Kapacitor shows them. */
const GRANTED = ['api', 'config_api', 'write_points'] as const;

/**
 * A permission of Kapacitor's.
 *
 * | permission | opens |
 * |---|---|
 * | `none` | nothing |
 * | `api` | everything but `/kapacitor/v1/config` and `/kapacitor/v1/write` |
 * | `config_api` | `/kapacitor/v1/config` and `/kapacitor/v1/ping` |
 * | `write_points` | `/kapacitor/v1/write` and `/kapacitor/v1/ping` |
 * | `all` | all of that, but not the management of users, which is an admin's |
 */
export type Permission = 'none' | 'all' | (typeof GRANTED)[number];

const PERMISSIONS: ReadonlySet<unknown> = new Set(['none', 'all', ...GRANTED]);

/** Tells whether this is the name of a permission. Names are case-sensitive. */
export function isPermission(value: unknown): value is Permission {
  return PERMISSIONS.has(value);
}

/**
 * The form in which permissions are kept and shown: each once, in Kapacitor's order, `none` left out,
 * and `all` instead of the three together.
 */
export function normalizePermissions(permissions: readonly Permission[]): Permission[] {
  const granted = GRANTED.filter((permission) => permissions.includes(permission));
  return permissions.includes('all') || granted.length === GRANTED.length ? ['all'] : granted;
}
