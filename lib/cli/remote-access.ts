import { isPrivilege, type Privilege } from '../authorization/privileges.js';
import { oneLine, printable } from '../safe-text.js';
import type { ApiClient } from './api-client.js';

/** A question about a request of a user. */
export interface AskedAccess {
  readonly name: string;
  readonly method: string;
  readonly path: string;
}

/** The answer to it. */
export interface ToldAccess {
  readonly allowed: boolean;
  readonly privilege: Privilege;
  readonly resource: string | null;
  readonly reason: string;
}

/** Asks a server whether a user may make a request. Undefined: it cannot tell, or does not tell the user who asks. */
export async function askAccess(
  client: ApiClient,
  { name, method, path }: AskedAccess,
): Promise<ToldAccess | undefined> {
  const query = new URLSearchParams({ method, path });
  const answer = await client.read(`/users/${encodeURIComponent(name)}/access?${query}`);
  const { allowed, privilege, resource = null, reason } = Object(answer) as Readonly<Record<string, unknown>>;
  const isResource = resource === null || typeof resource === 'string';
  if (typeof allowed !== 'boolean' || typeof privilege !== 'string' || !isPrivilege(privilege)) return undefined;
  if (typeof reason !== 'string' || !isResource) return undefined;
  return { allowed, privilege, resource, reason: printable(oneLine(reason)) };
}
