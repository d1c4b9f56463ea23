import { AccessPolicy } from '../../lib/authorization/access-policy.js';
import { DEFAULT_API_PATH } from '../../lib/authorization/own-endpoints.js';
import type { ResolvedPermissions } from '../../lib/authorization/permission-definitions.js';

/** The rules of an app with these permissions of its own. */
export function policyWith(
  permissions: ResolvedPermissions = {},
  apiPath: string = DEFAULT_API_PATH,
  publicPaths: readonly string[] = [],
): AccessPolicy {
  return new AccessPolicy({ permissions, apiPath, publicPaths });
}

/** The rules of an app that has Kapacitor's permissions alone. */
export const KAPACITORS: AccessPolicy = policyWith();
