import type { Permission } from '../users/permissions.js';
import type { User } from '../users/user.js';
import { API, isWithin } from './paths.js';

/** What a request wants with a resource. `all` is wanted by methods that nobody knows. */
export type Privilege = 'read' | 'write' | 'delete' | 'all';

export const PRIVILEGES: readonly Privilege[] = ['read', 'write', 'delete', 'all'];

/** Where the users are: to manage them takes an admin. */
export const USERS = '/api/users';

const BY_METHOD: ReadonlyMap<string, Privilege> = new Map([
  ['GET', 'read'],
  // The handlers of GET run for HEAD in Express, and those of `use` and `all` for OPTIONS.
  ['HEAD', 'read'],
  ['OPTIONS', 'read'],
  ['POST', 'write'],
  ['PUT', 'write'],
  ['PATCH', 'write'],
  ['DELETE', 'delete'],
]);

/** Which permissions open a resource and what is below it. */
interface Grant {
  readonly resource: string;
  readonly permissions: readonly Permission[];
}

/**
 * Which permissions open a resource and what is below it, the most special first. Each of Kapacitor's permissions
 * grants all privileges or none, and that of the nearest ancestor decides.
 */
const GRANTS: readonly Grant[] = [
  { resource: `${API}/ping`, permissions: ['all', 'api', 'config_api', 'write_points'] },
  { resource: `${API}/config`, permissions: ['all', 'config_api'] },
  { resource: `${API}/write`, permissions: ['all', 'write_points'] },
  { resource: API, permissions: ['all', 'api'] },
];

/** Of what is no resource. */
const NO_GRANT: Grant = { resource: API, permissions: [] };

/** The privilege that a request with this method needs. */
export function privilegeFor(method: string): Privilege {
  return BY_METHOD.get(method) ?? 'all';
}

/** Tells whether a method has a privilege of its own. Methods are case-sensitive. */
export function isKnownMethod(method: string): boolean {
  return BY_METHOD.has(method);
}

/** Tells whether this is a change of users, which no permission opens. */
export function needsAdmin(privilege: Privilege, resource: string): boolean {
  return privilege !== 'read' && isWithin(resource, USERS);
}

/** Tells whether a user has a privilege on a resource, such as `/api/config/influxdb`. */
export function hasPrivilege(user: User, privilege: Privilege, resource: string): boolean {
  if (user.type === 'admin') return true;
  if (needsAdmin(privilege, resource)) return false;
  return includesOneOf(decidingGrant(resource).permissions, user.permissions);
}

/** The entry that decides about a resource: that of the nearest ancestor, itself included. */
export function decidingGrant(resource: string): Grant {
  for (const grant of GRANTS) if (isWithin(resource, grant.resource)) return grant;
  return NO_GRANT;
}

function includesOneOf(permissions: readonly Permission[], held: readonly Permission[]): boolean {
  for (const permission of held) if (permissions.includes(permission)) return true;
  return false;
}
