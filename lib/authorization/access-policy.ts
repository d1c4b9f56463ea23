import { pathOf } from '../request/host.js';
import { isDisabled } from '../users/account.js';
import { restrictionOf } from '../users/restricted-user.js';
import type { User } from '../users/user.js';
import { isSignIn, type OwnEndpoint, OwnEndpoints } from './own-endpoints.js';
import { API, isWithin, PathReader, type Readings, USERS } from './paths.js';
import { privilegesByPermission, type ResolvedPermissions } from './permission-definitions.js';
import { type Entry, includesPrivilege, PrivilegeMap, type ResourcePrivileges } from './privilege-map.js';
import { type Privilege, privilegeFor } from './privileges.js';
import { PublicPaths } from './public-paths.js';

/**
 * The rule that decided: the user is disabled or has expired, must change its password first, the path is public, the user asks
 * about itself, is an admin, needs to be one, or has permissions.
 */
type Rule = 'disabled' | 'must-change-password' | 'public' | 'own' | 'admin' | 'admin-only' | 'permissions';

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

/** The part of the configuration that decides who may do what. */
export interface AccessSettings {
  /** The permissions of the app's own. */
  readonly permissions: ResolvedPermissions;
  /** The path of the API: `http.apiPath`, or empty for the root. */
  readonly apiPath: string;
  /** The paths that need no credentials: `http.public`. Defaults to none. */
  readonly publicPaths?: readonly string[];
  /** Whether there are endpoints to sign in: `http.sessions`. Defaults to false. */
  readonly hasSessions?: boolean;
  /** Whether there is the page for users: `http.usersPage`. Defaults to false. */
  readonly hasUsersPage?: boolean;
}

/** Decides who may do what. The guard, the routers, `can`, `explain` and the command line all ask here. */
export class AccessPolicy {
  readonly paths: PathReader;
  readonly endpoints: OwnEndpoints;
  readonly publicPaths: PublicPaths;
  /** The privileges of every permission, by name. */
  readonly permissions: ReadonlyMap<string, ResourcePrivileges>;
  /** The definitions of the app's own permissions. */
  readonly definitions: ResolvedPermissions;
  /** The privileges of all permissions together. */
  readonly #everything: PrivilegeMap;
  /** The privileges of the app's own permissions together. */
  readonly #own: PrivilegeMap;
  /** The privileges of a user, by its list of permissions. Only frozen lists are kept, because others can change. */
  readonly #maps = new WeakMap<readonly string[], PrivilegeMap>();

  constructor({ permissions, apiPath, publicPaths = [], hasSessions = false, hasUsersPage = false }: AccessSettings) {
    this.paths = new PathReader(apiPath);
    this.endpoints = new OwnEndpoints(apiPath, hasSessions, hasUsersPage);
    this.publicPaths = new PublicPaths(publicPaths, this.paths, (resource) => this.isNamed(resource));
    this.definitions = permissions;
    this.permissions = privilegesByPermission(permissions, this.paths);
    this.#everything = new PrivilegeMap(this.permissions.values());
    const own = [...this.permissions].filter(([name]) => Object.hasOwn(permissions, name));
    this.#own = new PrivilegeMap(own.map(([, privileges]) => privileges));
  }

  /**
   * Decides whether a user may make a request.
   *
   * @param method such as `GET`. Methods are case-sensitive (RFC 9110, section 9.1): `get` is unknown, and needs `all`
   * @param path such as `/kapacitor/v1/tasks`; a query is ignored
   */
  decide(user: User, method: string, path: string): Decision {
    return byBoth(user, (each) => this.#decide(each, method, path));
  }

  #decide(user: User, method: string, path: string): Decision {
    const whole = pathOf(path);
    const endpoint = this.endpoints.at(whole);
    if (endpoint !== undefined && hasRuleOfItsOwn(endpoint)) return this.#decideOwn(user, method, endpoint);
    const readings = this.paths.read(whole);
    const decision = this.#decideOn(user, privilegeFor(method), readings);
    if (endpoint !== undefined) return withOwnRight(decision, user, method, endpoint);
    const isPublic = !decision.allowed && mayUseRights(user) && this.publicPaths.includes(method, readings);
    return isPublic ? { ...decision, resource: readings?.whole[0], allowed: true, rule: 'public' } : decision;
  }

  /** Whether a request needs no credentials. */
  isPublic(method: string, path: string): boolean {
    const whole = pathOf(path);
    const endpoint = this.endpoints.at(whole);
    if (endpoint !== undefined) return isSignIn(endpoint);
    return this.publicPaths.includes(method, this.paths.read(whole));
  }

  /**
   * Decides about a request to an endpoint of this package, wherever its router is mounted. All users may read themselves
   * and change their own password, and have their own keys and sessions. Users who may read the API may read all users. Only
   * an admin changes users, sees the keys and sessions of others, asks what others may do, and reads the audit.
   */
  decideOwn(user: User, method: string, endpoint: OwnEndpoint): Decision {
    return byBoth(user, (each) => this.#decideOwn(each, method, endpoint));
  }

  #decideOwn(user: User, method: string, endpoint: OwnEndpoint): Decision {
    const resource = 'name' in endpoint ? `${USERS}/${endpoint.name}` : USERS;
    const privilege = privilegeFor(method);
    const decision =
      isForAdmins(endpoint) && mayUseRights(user) && user.type !== 'admin'
        ? ({ allowed: false, privilege, resource, rule: 'admin-only' } as const)
        : this.#decideOn(user, privilege, { whole: [resource], below: [] });
    return withOwnRight(decision, user, method, endpoint);
  }

  /**
   * Decides about a privilege on resources. The user needs it on each of them.
   *
   * @param readings every reading of a path; undefined for a path that cannot be read, which only an admin may use
   */
  decideOn(user: User, privilege: Privilege, readings: Readings | undefined): Decision {
    return byBoth(user, (each) => this.#decideOn(each, privilege, readings));
  }

  /**
   * Whether {@link decideOn} allows it. An app has the same few paths and lists of permissions at most requests, so what they
   * open is remembered.
   */
  allowsOn(user: User, privilege: Privilege, readings: Readings | undefined): boolean {
    const restriction = restrictionOf(user);
    if (restriction !== undefined) {
      return (
        this.allowsOn(restriction.owner, privilege, readings) && this.allowsOn(restriction.key, privilege, readings)
      );
    }
    if (readings?.isKept !== true || user.type === 'admin' || !mayUseRights(user)) {
      return this.#decideOn(user, privilege, readings).allowed;
    }
    const map = this.#mapOf(user.permissions);
    if (map.isKnownToOpen(readings, privilege)) return true;
    const { allowed } = this.#decideOn(user, privilege, readings);
    if (allowed) map.opens(readings, privilege);
    return allowed;
  }

  #decideOn(user: User, privilege: Privilege, readings: Readings | undefined): Decision {
    const missing = readings && this.#missing(user, privilege, readings);
    const resource = missing ?? readings?.whole[0];
    if (isDisabled(user)) return { allowed: false, privilege, resource, rule: 'disabled' };
    if (user.mustChangePassword) return { allowed: false, privilege, resource, rule: 'must-change-password' };
    if (user.type === 'admin') return { allowed: true, privilege, resource, rule: 'admin' };
    if (missing !== undefined && needsAdmin(privilege, missing)) {
      return { allowed: false, privilege, resource, rule: 'admin-only' };
    }
    return { allowed: resource !== undefined && missing === undefined, privilege, resource, rule: 'permissions' };
  }

  /** Whether a user has a privilege on a resource, such as `/api/config/influxdb`. */
  hasPrivilege(user: User, privilege: Privilege, resource: string): boolean {
    const restriction = restrictionOf(user);
    if (restriction === undefined) return this.#hasPrivilege(user, privilege, resource);
    return [restriction.owner, restriction.key].every((each) => this.#hasPrivilege(each, privilege, resource));
  }

  #hasPrivilege(user: User, privilege: Privilege, resource: string): boolean {
    if (user.type === 'admin') return true;
    return !needsAdmin(privilege, resource) && includesPrivilege(this.entryFor(user.permissions, resource), privilege);
  }

  /** The entry of these permissions that decides about a resource. */
  entryFor(permissions: readonly string[], resource: string): Entry | undefined {
    return this.#mapOf(permissions).nearest(resource);
  }

  /** The entry of any permission that is nearest to a resource, whoever has the permission. */
  nearestEntry(resource: string): Entry | undefined {
    return this.#everything.nearest(resource);
  }

  /** The first resource that the user lacks the privilege on. Those that need an admin come first. */
  #missing(user: User, privilege: Privilege, { whole, below }: Readings): string | undefined {
    if (user.type === 'admin') return undefined;
    for (const resource of whole) if (needsAdmin(privilege, resource)) return resource;
    for (const resource of below) if (needsAdmin(privilege, resource)) return resource;
    for (const resource of whole) if (!this.#hasPrivilege(user, privilege, resource)) return resource;
    // `/orders` is what a permission of the app's own names, and a router that is mounted there sees `/5`. Where only
    // Kapacitor's permissions open the whole path, the path below the mount counts as well.
    const isMeant = below.length > 0 && whole.every((resource) => isBelowRoot(this.#own.nearest(resource)));
    for (const resource of below) {
      if ((!isMeant || this.isNamed(resource)) && !this.#hasPrivilege(user, privilege, resource)) return resource;
    }
    return undefined;
  }

  /** Whether any permission names the resource, or one above it other than the root. */
  isNamed(resource: string): boolean {
    return isBelowRoot(this.nearestEntry(resource));
  }

  #mapOf(permissions: readonly string[]): PrivilegeMap {
    const known = this.#maps.get(permissions);
    if (known !== undefined) return known;
    const map = new PrivilegeMap(permissions.map((name) => this.permissions.get(name) ?? NOTHING));
    if (Object.isFrozen(permissions)) this.#maps.set(permissions, map);
    return map;
  }
}

/** Decides about a user. A user and the key that it uses must both be allowed. */
function byBoth(user: User, decide: (user: User) => Decision): Decision {
  const restriction = restrictionOf(user);
  if (restriction === undefined) return decide(user);
  const decision = decide(restriction.owner);
  return decision.allowed ? decide(restriction.key) : decision;
}

function isBelowRoot(entry: Entry | undefined): boolean {
  return entry !== undefined && entry.resource !== API;
}

/** For a permission that is not defined. */
const NOTHING: ResourcePrivileges = new Map();

/** Whether only an admin has this privilege on the resource. */
export function needsAdmin(privilege: Privilege, resource: string): boolean {
  return privilege !== 'read' && isWithin(resource, USERS);
}

/** Whether the users' part of an API does not decide about the endpoint. */
function hasRuleOfItsOwn(endpoint: OwnEndpoint): boolean {
  return endpoint.kind === 'permissions' || endpoint.kind === 'openapi.json' || isForAdmins(endpoint);
}

/** Whether only an admin may use the endpoint of somebody else. */
function isForAdmins({ kind }: OwnEndpoint): boolean {
  return ['access', 'audit', 'keys', 'sessions'].includes(kind);
}

function withOwnRight(decision: Decision, user: User, method: string, endpoint: OwnEndpoint | undefined): Decision {
  if (endpoint === undefined || isDisabled(user) || ownRight(user, method, endpoint) === undefined) return decision;
  const isLeft = !user.mustChangePassword || LEFT_WITHOUT_NEW_PASSWORD.includes(endpoint.kind);
  return isLeft ? { ...decision, allowed: true, rule: 'own' } : decision;
}

/** The endpoints that a user has rights on while it must change its password. */
const LEFT_WITHOUT_NEW_PASSWORD: readonly OwnEndpoint['kind'][] = ['me', 'user', 'session', 'sign-in', 'sign-out'];

/** Whether a user may use what its type and its permissions open. */
function mayUseRights(user: User): boolean {
  return !isDisabled(user) && !user.mustChangePassword;
}

/** The right that all users have on an endpoint, in words. Undefined if there is none. */
export function ownRight({ name }: User, method: string, endpoint: OwnEndpoint): string | undefined {
  const isRead = method === 'GET' || method === 'HEAD';
  const isAnswered = isRead || (method === 'OPTIONS' && ['me', 'admin', 'access'].includes(endpoint.kind));
  const unanswered = isAnswered ? '' : `, and ${method} is answered with 405`;
  if (endpoint.kind === 'me') return `every user may ask who it is${unanswered}`;
  if (endpoint.kind === 'admin') return `every user may open the page for users${unanswered}`;
  if (endpoint.kind === 'check') return `every user may be checked by a proxy${unanswered}`;
  if (isSignIn(endpoint)) return 'everybody may sign in and out';
  if (!('name' in endpoint) || endpoint.name !== name) return undefined;
  if (endpoint.kind === 'access') return `every user may ask what it may do${unanswered}`;
  if (endpoint.kind !== 'user') return `every user may have ${endpoint.kind} of its own`;
  if (isRead) return 'every user may read its own entry';
  return method === 'PATCH' ? 'every user may change its own password, and nothing else of itself' : undefined;
}
