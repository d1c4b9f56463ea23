import { pathOf, withoutOrigin } from '../request/host.js';

/**
 * A path that browsers and proxies may change, or read in another way than this server: with empty or dot segments, a
 * backslash, a fragment or a control character. Dots count when they are percent-encoded, too.
 */
const ODD = /^(?!\/)|\/\/|[\\#\p{Cc}]|\/(?:\.|%2e){1,2}(?:\/|$)/iu;

/**
 * The relative reference (RFC 3986, section 4.2) that leads from one path of this server to another, such as
 * `../sign-in?signed-out`. A proxy may serve `/tool/x/*` from `/*`: the browser is below a prefix that the server does not
 * know, and a reference from path to path stays below it. `Location` may be relative (RFC 9110, section 10.2.2).
 *
 * @param from the target of the request, as the client sent it. An odd one gives `to` itself, because the path of the browser
 * is not known then
 * @param to a path with its query and fragment, as `nextPath` gives it
 */
export function relativeReference(from: string, to: string): string {
  const here = pathOf(withoutOrigin(from));
  if (ODD.test(here)) return to;
  const path = to.split(/[?#]/, 1)[0] as string;
  const folders = here.split('/').slice(1, -1);
  const segments = path.split('/').slice(1);
  const differing = folders.findIndex((folder, index) => index === segments.length - 1 || folder !== segments[index]);
  const shared = differing === -1 ? folders.length : differing;
  const way = '../'.repeat(folders.length - shared) + segments.slice(shared).join('/');
  // Without `./`, an empty reference is the present path, a slash begins at the root, and a colon ends a scheme.
  const start = /^(?:$|\/|[^/]*:)/.test(way) ? './' : '';
  return `${start}${way}${to.slice(path.length)}`;
}
