import { normalizePermissions, type Permission } from '../../users/permissions.js';

const NONE = 0;
const WRITE = 2;
const ALL = 4;

const ROOT = '/api';
const PING = '/api/ping';
const CONFIG = '/api/config';
const POINTS = '/api/write';
/** Of InfluxDB's databases. */
const DATABASES = '/database';

type Privileges = ReadonlyMap<string, readonly number[]>;

/** What Kapacitor keeps for permissions. `api` takes away config and write, unless another permission grants them. */
const GRANTS: Readonly<
  Record<Exclude<Permission, 'none'>, readonly (readonly [resource: string, privilege: number])[]>
> = {
  api: [
    [POINTS, NONE],
    [CONFIG, NONE],
    [ROOT, ALL],
  ],
  config_api: [
    [PING, ALL],
    [CONFIG, ALL],
  ],
  write_points: [
    [PING, ALL],
    [POINTS, ALL],
  ],
  all: [
    [ROOT, ALL],
    [CONFIG, ALL],
    [POINTS, ALL],
  ],
};

/** By the privileges, in one form: the permissions that they are kept for. */
const PERMISSIONS: ReadonlyMap<string, readonly Permission[]> = new Map(
  combinationsOf(['api', 'config_api', 'write_points', 'all'] as const).map((permissions) => {
    const privileges = new Map<string, readonly number[]>();
    // In this order what is taken away is granted again.
    for (const [resource, privilege] of permissions.flatMap((permission) => GRANTS[permission])) {
      privileges.set(resource, [privilege]);
    }
    return [formOf(privileges), normalizePermissions(permissions)];
  }),
);

/**
 * The permissions that a user's privileges were kept for. Undefined if none have these privileges.
 *
 * Kapacitor only ever keeps what it made of permissions, in nine forms. What is close to one of them is not that one
 * with something missing, but a damaged record: each guess could be more than the user had.
 */
export function permissionsFor(privileges: Privileges): readonly Permission[] | undefined {
  return PERMISSIONS.get(formOf(privileges));
}

/** Tells whether these are the privileges of an InfluxDB that sends its points: to write into one database. */
export function areSubscription(privileges: Privileges): boolean {
  const databases = [...privileges.keys()].filter((resource) => `${resource}/`.startsWith(`${DATABASES}/`));
  const [database] = databases;
  if (database === undefined) return false;
  const expected = new Map([
    [POINTS, [WRITE]],
    [PING, [ALL]],
    [database, [WRITE]],
  ]);
  return formOf(privileges) === formOf(expected);
}

/** The same text for the same privileges: Go writes a map in any order. */
function formOf(privileges: Privileges): string {
  return JSON.stringify([...privileges].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function combinationsOf<Item>(items: readonly Item[]): Item[][] {
  const found: Item[][] = [[]];
  for (const item of items) found.push(...found.map((some) => [...some, item]));
  return found;
}
