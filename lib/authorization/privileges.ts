/** A right on a resource. A request needs the privilege of its method. Methods without one need `all`. */
export type Privilege = 'read' | 'write' | 'delete' | 'all';

export const PRIVILEGES: readonly Privilege[] = ['read', 'write', 'delete', 'all'];

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

/** A method: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 */
export const METHOD_TOKEN: RegExp = /^[!#$%&'*+.^_`|~\w-]+$/;

/** The privilege that a request with this method needs. */
export function privilegeFor(method: string): Privilege {
  return BY_METHOD.get(method) ?? 'all';
}

/** Whether the method has a privilege of its own. Methods are case-sensitive. */
export function isKnownMethod(method: string): boolean {
  return BY_METHOD.has(method);
}

export function isPrivilege(value: unknown): value is Privilege {
  return PRIVILEGES.includes(value as Privilege);
}
