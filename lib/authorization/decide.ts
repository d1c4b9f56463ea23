import { inWords } from '../argument-checks.js';
import type { User } from '../users/user.js';
import { type OwnEndpoint, ownEndpoint } from './own-endpoints.js';
import { isTooLong, PathReader } from './paths.js';
import { decidingGrant, hasPrivilege, needsAdmin, type Privilege, privilegeFor, USERS } from './privileges.js';

/** The rule that decided: the user is disabled, asks about itself, is an admin, needs to be one, or has permissions. */
type Rule = 'disabled' | 'own' | 'admin' | 'admin-only' | 'permissions';

/** Whether a user may make a request, and the rule that decided. */
export interface Decision {
  readonly allowed: boolean;
  /** The privilege that the request needs. */
  readonly privilege: Privilege;
  /**
   * The resource that decided. Routers can read some paths in several ways: then it is a reading that the user has no
   * privilege on. Undefined for a path that is too long, or that has too many readings.
   */
  readonly resource: string | undefined;
  readonly rule: Rule;
}

/**
 * Decides whether a user may make a request. The guard, the routers, `can`, `explain` and the command line all ask here.
 *
 * @param method such as `GET`. Methods are case-sensitive (RFC 9110, section 9.1): `get` is unknown, and needs `all`
 * @param path such as `/kapacitor/v1/tasks`; a query is ignored
 */
export function decide(user: User, method: string, path: string): Decision {
  const whole = withoutQuery(path);
  const decision = decideOn(user, privilegeFor(method), new PathReader().resourcesOf(whole, whole));
  return withOwnRight(decision, user, method, ownEndpoint(whole));
}

/**
 * Decides about a request to an endpoint of this package, wherever its router is mounted. All users may read themselves
 * and change their own password. Users who may read the API may read all users. Only an admin changes users.
 */
export function decideOwn(user: User, method: string, endpoint: OwnEndpoint): Decision {
  const resource = endpoint.kind === 'user' ? `${USERS}/${endpoint.name}` : USERS;
  return withOwnRight(decideOn(user, privilegeFor(method), [resource]), user, method, endpoint);
}

/**
 * Decides about a privilege on resources. The user needs it on each of them.
 *
 * @param resources every reading of a path; undefined for a path that cannot be read, which only an admin may use
 */
export function decideOn(user: User, privilege: Privilege, resources: readonly string[] | undefined): Decision {
  const missing =
    resources?.find((each) => needsAdmin(privilege, each) && user.type !== 'admin') ??
    resources?.find((each) => !hasPrivilege(user, privilege, each));
  const resource = missing ?? resources?.[0];
  if (!user.enabled) return { allowed: false, privilege, resource, rule: 'disabled' };
  if (user.type === 'admin') return { allowed: true, privilege, resource, rule: 'admin' };
  if (missing !== undefined && needsAdmin(privilege, missing)) {
    return { allowed: false, privilege, resource, rule: 'admin-only' };
  }
  return { allowed: resource !== undefined && missing === undefined, privilege, resource, rule: 'permissions' };
}

function withOwnRight(decision: Decision, user: User, method: string, endpoint: OwnEndpoint | undefined): Decision {
  const isOwn = user.enabled && endpoint !== undefined && ownRight(user, method, endpoint) !== undefined;
  return isOwn ? { ...decision, allowed: true, rule: 'own' } : decision;
}

/** The right that all users have on an endpoint, in words. Undefined if there is none. */
function ownRight({ name }: User, method: string, endpoint: OwnEndpoint): string | undefined {
  const isRead = method === 'GET' || method === 'HEAD';
  if (endpoint.kind === 'me') {
    const isAnswered = isRead || method === 'OPTIONS';
    return `every user may ask who it is${isAnswered ? '' : `, and ${method} is answered with 405`}`;
  }
  if (endpoint.kind !== 'user' || endpoint.name !== name) return undefined;
  if (isRead) return 'every user may read its own entry';
  return method === 'PATCH' ? 'every user may change its own password, and nothing else of itself' : undefined;
}

/** Whether a user may make a request, and why. */
export interface Explanation {
  readonly allowed: boolean;
  /** The privilege that the request's method needs. */
  readonly privilege: Privilege;
  /**
   * The resource that decided, such as `/api/config/influxdb`. If routers can read the path in several ways, it is a
   * reading that the user has no privilege on. Undefined for a path of more than 2 KiB, and for a path with too many
   * readings.
   */
  readonly resource: string | undefined;
  /** A sentence that names the rule or the permission that decided. */
  readonly reason: string;
}

/** Does what {@link decide} does, and gives the reason in words. */
export function explain(user: User, method: string, path: string): Explanation {
  const decision = decide(user, method, path);
  const { allowed, privilege, resource } = decision;
  return { allowed, privilege, resource, reason: reasonFor(user, method, withoutQuery(path), decision) };
}

function reasonFor(user: User, method: string, path: string, { allowed, resource, rule }: Decision): string {
  switch (rule) {
    case 'disabled':
      return `${user.name} is disabled, and cannot log in`;
    case 'own':
      return ownRight(user, method, ownEndpoint(path) as OwnEndpoint) as string;
    case 'admin':
      return `${user.name} is an admin, who has every privilege`;
    case 'admin-only':
      return `only an admin manages users, and ${user.name} is not an admin`;
    default:
      return resource === undefined ? unreadable(path) : grantReason(user, resource, allowed);
  }
}

function unreadable(path: string): string {
  return isTooLong(path)
    ? 'the path has more than 2,048 bytes, and only an admin may use it'
    : 'the path does not begin with a slash, or routers can read it in too many ways';
}

function grantReason({ name, permissions: held }: User, resource: string, allowed: boolean): string {
  const { resource: entry, permissions } = decidingGrant(resource);
  const nearest = entry === resource ? '' : `, the nearest entry above ${resource}`;
  if (allowed) {
    return `the permission ${held.find((permission) => permissions.includes(permission))} opens ${entry}${nearest}`;
  }
  if (permissions.length === 0) return `no permission opens ${resource}`;
  const opened = `${entry}${nearest && `${nearest},`} is opened by ${inWords(permissions, 'or')}`;
  return `${opened}, and ${name} has ${held.length === 0 ? 'no permission' : inWords(held, 'and')}`;
}

function withoutQuery(path: string): string {
  return path.split('?', 1)[0] as string;
}
