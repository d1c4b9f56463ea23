import type { Permission } from '../users/permissions.js';
import type { User } from '../users/user.js';
import { type OwnEndpoint, ownEndpoint } from './endpoints.js';
import { isTooLong, PathReader } from './paths.js';
import { decidingGrant, hasPrivilege, needsAdmin, type Privilege, privilegeFor, USERS } from './privileges.js';

/** Of a path whose resources are not looked at. */
const UNREADABLE = 'the path does not begin with a slash, or can be read in more ways than an honest one can';

/** The reason for a path that is not read. */
const TOO_LONG = 'the path has more than 2,048 bytes, and only an admin may use it';

/** What a user may, and why. */
export interface Explanation {
  readonly allowed: boolean;
  /** What the request's method needs. */
  readonly privilege: Privilege;
  /**
   * What the decision is about, such as `/api/config/influxdb`. Of a path that routers could read in several ways it is
   * the reading that the user may not have. Undefined for a path of more than 2 KiB, and for one that can be read in more ways
   * than an honest one can.
   */
  readonly resource: string | undefined;
  /** A sentence: which rule, or which permission, decided. */
  readonly reason: string;
}

/**
 * Explains whether a user may make a request.
 *
 * @param method such as `GET`. Methods have case (RFC 9110, section 9.1): `get` is one that nobody knows, which needs
 *   the privilege `all`
 * @param path such as `/kapacitor/v1/tasks`; a query is left aside
 */
export function explain(user: User, method: string, path: string): Explanation {
  const privilege = privilegeFor(method);
  const [whole = ''] = path.split('?', 1);
  const decided = (allowed: boolean, resource: string | undefined, reason: string): Explanation => ({
    allowed,
    privilege,
    resource,
    reason,
  });

  const resources = new PathReader().resourcesOf(whole, whole);
  const missing = resources?.find((each) => !hasPrivilege(user, privilege, each));
  const resource = missing ?? resources?.[0];
  if (!user.enabled) return decided(false, resource, `${user.name} is disabled, and does not get in`);

  const endpoint = ownEndpoint(whole);
  const ownRule = endpoint && ruleOf(endpoint, user, method);
  if (ownRule !== undefined) return decided(true, resource, ownRule);
  if (user.type === 'admin') return decided(true, resource, `${user.name} is an admin, who has every privilege`);
  if (resource === undefined) return decided(false, resource, isTooLong(whole) ? TOO_LONG : UNREADABLE);
  if (missing !== undefined && needsAdmin(privilege, missing)) {
    return decided(false, resource, `to manage users takes an admin, and ${user.name} is none`);
  }
  const { resource: entry, permissions } = decidingGrant(resource);
  const held = user.permissions.find((permission) => permissions.includes(permission));
  const nearest = entry === resource ? '' : `, the nearest entry above ${resource}`;
  if (missing === undefined) return decided(true, resource, `the permission ${held} opens ${entry}${nearest}`);
  if (permissions.length === 0) return decided(false, resource, `no permission opens ${resource}`);
  const opened = `${entry}${nearest && `${nearest},`} is opened by ${inWords(permissions, 'or')}`;
  const has = user.permissions.length === 0 ? 'no permission' : inWords(user.permissions, 'and');
  return decided(false, resource, `${opened}, and ${user.name} has ${has}`);
}

/** What everybody may, whatever their permissions. */
function ruleOf(endpoint: OwnEndpoint, { name }: User, method: string): string | undefined {
  const isRead = method === 'GET' || method === 'HEAD';
  if (endpoint.kind === 'me') {
    const isAnswered = isRead || method === 'OPTIONS';
    return `everybody may ask who they are${isAnswered ? '' : `, and ${method} is answered with 405`}`;
  }
  if (endpoint.kind !== 'user' || endpoint.name !== name) return undefined;
  if (isRead) return 'everybody may read themselves';
  return method === 'PATCH' ? 'everybody may change their own password, and nothing else of themselves' : undefined;
}

function inWords(permissions: readonly Permission[], conjunction: 'and' | 'or'): string {
  const last = permissions.at(-1) as Permission;
  return permissions.length === 1 ? last : `${permissions.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}

/** Resources that somebody may want to know about, from the widest to the most special. */
const SHOWN = ['/api', '/api/ping', '/api/write', '/api/config', USERS] as const;
/** Each of which a method needs. */
const OF_METHODS: readonly Privilege[] = ['read', 'write', 'delete'];

/** What a user has on the resources that permissions tell apart: `{ '/api': ['read', 'write', 'delete'], … }`. */
export function privilegesOf(user: User): Record<string, Privilege[]> {
  const held = (resource: string) => OF_METHODS.filter((privilege) => hasPrivilege(user, privilege, resource));
  return Object.fromEntries(SHOWN.map((resource) => [resource, held(resource)]));
}
