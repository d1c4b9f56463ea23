import { unescape as percentDecode } from 'node:querystring';

/** Where the resources are: Kapacitor's API. */
export const API = '/api';

/** A path that every router reads alike: no change of case, no escapes, no empty, dot or parameter segments. */
const PLAIN = /^(?:\/[a-z0-9_-]+)+$/;

/** More readings than an honest path has. */
const MAX_READINGS = 64;

const FULL_PREFIX = '/kapacitor/v1';
const PREVIEW_PREFIX = '/kapacitor/v1preview';

/** What a router, or a handler, behind the guard may do to a path before it looks at it; any of them, in any order. */
const TRANSFORMATIONS: readonly ((path: string) => string)[] = [
  // `new URL(target, base)` takes `http://host/path`, `//host/path` and `http:/path` apart.
  (path) => path.replace(/^[a-z][a-z0-9+.-]*:/i, ''),
  (path) => path.replace(/^\/\/[^/?#]*/, ''),
  (path) => path.replace(/[?#].*$/s, ''),
  (path) => percentDecode(path),
  (path) => path.replaceAll('\\', '/'),
  // Matrix parameters: `/config;v=1`.
  (path) => path.replace(/;[^/]*/g, ''),
  // NFKC makes a letter of another width, or another form, the plain one; capitals have fewer forms than small letters.
  (path) => path.normalize('NFKC').toUpperCase().toLowerCase(),
  (path) => path.replace(/\/{2,}/g, '/'),
  (path) => withoutDotSegments(path),
  // URL parsers drop tabs, line ends, and what is blank at the end; a string of C ends at a NUL.
  (path) => path.replace(/[\t\r\n]|\s+$/g, ''),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  (path) => path.replace(/\u0000.*$/s, ''),
  (path) => (path.startsWith('/') ? path : `/${path}`),
  (path) => path.replace(/\/+$/, ''),
];

/**
 * Every resource that a router behind the guard could take these paths for.
 *
 * @param paths of one request: the whole path, and the path below the mount where there is one
 * @returns undefined when they can be read in more ways than an honest path can
 */
export function resourcesOf(paths: readonly string[]): ReadonlySet<string> | undefined {
  const resources = new Set<string>();
  const readings = new Set(paths);
  for (const reading of readings) {
    for (const resource of toResources(reading)) resources.add(resource);
    if (PLAIN.test(reading)) continue;
    // A set's loop comes to what is added during it, so that transformations of transformations are read as well.
    for (const transform of TRANSFORMATIONS) readings.add(transform(reading));
    if (readings.size > MAX_READINGS) return undefined;
  }
  return resources;
}

/** Kapacitor's rule: the path without a leading `/kapacitor/v1`, under `/api`. */
function toResources(path: string): string[] {
  for (const prefix of [PREVIEW_PREFIX, FULL_PREFIX]) {
    if (isWithin(path, prefix)) {
      const resource = API + path.slice(prefix.length);
      // Kapacitor strips the shorter prefix there as well, and answers for users under both.
      return prefix === PREVIEW_PREFIX ? [resource, `${API}/preview${path.slice(prefix.length)}`] : [resource];
    }
  }
  return [API + path];
}

/** Tells whether this is `ancestor` or below it. */
export function isWithin(path: string, ancestor: string): boolean {
  return path.startsWith(ancestor) && (path.length === ancestor.length || path[ancestor.length] === '/');
}

function withoutDotSegments(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') {
      if (segments.length > 1) segments.pop();
    } else if (segment !== '.') {
      segments.push(segment);
    }
  }
  return segments.join('/') || '/';
}
