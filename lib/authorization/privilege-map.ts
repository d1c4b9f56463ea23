import { PRIVILEGES, type Privilege } from './privileges.js';

/** The privileges that a permission gives on resources. An empty list gives none, and ends the search at that resource. */
export type ResourcePrivileges = ReadonlyMap<string, readonly Privilege[]>;

/** A set of privileges, as bits. */
type PrivilegeSet = number;

const BITS: Readonly<Record<Privilege, PrivilegeSet>> = { read: 1, write: 2, delete: 4, all: 8 };
/** `all` contains the other three. They are not `all`, which methods that nobody knows need. */
const EVERYTHING: PrivilegeSet = 15;

/** The privileges on a resource and everything below it. */
export interface Entry {
  readonly resource: string;
  readonly privileges: PrivilegeSet;
}

/**
 * Privileges on a tree of resources. On one resource, the privileges of several permissions add up. The nearest ancestor of a
 * resource that has an entry decides, the resource itself included, as in Kapacitor.
 */
export class PrivilegeMap {
  readonly #entries = new Map<string, Entry>();
  /** Segments of the longest resource with an entry. No path is searched below, however long it is. */
  readonly #depth: number = 0;
  /** The privileges that all resources of a path are known to have. */
  readonly #known = new WeakMap<object, PrivilegeSet>();

  constructor(permissions: Iterable<ResourcePrivileges>) {
    for (const permission of permissions) {
      for (const [resource, listed] of permission) {
        const before = this.#entries.get(resource)?.privileges ?? 0;
        this.#entries.set(resource, { resource, privileges: before | toSet(listed) });
        this.#depth = Math.max(this.#depth, resource.split('/').length - 1);
      }
    }
  }

  /** Whether {@link opens} was called for these resources, which never change. */
  isKnownToOpen(resources: object, privilege: Privilege): boolean {
    const known = this.#known.get(resources);
    return known !== undefined && (known & BITS[privilege]) !== 0;
  }

  /** Remembers that a user with these permissions has a privilege on each of the resources. */
  opens(resources: object, privilege: Privilege): void {
    this.#known.set(resources, (this.#known.get(resources) ?? 0) | BITS[privilege]);
  }

  /** The entry that decides about a resource such as `/api/orders/1`. */
  nearest(resource: string): Entry | undefined {
    let found: Entry | undefined;
    let end = 0;
    for (let depth = 0; depth < this.#depth && end !== -1; depth += 1) {
      end = resource.indexOf('/', end + 1);
      found = this.#entries.get(end === -1 ? resource : resource.slice(0, end)) ?? found;
    }
    return found;
  }
}

export function includesPrivilege(entry: Entry | undefined, privilege: Privilege): boolean {
  return entry !== undefined && (entry.privileges & BITS[privilege]) !== 0;
}

/** The privileges of an entry, or `all` alone. */
export function privilegesIn({ privileges }: Entry): Privilege[] {
  return privileges === EVERYTHING ? ['all'] : PRIVILEGES.filter((privilege) => (privileges & BITS[privilege]) !== 0);
}

function toSet(listed: readonly Privilege[]): PrivilegeSet {
  return listed.reduce((set, privilege) => set | (privilege === 'all' ? EVERYTHING : BITS[privilege]), 0);
}
