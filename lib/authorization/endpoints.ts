/** Kapacitor's addresses of the users API. */
export const USERS_PATHS: string[] = ['/kapacitor/v1/users', '/kapacitor/v1preview/users'];

/** Where everybody finds out who they are. Ours: not below the users, where `me` may be somebody's name. */
export const ME_PATHS: string[] = ['/kapacitor/v1/me', '/kapacitor/v1preview/me'];

/** An endpoint of this package's own, which has rules of its own. */
export type OwnEndpoint =
  | { readonly kind: 'me' }
  | { readonly kind: 'users' }
  | { readonly kind: 'user'; readonly name: string };

/** As the routers read it: in absolute form as well, letters of either case, a slash at the end or none; `me` may have two. */
const PATTERN =
  /^(?:[a-z][a-z0-9+.-]*:\/\/[\w.:@[\]-]+)?\/kapacitor\/(?:v1|v1preview)\/(?:(me)\/?|users(?:\/([^/?#]+))?)\/?(?:[?#]|$)/i;

/** Which endpoint of this package's own a path leads to, if it is one. */
export function ownEndpoint(path: string): OwnEndpoint | undefined {
  const match = PATTERN.exec(path);
  if (match === null) return undefined;
  const [, me, name] = match;
  if (me !== undefined) return { kind: 'me' };
  if (name === undefined) return { kind: 'users' };
  try {
    return { kind: 'user', name: decodeURIComponent(name) };
  } catch {
    return undefined;
  }
}
