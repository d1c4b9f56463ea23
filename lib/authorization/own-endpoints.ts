/** The prefixes of Kapacitor's API. The first one is in the links of users. */
export const API_PREFIXES = ['/kapacitor/v1', '/kapacitor/v1preview'] as const;

/** The paths of the users API, as in Kapacitor. */
export const USERS_PATHS: string[] = API_PREFIXES.map((prefix) => `${prefix}/users`);

/** The paths at which users find out who they are. Not below the users, because a user's name may be `me`. */
export const ME_PATHS: string[] = API_PREFIXES.map((prefix) => `${prefix}/me`);

/** An endpoint of this package, which has rules of its own. */
export type OwnEndpoint =
  | { readonly kind: 'me' }
  | { readonly kind: 'users' }
  | { readonly kind: 'user'; readonly name: string };

/**
 * A target that the routers take for an own endpoint: in absolute form or not, in letters of either case, with a slash at
 * the end or without. `me` may have two slashes.
 */
const PATTERN = new RegExp(
  String.raw`^(?:[a-z][a-z0-9+.-]*:\/\/[\w.:@[\]-]+)?(?:${API_PREFIXES.join('|')})\/(?:(me)\/?|users(?:\/([^/?#]+))?)\/?(?:[?#]|$)`,
  'i',
);

/** Each target of an own endpoint contains this. Most requests do not, and need no router. */
const HINT = /users|\/me(?:[/?#]|$)/i;

/** Whether a request may be for an own endpoint. If not, no router is asked, and the guard decides. */
export function mayBeOwn(target: string): boolean {
  return HINT.test(target);
}

/** The own endpoint that a path leads to, or undefined. */
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

/** The last segments of the prefixes, as in `/v1`. */
const [VERSION, PREVIEW_VERSION] = API_PREFIXES.map((prefix) => prefix.slice(prefix.lastIndexOf('/'))) as [
  string,
  string,
];

/** The second prefix before the users, at the end of a mount. */
const PREVIEW_USERS = new RegExp(`${PREVIEW_VERSION}(?=/users$)`, 'i');

/**
 * The path of the users in links, for a users router that is mounted at this path. Kapacitor gives the same links under
 * both of its prefixes.
 */
export function usersLink(mount: string): string {
  return mount.replace(PREVIEW_USERS, VERSION);
}

/** The path of the users in links, for a router of `me` that is mounted at this path. */
export function usersLinkBesideMe(mount: string): string {
  return usersLink(mount.replace(/me$/i, 'users'));
}
