import type { Permission } from '../users/permissions.js';
import { resourcesNamed } from './named-path.js';
import type { PathReader } from './paths.js';
import type { ResourcePrivileges } from './privilege-map.js';
import type { Privilege } from './privileges.js';

/**
 * A permission of the app's own: paths as requests have them, and the privileges at and below each:
 * `{ '/orders': ['read', 'write'], '/orders/archive': 'read', '/secrets': [] }`. An empty list gives nothing there, also
 * where a path above gives something.
 */
export type PermissionDefinition = Readonly<Record<string, Privilege | readonly Privilege[]>>;

/**
 * The permissions of the app's own, by name. A name has lower-case letters, digits, `-` and `_`, begins with a letter, and has
 * at most 64 characters. The names of Kapacitor's permissions are taken.
 */
export type PermissionDefinitions<Own extends string = string> = Readonly<Record<Own, PermissionDefinition>>;

/** The permissions of the app's own after the configuration is read. */
export type ResolvedPermissions = Readonly<Record<string, Readonly<Record<string, readonly Privilege[]>>>>;

const ALL: readonly Privilege[] = ['all'];
const NOTHING: readonly Privilege[] = [];

/**
 * Kapacitor's permissions. `api` excludes config and write unless another permission grants them. Kapacitor's own `all` has no
 * entry for ping. It has one here, so that `all` is the same as the other three together.
 */
const KAPACITOR_DEFINITIONS: Readonly<Record<Permission, Readonly<Record<string, readonly Privilege[]>>>> = {
  none: {},
  api: { '/api': ALL, '/api/config': NOTHING, '/api/write': NOTHING },
  config_api: { '/api/ping': ALL, '/api/config': ALL },
  write_points: { '/api/ping': ALL, '/api/write': ALL },
  all: { '/api': ALL, '/api/ping': ALL, '/api/config': ALL, '/api/write': ALL },
};

/** The privileges of every permission, by name: Kapacitor's, and the app's own. */
export function privilegesByPermission(
  definitions: ResolvedPermissions,
  paths: PathReader,
): ReadonlyMap<string, ResourcePrivileges> {
  const ofKapacitor = Object.entries(KAPACITOR_DEFINITIONS).map(
    ([name, privileges]) => [name, new Map(Object.entries(privileges))] as const,
  );
  const own = Object.entries(definitions).map(([name, definition]) => {
    const entries = Object.entries(definition).flatMap(([path, privileges]) =>
      resourcesNamed(path, paths).map((resource) => [resource, privileges] as const),
    );
    return [name, new Map(entries)] as const;
  });
  return new Map([...ofKapacitor, ...own]);
}
