import { inWords } from '../argument-checks.js';
import { pathOf } from '../request/host.js';
import type { UserAccount } from '../users/account.js';
import { restrictionOf } from '../users/restricted-user.js';
import type { User } from '../users/user.js';
import { type AccessPolicy, type Decision, ownRight } from './access-policy.js';
import { pathOfResource, resourcesNamed } from './named-path.js';
import type { OwnEndpoint } from './own-endpoints.js';
import { isTooLong, USERS } from './paths.js';
import { includesPrivilege, PrivilegeMap, privilegesIn } from './privilege-map.js';
import type { Privilege } from './privileges.js';

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

/** Decides as {@link AccessPolicy.decide} does, and gives the reason in words. */
export function explain(policy: AccessPolicy, user: User, method: string, path: string): Explanation {
  const restriction = restrictionOf(user);
  if (restriction === undefined) return explainOne(policy, user, method, path);
  const explanation = explainOne(policy, restriction.owner, method, path);
  if (!explanation.allowed) return explanation;
  const ofKey = explainOne(policy, restriction.key, method, path);
  return { ...ofKey, reason: `with this key, ${ofKey.reason}` };
}

function explainOne(policy: AccessPolicy, user: User, method: string, path: string): Explanation {
  const decision = policy.decide(user, method, path);
  const { allowed, privilege, resource } = decision;
  return { allowed, privilege, resource, reason: reasonFor(policy, user, method, pathOf(path), decision) };
}

function reasonFor(policy: AccessPolicy, user: User, method: string, path: string, decision: Decision): string {
  const { resource, rule } = decision;
  switch (rule) {
    case 'disabled':
      return `${user.name} ${user.enabled ? expired(user) : 'is disabled'}, and cannot log in`;
    case 'must-change-password':
      return `${user.name} must change its password before it may do anything else`;
    case 'public':
      return `${path} is public, and needs no credentials`;
    case 'own':
      return ownRight(user, method, policy.endpoints.at(path) as OwnEndpoint) as string;
    case 'admin':
      return `${user.name} is an admin, who has every privilege`;
    case 'admin-only':
      return `only an admin manages users, and ${user.name} is not an admin`;
    default:
      return resource === undefined ? unreadable(path) : grounds(policy, user, method, { ...decision, resource });
  }
}

/** `expired at 2027-01-31T00:00:00.000Z`. */
function expired({ expires }: User & Partial<Pick<UserAccount, 'expires'>>): string {
  const time = new Date(Number(expires));
  return Number.isNaN(time.getTime()) ? 'has expired' : `expired at ${time.toISOString()}`;
}

/** A decision about a path that can be read. */
type DecidedResource = Decision & { readonly resource: string };

function unreadable(path: string): string {
  return isTooLong(path)
    ? 'the path has more than 2,048 bytes, and only an admin may use it'
    : 'the path does not begin with a slash, or routers can read it in too many ways';
}

/** `clerk opens /orders for read and write; DELETE needs delete`. */
function grounds(policy: AccessPolicy, { name, permissions }: User, method: string, decided: DecidedResource): string {
  const { allowed, privilege, resource } = decided;
  const path = pathOfResource(resource);
  const entry = policy.entryFor(permissions, resource);
  if (entry === undefined) {
    const held = permissions.map((each) => (policy.permissions.has(each) ? each : `${each} (which is not defined)`));
    const openers = openersOf(policy, decided);
    return `${path} is opened by ${openers ?? 'no permission'}, and ${name} has ${held.length === 0 ? 'no permission' : inWords(held)}`;
  }
  const holders = permissions.filter((each) => policy.permissions.get(each)?.has(entry.resource));
  const privileges = privilegesIn(entry);
  const one = holders.length === 1 ? 's' : '';
  const deed = privileges.length === 0 ? `close${one}` : `open${one}`;
  const extent = privileges.length === 0 ? '' : ` for ${privileges[0] === 'all' ? 'everything' : inWords(privileges)}`;
  const nearest = entry.resource === resource ? '' : `, the nearest entry above ${path}`;
  const ground = `${inWords(holders)} ${deed} ${pathOfResource(entry.resource)}${extent}${nearest}`;
  if (allowed) return ground;
  const openers = privileges.length === 0 ? openersOf(policy, decided) : undefined;
  return `${ground}; ${method} needs ${privilege}${openers === undefined ? '' : `, which ${openers} would give`}`;
}

/** The permissions that would let the user through, if it had one of them alone: `config_api or all`. */
function openersOf({ permissions }: AccessPolicy, { privilege, resource }: DecidedResource): string | undefined {
  const openers = [...permissions]
    .filter(([, privileges]) => includesPrivilege(new PrivilegeMap([privileges]).nearest(resource), privilege))
    .map(([name]) => name);
  return openers.length === 0 ? undefined : inWords(openers, 'or');
}

/** The resources whose privileges differ in Kapacitor, from the widest to the most specific. */
const SHOWN: readonly string[] = ['/api', '/api/ping', '/api/write', '/api/config', USERS];
/** The privileges that known methods need. */
const METHOD_PRIVILEGES: readonly Privilege[] = ['read', 'write', 'delete'];

/** The privileges of a user on each resource that permissions tell apart: `{ '/api': ['read', 'write', 'delete'], … }`. */
export function privilegesOf(policy: AccessPolicy, user: User): Record<string, Privilege[]> {
  const held = (resource: string) =>
    METHOD_PRIVILEGES.filter((privilege) => policy.hasPrivilege(user, privilege, resource));
  const own = Object.values(policy.definitions)
    .flatMap(Object.keys)
    .map((path) => resourcesNamed(path, policy.paths)[0] as string);
  return Object.fromEntries([...new Set([...SHOWN, ...own.sort()])].map((resource) => [resource, held(resource)]));
}
