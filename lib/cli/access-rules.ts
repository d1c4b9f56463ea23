import { isPlainObject } from '../argument-checks.js';
import { AccessPolicy } from '../authorization/access-policy.js';
import type { PathReader } from '../authorization/paths.js';
import type { ResolvedPermissions } from '../authorization/permission-definitions.js';
import { type Definition, definitionFaults, toDefinition } from '../config/definition.js';
import { isPermission, isPermissionName, PermissionNames } from '../users/permissions.js';
import type { ApiClient } from './api-client.js';

/** The rules of a store or a server about who may do what, as far as they are known here. */
export interface AccessRules {
  readonly policy: AccessPolicy;
  /** Whether the definitions of the app's own permissions are known. If not, the policy has Kapacitor's permissions only. */
  readonly isKnown: boolean;
}

/** Takes any name, where the definitions are not known: the app may define its permissions in code. */
export class AnyPermissionName extends PermissionNames {
  override has(name: string): boolean {
    return isPermissionName(name);
  }
}

/** The permissions that are certainly not defined. */
export function undefinedIn({ policy, isKnown }: AccessRules, permissions: readonly string[]): string[] {
  return isKnown ? permissions.filter((name) => !policy.permissions.has(name)) : [];
}

/** Reads the rules of a server. A real Kapacitor and an older server do not show their definitions. */
export async function readAccessRules(client: ApiClient): Promise<AccessRules> {
  const answer = await client.read('/permissions');
  const { apiPath } = client;
  const kapacitors = new AccessPolicy({ permissions: {}, apiPath });
  const permissions = definitionsIn(answer, kapacitors.paths);
  if (permissions === undefined) return { policy: kapacitors, isKnown: false };
  return { policy: new AccessPolicy({ permissions, apiPath }), isKnown: true };
}

/** The definitions in the answer of a server. Undefined if it is another answer. */
function definitionsIn(answer: unknown, paths: PathReader): ResolvedPermissions | undefined {
  const { permissions } = Object(answer) as { readonly permissions?: unknown };
  if (!isPlainObject(permissions)) return undefined;
  const entries = Object.entries(permissions);
  const isDefinition = ([name, value]: readonly [string, unknown]) =>
    isPermissionName(name) && !isPermission(name) && definitionFaults(value, paths).length === 0;
  if (!entries.every(isDefinition)) return undefined;
  return Object.fromEntries(entries.map(([name, value]) => [name, toDefinition(value as Definition)]));
}
