import { AccessPolicy } from '../authorization/access-policy.js';
import { namedPathProblem } from '../authorization/named-path.js';
import type { ResolvedPermissions } from '../authorization/permission-definitions.js';
import { isPrivilege } from '../authorization/privileges.js';
import { isPermission, isPermissionName, PermissionNames } from '../users/permissions.js';
import type { ApiClient } from './api-client.js';

/** Who may do what at a place, as far as it is known here. */
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

/** The rules of a server. A real Kapacitor and an older server do not tell their definitions. */
export async function readAccessRules(client: ApiClient): Promise<AccessRules> {
  const answer = await client.read('/permissions');
  const { apiPath } = client;
  const kapacitors = new AccessPolicy({ permissions: {}, apiPath });
  const { permissions } = Object(answer) as { readonly permissions?: unknown };
  if (!isDefinitions(permissions, kapacitors)) return { policy: kapacitors, isKnown: false };
  return { policy: new AccessPolicy({ permissions, apiPath }), isKnown: true };
}

function isDefinitions(value: unknown, { paths }: AccessPolicy): value is ResolvedPermissions {
  const isDefinition = (definition: unknown) =>
    isObject(definition) &&
    Object.entries(definition).every(
      ([path, privileges]) =>
        namedPathProblem(path, paths) === undefined && Array.isArray(privileges) && privileges.every(isPrivilege),
    );
  const isName = (name: string) => isPermissionName(name) && !isPermission(name);
  return isObject(value) && Object.entries(value).every(([name, each]) => isName(name) && isDefinition(each));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
