import { unescape as percentDecode } from 'node:querystring';
import { didYouMean } from '../argument-checks.js';
import { withoutOrigin } from '../request/host.js';
import { describeValue } from '../safe-text.js';
import { API, type PathReader } from './paths.js';

/**
 * The resources that a path in the configuration names, such as `/orders` in a permission. A router reads `/Caf%C3%A9` in
 * several ways, and a request needs access to each, so each is named.
 *
 * @param path one for which {@link namedPathProblem} is undefined
 */
export function resourcesNamed(path: string, paths: PathReader): readonly string[] {
  return paths.read(encoded(path))?.whole.filter((resource) => resource !== `${API}/`) ?? [];
}

/**
 * The problem of a path in the configuration, and what to write instead. Undefined if there is none. The path is one that
 * requests have, without a pattern in it, and every router reads it as the same one.
 */
export function namedPathProblem(path: string, paths: PathReader): string | undefined {
  const shown = describeValue(path);
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(path)) {
    // It is not repeated: it may hold a password.
    const rest = withoutOrigin(path).replace(/[?#].*$/s, '') || undefined;
    return `a URL is not a path${didYouMean(rest && describeValue(rest))}`;
  }
  if (!path.startsWith('/')) return `${shown} must begin with a slash${didYouMean(describeValue(`/${path}`))}`;
  const pattern = PATTERN.exec(path);
  if (pattern !== null) {
    const above = path.slice(0, pattern.index) || '/';
    return `${shown} is a pattern, and a path has none: everything below is included${didYouMean(describeValue(above))}`;
  }
  if (/[?#]/.test(path)) {
    return `${shown} has a query, and a path has none${didYouMean(describeValue(path.replace(/[?#].*$/s, '')))}`;
  }
  const [first, ...others] = resourcesNamed(path, paths);
  if (first === undefined) return `routers can read ${shown} in too many ways: write a plain path`;
  const other = others.filter((resource) => canonical(resource) !== canonical(first)).at(-1);
  if (other === undefined) return undefined;
  const meant = [first, other].map(pathOfResource).find((each) => isReadAlike(each, paths));
  return `${shown} can be read as ${describeValue(pathOfResource(other))}${didYouMean(meant && describeValue(meant))}`;
}

/** A pattern in a segment: `:id`, `*`, and the placeholders `{id}`, `[id]` and `<id>`. */
const PATTERN = /\/[^/]*(?:(?<=\/):|[*{}[\]<>])/;

function isReadAlike(path: string, paths: PathReader): boolean {
  return new Set(resourcesNamed(path, paths).map(canonical)).size === 1;
}

/** The path of a resource: `/orders` for `/api/orders`. */
export function pathOfResource(resource: string): string {
  return resource.slice(API.length) || '/';
}

/** The path as a request has it: `/caf%C3%A9`. What is encoded already stays. */
function encoded(path: string): string {
  return encodeURI(path.toWellFormed()).replace(/%25(?=[\da-f]{2})/gi, '%');
}

/** The same for spellings of one path: with the number of segments, because an escape may hide a slash. */
function canonical(resource: string): string {
  const decoded = percentDecode(resource).normalize('NFKC').toUpperCase().toLowerCase();
  return `${resource.split('/').length} ${decoded}`;
}
