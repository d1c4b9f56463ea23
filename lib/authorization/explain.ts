import { inWords } from '../argument-checks.js';
import type { User } from '../users/user.js';
import { type AccessPolicy, type Decision, ownRight, USERS, withoutQuery } from './access-policy.js';
import { pathOfResource, resourcesNamed } from './named-path.js';
import type { OwnEndpoint } from './own-endpoints.js';
import { isTooLong } from './paths.js';
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
  const decision = policy.decide(user, method, path);
  const { allowed, privilege, resource } = decision;
  return { allowed, privilege, resource, reason: reasonFor(policy, user, method, withoutQuery(path), decision) };
}

function reasonFor(policy: AccessPolicy, user: User, method: string, path: string, decision: Decision): string {
  const { resource, rule } = decision;
  switch (rule) {
    case 'disabled':
      return `${user.name} is disabled, and cannot log in`;
    case 'own':
      return ownRight(user, method, policy.endpoints.at(path) as OwnEndpoint) as string;
    case 'admin':
      return `${user.name} is an admin, who has every privilege`;
    case 'admin-only':
      return `only an admin manages users, and ${user.name} is not an admin`;
    default:
      return resource === undefined
        ? unreadable(path)
        : new Grounds(policy, user, method, decision, resource).inWords();
  }
}

function unreadable(path: string): string {
  return isTooLong(path)
    ? 'the path has more than 2,048 bytes, and only an admin may use it'
    : 'the path does not begin with a slash, or routers can read it in too many ways';
}

/** The permissions that decided about a resource. */
class Grounds {
  readonly #policy: AccessPolicy;
  readonly #user: User;
  readonly #method: string;
  readonly #decision: Decision;
  readonly #resource: string;

  constructor(policy: AccessPolicy, user: User, method: string, decision: Decision, resource: string) {
    this.#policy = policy;
    this.#user = user;
    this.#method = method;
    this.#decision = decision;
    this.#resource = resource;
  }

  /** `clerk opens /orders for read and write; DELETE needs delete`. */
  inWords(): string {
    const { name, permissions } = this.#user;
    const entry = this.#policy.entryFor(permissions, this.#resource);
    const shown = pathOfResource(this.#resource);
    if (entry === undefined) {
      const who = permissions.length === 0 ? `${name} has no permission` : `${name} has ${inWords(permissions)}`;
      const openers = this.#openers();
      const others = openers.length === 0 ? 'no permission' : inWords(openers, 'or');
      return `${shown} is opened by ${others}, and ${who}`;
    }
    const holders = permissions.filter((held) => this.#policy.permissions.get(held)?.has(entry.resource));
    const place = pathOfResource(entry.resource);
    const nearest = entry.resource === this.#resource ? '' : `, the nearest entry above ${shown}`;
    const words = privilegesIn(entry);
    const [open, close] = holders.length === 1 ? ['opens', 'closes'] : ['open', 'close'];
    const deed =
      words.length === 0
        ? `${inWords(holders)} ${close} ${place}${nearest}`
        : `${inWords(holders)} ${open} ${place} for ${inWords(words)}${nearest}`;
    if (this.#decision.allowed) return deed;
    const openers = words.length === 0 ? this.#openers() : [];
    const hint = openers.length === 0 ? '' : `, which ${inWords(openers, 'or')} would give`;
    return `${deed}; ${this.#method} needs ${this.#decision.privilege}${hint}`;
  }

  /** The permissions that would let the user through, if the user had one of them alone. */
  #openers(): string[] {
    const { permissions } = this.#policy;
    const opens = (privileges: ReadonlyMap<string, readonly Privilege[]>) =>
      includesPrivilege(new PrivilegeMap([privileges]).nearest(this.#resource), this.#decision.privilege);
    return [...permissions].flatMap(([name, privileges]) => (opens(privileges) ? [name] : []));
  }
}

/** The resources whose privileges differ in Kapacitor, from the widest to the most specific. */
const SHOWN: readonly string[] = ['/api', '/api/ping', '/api/write', '/api/config', USERS];
const OF_METHODS: readonly Privilege[] = ['read', 'write', 'delete'];

/** The privileges of a user on each resource that permissions tell apart: `{ '/api': ['read', 'write', 'delete'], … }`. */
export function privilegesOf(policy: AccessPolicy, user: User): Record<string, Privilege[]> {
  const held = (resource: string) => OF_METHODS.filter((privilege) => policy.hasPrivilege(user, privilege, resource));
  const own = Object.values(policy.definitions)
    .flatMap(Object.keys)
    .map((path) => resourcesNamed(path, policy.paths)[0] as string);
  return Object.fromEntries([...new Set([...SHOWN, ...own.sort()])].map((resource) => [resource, held(resource)]));
}
