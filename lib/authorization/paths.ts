import { unescape as percentDecode } from 'node:querystring';
import { withoutOrigin } from '../request/host.js';

/** Where the resources are: Kapacitor's API. */
export const API = '/api';

/** A path of no great length that every router reads alike: no change of case, no escapes, no empty, dot or parameter segments. */
const PLAIN = /^(?=.{1,200}$)(?:\/[a-z0-9_-]+)+$/;

/** Bytes. An honest path has fewer, and each reading of a longer one takes its time. */
const MAX_PATH = 2_048;

/** More readings than an honest path has. */
const MAX_READINGS = 64;

/** Paths. */
const MAX_REMEMBERED = 1_000;

const PREFIX = '/kapacitor/v1';
const PREVIEW_PREFIX = '/kapacitor/v1preview';

/** What a router, or a handler, behind the guard may do to a path before it looks at it; any of them, in any order. */
const TRANSFORMATIONS: readonly ((path: string) => string)[] = [
  // `new URL(target, base)` takes `//host/path` apart.
  (path) => path.replace(/^\/{2,}[^/?#]*/, ''),
  // A router that is mounted there sees what is below.
  (path) => belowPrefix(path),
  (path) => path.replace(/[?#].*$/s, ''),
  (path) => percentDecode(path),
  // As `unescape` of JavaScript and IIS read it; the browsers' standard and Node do not.
  (path) => path.replace(/%u([\da-f]{4})/gi, (_escape, digits) => String.fromCharCode(Number.parseInt(digits, 16))),
  (path) => path.replaceAll('\\', '/'),
  // Matrix parameters: `/config;v=1`.
  (path) => path.replace(/;[^/]*/g, ''),
  // NFKC makes a letter of another width, or another form, the plain one; capitals have fewer forms than small letters.
  (path) => path.normalize('NFKC').toUpperCase().toLowerCase(),
  (path) => path.replace(/\/{2,}/g, '/'),
  (path) => withoutDotSegments(path),
  // URL parsers drop tabs, line ends, and what is blank at the end; a string of C ends at a NUL.
  (path) => path.replace(/[\t\r\n]|(?<!\s)\s+$/g, ''),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  (path) => path.replace(/\u0000.*$/s, ''),
  (path) => path.replace(/(?<!\/)\/+$/, ''),
];

/** Reads paths, and remembers some that have only one reading: an app has few, and asks for them again and again. */
export class PathReader {
  readonly #plain = new Map<string, readonly string[]>();

  /**
   * Every resource that a router behind the guard could take a request for.
   *
   * @param whole the path as the client sent it
   * @param below the path below the mount, or as another middleware has rewritten it; the same where there is neither
   * @param base the path of the mount
   * @returns undefined when the path is too long, or can be read in more ways than an honest one can
   */
  resourcesOf(whole: string, below: string, base = ''): readonly string[] | undefined {
    if (isTooLong(whole) || isTooLong(below)) return undefined;
    if (whole !== below) {
      // Connect and Express leave the origin of a target in absolute form before what is below the mount.
      const path = withoutOrigin(below);
      return readInEveryWay([whole, below, ...mounts(base).map((mount) => mount + path)]);
    }
    const known = this.#plain.get(whole);
    if (known !== undefined) return known;
    if (!PLAIN.test(whole)) return readInEveryWay([whole]);
    const resources = toResources(whole);
    if (this.#plain.size >= MAX_REMEMBERED) this.#plain.clear();
    this.#plain.set(whole, resources);
    return resources;
  }
}

/** Tells whether a path, without its query, has more than 2 KiB: then it is not read. */
export function isTooLong(path: string): boolean {
  return path.length > MAX_PATH || (path.length > MAX_PATH / 3 && Buffer.byteLength(path) > MAX_PATH);
}

function readInEveryWay(paths: readonly string[]): string[] | undefined {
  const readings = new Set(paths.map(withoutOrigin));
  const resources = new Set<string>();
  for (const reading of readings) {
    if (reading !== '' && !/^[/\\]/.test(reading)) return undefined;
    for (const resource of toResources(reading)) resources.add(resource);
    // The loop comes to what is added during it, and so to transformations of transformations.
    for (const transform of TRANSFORMATIONS) readings.add(transform(reading));
    if (readings.size > MAX_READINGS) return undefined;
  }
  return [...resources];
}

/** Kapacitor's rule: the path without a leading `/kapacitor/v1`, under `/api`. */
function toResources(path: string): string[] {
  if (isWithin(path, PREFIX)) return [API + path.slice(PREFIX.length)];
  if (!isWithin(path, PREVIEW_PREFIX)) return [API + path];
  // Kapacitor strips the shorter prefix there as well, and answers for users under both.
  return [API + path.slice(PREVIEW_PREFIX.length), `${API}/preview${path.slice(PREVIEW_PREFIX.length)}`];
}

/** Tells whether this is `ancestor` or below it. */
export function isWithin(path: string, ancestor: string): boolean {
  return path.startsWith(ancestor) && (path.length === ancestor.length || path[ancestor.length] === '/');
}

/** What the routers between the app and this one may see of the path of the mount. */
function mounts(base: string): string[] {
  return [...base.matchAll(/\//g)].map(({ index }) => base.slice(index));
}

function belowPrefix(path: string): string {
  const prefix = [PREFIX, PREVIEW_PREFIX].find((each) => isWithin(path, each));
  return prefix === undefined ? path : path.slice(prefix.length);
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
