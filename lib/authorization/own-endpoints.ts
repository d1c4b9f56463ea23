import { detached } from '../safe-text.js';

/** The place of the users API in Kapacitor, and here unless `http.apiPath` names another. */
export const DEFAULT_API_PATH = '/kapacitor/v1';

/** Kapacitor serves its API under this prefix as well. */
const PREVIEW_API_PATH = '/kapacitor/v1preview';

/** The endpoints of this package but those of users, by the last segment of their paths. */
const NAMES = ['me', 'permissions', 'audit', 'check', 'openapi.json'] as const;

/** The endpoints with which somebody signs in and out. They are there with `http.sessions`, and need no credentials. */
const SIGN_IN_NAMES = ['session', 'sign-in', 'sign-out'] as const;

/** The page for the people who manage users. It is there with `http.usersPage`. */
const PAGE = 'admin';

type Name = (typeof NAMES)[number] | SignInEndpoint | typeof PAGE;

export type SignInEndpoint = (typeof SIGN_IN_NAMES)[number];

/** An endpoint of this package, which has rules of its own. */
export type OwnEndpoint =
  | { readonly kind: Name | 'users' }
  | { readonly kind: 'user' | PartOfUser; readonly name: string };

/** The resources below a user. */
type PartOfUser = 'access' | 'keys' | 'sessions';

/** Each path of an own endpoint contains this. Most requests do not, and need no router. */
const HINT = new RegExp(String.raw`users|\/(?:${anyOf([...NAMES, ...SIGN_IN_NAMES, PAGE])})(?:[/?#]|$)`, 'i');

/** The number of paths to remember, and the characters of the longest. */
const MAX_REMEMBERED = 1_000;
const MAX_PATH = 200;

/**
 * The prefixes of an API at this path. Users are linked below the first one.
 *
 * @param apiPath such as `/kapacitor/v1`, or empty for the root
 */
export function prefixesOf(apiPath: string): readonly string[] {
  return apiPath === DEFAULT_API_PATH ? [apiPath, PREVIEW_API_PATH] : [apiPath];
}

/** The paths of the endpoints of this package, below the API's path. */
export class OwnEndpoints {
  readonly #prefixes: readonly string[];
  readonly #pattern: RegExp;
  /** The first paths that {@link mayBe} was asked about and that are not those of an own endpoint. */
  readonly #others = new Set<string>();

  /**
   * @param hasSessions whether somebody can sign in. If not, the app may have endpoints of these names itself
   * @param hasPage whether there is the page for users. If not, the app may have an endpoint of this name itself
   */
  constructor(apiPath: string = DEFAULT_API_PATH, hasSessions = false, hasPage = false) {
    this.#prefixes = prefixesOf(apiPath);
    const names = [...NAMES, ...(hasSessions ? SIGN_IN_NAMES : []), ...(hasPage ? [PAGE] : [])];
    // A target that the routers take for an own endpoint: in absolute form or not, in letters of either case, with a slash
    // at the end or without. All but the users may have two slashes.
    this.#pattern = new RegExp(
      String.raw`^(?:[a-z][a-z0-9+.-]*:\/\/[\w.:@[\]-]+)?(?:${anyOf(this.#prefixes)})\/(?:(${anyOf(names)})\/?|users(?:\/([^/?#]+)(?:\/(?:(access)|(keys|sessions)(?:\/[^/?#]+)?))?)?)\/?(?:[?#]|$)`,
      'i',
    );
  }

  /**
   * The paths of an endpoint, for a router. `me` is not below the users, because a user's name may be `me`.
   */
  paths(name: 'users' | Name): string[] {
    return this.#prefixes.map((prefix) => `${prefix}/${name}`);
  }

  /**
   * Whether a path may lead to an own endpoint. If not, no router is asked, and the guard decides.
   *
   * @param path without the query, which may hold a password
   */
  mayBe(path: string): boolean {
    if (this.#others.has(path)) return false;
    if (HINT.test(path)) return true;
    if (path.length <= MAX_PATH && this.#others.size < MAX_REMEMBERED) this.#others.add(detached(path));
    return false;
  }

  /** The own endpoint that a path leads to, or undefined. */
  at(path: string): OwnEndpoint | undefined {
    const match = HINT.test(path) ? this.#pattern.exec(path) : null;
    if (match === null) return undefined;
    const [, fixed, name, access, secrets] = match;
    if (fixed !== undefined) return { kind: fixed.toLowerCase() as Name };
    if (name === undefined) return { kind: 'users' };
    try {
      const kind = (access ?? secrets ?? 'user').toLowerCase() as 'user' | PartOfUser;
      return { kind, name: detached(decodeURIComponent(name)) };
    } catch {
      return undefined;
    }
  }
}

/** Whether somebody signs in or out at this endpoint. Nobody needs credentials for it. */
export function isSignIn(endpoint: OwnEndpoint | undefined): endpoint is { readonly kind: SignInEndpoint } {
  return SIGN_IN_NAMES.some((name) => name === endpoint?.kind);
}

/** The second prefix before the users, at the end of a mount. */
const PREVIEW_USERS = /\/v1preview(?=\/users$)/i;

/**
 * The path of the users in links, for a users router that is mounted at this path. Kapacitor gives the same links under
 * both of its prefixes.
 */
export function usersLink(mount: string): string {
  return mount.replace(PREVIEW_USERS, '/v1');
}

/** The path of the users in links, for a router of `me` that is mounted at this path. */
export function usersLinkBesideMe(mount: string): string {
  return usersLink(mount.replace(/me$/i, 'users'));
}

function anyOf(texts: readonly string[]): string {
  return texts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
}
