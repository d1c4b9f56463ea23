import type { Permission } from '../users/permissions.js';
import type { User } from '../users/user.js';
import { API, isWithin } from './paths.js';

/** A right on a resource. A request needs the privilege of its method. Methods without one need `all`. */
export type Privilege = 'read' | 'write' | 'delete' | 'all';

export const PRIVILEGES: readonly Privilege[] = ['read', 'write', 'delete', 'all'];

/** The resource of the users. Only an admin changes it. */
export const USERS = '/api/users';

const BY_METHOD: ReadonlyMap<string, Privilege> = new Map([
  ['GET', 'read'],
  // Express runs handlers of GET for HEAD, and handlers of `use` and `all` for OPTIONS.
  ['HEAD', 'read'],
  ['OPTIONS', 'read'],
  ['POST', 'write'],
  ['PUT', 'write'],
  ['PATCH', 'write'],
  ['DELETE', 'delete'],
]);

/** The permissions that open a resource and everything below it. */
interface Grant {
  readonly resource: string;
  readonly permissions: readonly Permission[];
}

/**
 * The nearest ancestor of a resource decides, so the most specific resource comes first. Each of Kapacitor's permissions
 * grants every privilege or none.
 */
const GRANTS: readonly Grant[] = [
  { resource: `${API}/ping`, permissions: ['all', 'api', 'config_api', 'write_points'] },
  { resource: `${API}/config`, permissions: ['all', 'config_api'] },
  { resource: `${API}/write`, permissions: ['all', 'write_points'] },
  { resource: API, permissions: ['all', 'api'] },
];

/** For a text that is not a resource. */
const NO_GRANT: Grant = { resource: API, permissions: [] };

/** The privilege that a request with this method needs. */
export function privilegeFor(method: string): Privilege {
  return BY_METHOD.get(method) ?? 'all';
}

/** Whether the method has a privilege of its own. Methods are case-sensitive. */
export function isKnownMethod(method: string): boolean {
  return BY_METHOD.has(method);
}

/** Whether only an admin has this privilege on the resource. */
export function needsAdmin(privilege: Privilege, resource: string): boolean {
  return privilege !== 'read' && isWithin(resource, USERS);
}

/** Whether a user has a privilege on a resource, such as `/api/config/influxdb`. */
export function hasPrivilege(user: User, privilege: Privilege, resource: string): boolean {
  if (user.type === 'admin') return true;
  if (needsAdmin(privilege, resource)) return false;
  return includesOneOf(decidingGrant(resource).permissions, user.permissions);
}

/** The grant of the nearest ancestor of a resource, which may be the resource itself. */
export function decidingGrant(resource: string): Grant {
  for (const grant of GRANTS) if (isWithin(resource, grant.resource)) return grant;
  return NO_GRANT;
}

function includesOneOf(permissions: readonly Permission[], held: readonly Permission[]): boolean {
  for (const permission of held) if (permissions.includes(permission)) return true;
  return false;
}

/** The resources whose privileges differ, from the widest to the most specific. */
const SHOWN = ['/api', '/api/ping', '/api/write', '/api/config', USERS] as const;
const OF_METHODS: readonly Privilege[] = ['read', 'write', 'delete'];

/** The privileges of a user on each resource that permissions tell apart: `{ '/api': ['read', 'write', 'delete'], … }`. */
export function privilegesOf(user: User): Record<string, Privilege[]> {
  const held = (resource: string) => OF_METHODS.filter((privilege) => hasPrivilege(user, privilege, resource));
  return Object.fromEntries(SHOWN.map((resource) => [resource, held(resource)]));
}
