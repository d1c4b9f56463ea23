import { unescape as percentDecode } from 'node:querystring';
import { withoutOrigin } from '../request/host.js';
import { detached } from '../safe-text.js';
import { DEFAULT_API_PATH, prefixesOf } from './own-endpoints.js';

/** The root of the resources: Kapacitor's API. The resource of `/orders` is `/api/orders`. */
export const API = '/api';

/** The resource of the users. Only an admin changes it. */
export const USERS = '/api/users';

/** A short path that every router reads alike: lower case, and no escapes, no empty, dot or parameter segments. */
const PLAIN = /^(?:\/[a-z0-9_-]+)+$/;

/** Characters. A longer path is not remembered. */
const MAX_PLAIN = 200;

/** Bytes. Reading a longer path would take too much time. */
const MAX_PATH = 2_048;

/** A path that is meant honestly has fewer readings. */
const MAX_READINGS = 64;

/** The number of plain paths to remember. */
const MAX_REMEMBERED = 1_000;

/** The changes that a router or a handler behind the guard may make to a path before it uses it, in any order. */
const TRANSFORMATIONS: readonly ((path: string) => string)[] = [
  // `new URL(target, base)` takes `//host/path` apart.
  (path) => path.replace(/^\/{2,}[^/?#]*/, ''),
  (path) => path.replace(/[?#].*$/s, ''),
  (path) => percentDecode(path),
  // JavaScript's `unescape` and IIS decode these. The URL standard and Node do not.
  (path) => path.replace(/%u([\da-f]{4})/gi, (_escape, digits) => String.fromCharCode(Number.parseInt(digits, 16))),
  (path) => path.replaceAll('\\', '/'),
  // Matrix parameters: `/config;v=1`.
  (path) => path.replace(/;[^/]*/g, ''),
  // NFKC replaces letters of another width or form. Capitals have fewer forms than small letters.
  (path) => path.normalize('NFKC').toUpperCase().toLowerCase(),
  (path) => path.replace(/\/{2,}/g, '/'),
  (path) => withoutDotSegments(path),
  // URL parsers drop tabs, line ends and trailing blanks. A string in C ends at a NUL.
  (path) => path.replace(/[\t\r\n]|(?<!\s)\s+$/g, ''),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression looks for it
  (path) => path.replace(/\u0000.*$/s, ''),
  (path) => path.replace(/(?<!\/)\/+$/, ''),
];

/** Every resource that a router behind the guard could read from a path. */
export interface Readings {
  /** The readings of the path as the client sent it. */
  readonly whole: readonly string[];
  /** The further readings below the mount, or below Kapacitor's prefix where the API is at another path. */
  readonly below: readonly string[];
  /** Whether the path has this same object at each request. Defaults to false. */
  readonly isKept?: boolean;
}

const NOTHING_BELOW: readonly string[] = [];

/** Reads paths. It remembers the first plain paths, because an app asks for the same few again and again. */
export class PathReader {
  readonly #plain = new Map<string, Readings>();
  readonly #prefixes: readonly string[];
  readonly #kapacitor: readonly string[];
  readonly #transformations: readonly ((path: string) => string)[];

  /** @param apiPath the prefix that is left out of resources */
  constructor(apiPath: string = DEFAULT_API_PATH) {
    this.#prefixes = prefixesOf(apiPath);
    this.#kapacitor = prefixesOfKapacitor(apiPath);
    // A router that is mounted at a prefix sees the rest of the path.
    this.#transformations = [(path) => this.#belowPrefix(path), ...TRANSFORMATIONS];
  }

  /**
   * Reads a path in every way.
   *
   * @param whole the path as the client sent it
   * @param below the path below the mount, or after another middleware rewrote it; the same as `whole` without either
   * @param base the path of the mount
   * @returns undefined if the path is too long, or has more than 64 readings
   */
  read(whole: string, below: string = whole, base = ''): Readings | undefined {
    if (isTooLong(whole) || isTooLong(below)) return undefined;
    if (whole !== below) return this.#readMounted(whole, below, base);
    const known = this.#plain.get(whole);
    if (known !== undefined) return known;
    if (whole.length > MAX_PLAIN || !PLAIN.test(whole)) {
      const resources = this.#readInEveryWay([whole]);
      return resources && { whole: resources, below: this.#belowKapacitor(resources) };
    }
    // The query beside it may hold a password.
    const path = detached(whole);
    const resources = this.#toResources(path);
    const readings = { whole: resources, below: this.#belowKapacitor(resources) };
    if (this.#plain.size >= MAX_REMEMBERED) return readings;
    const kept = { ...readings, isKept: true };
    this.#plain.set(path, kept);
    return kept;
  }

  #readMounted(whole: string, below: string, base: string): Readings | undefined {
    // Connect and Express keep the origin of a target in absolute form before the path below the mount.
    const path = withoutOrigin(below);
    const ofWhole = this.#readInEveryWay([whole]);
    const ofAll = this.#readInEveryWay([whole, below, ...mounts(base).map((mount) => mount + path)]);
    if (ofWhole === undefined || ofAll === undefined) return undefined;
    const others = [...ofAll, ...this.#belowKapacitor(ofAll)].filter((resource) => !ofWhole.includes(resource));
    return { whole: ofWhole, below: others };
  }

  #readInEveryWay(paths: readonly string[]): string[] | undefined {
    const readings = new Set(paths.map(withoutOrigin));
    const resources = new Set<string>();
    for (const reading of readings) {
      if (reading !== '' && !/^[/\\]/.test(reading)) return undefined;
      for (const resource of this.#toResources(reading)) resources.add(resource);
      // The loop also visits readings that are added meanwhile, so transformations combine.
      for (const transform of this.#transformations) readings.add(transform(reading));
      if (readings.size > MAX_READINGS) return undefined;
    }
    return [...resources];
  }

  /** Kapacitor's rule: the path without a leading `/kapacitor/v1`, under `/api`. */
  #toResources(path: string): string[] {
    const [prefix = '', preview] = this.#prefixes;
    if (isWithin(path, prefix)) return [API + path.slice(prefix.length)];
    if (preview === undefined || !isWithin(path, preview)) return [API + path];
    // Kapacitor strips the shorter prefix from these paths as well, and serves the users under both prefixes.
    return [API + path.slice(preview.length), `${API}/preview${path.slice(preview.length)}`];
  }

  /**
   * The resources that Kapacitor itself sees. A gateway passes `/kapacitor/v1/config` on wherever the API of this package is,
   * and `api` must not open that.
   */
  #belowKapacitor(resources: readonly string[]): readonly string[] {
    if (this.#kapacitor.length === 0) return NOTHING_BELOW;
    return this.#kapacitor.flatMap((prefix) =>
      resources.filter((each) => isWithin(each, prefix)).map((each) => API + each.slice(prefix.length)),
    );
  }

  #belowPrefix(path: string): string {
    const prefix = this.#prefixes.find((each) => isWithin(path, each));
    return prefix === undefined ? path : path.slice(prefix.length);
  }
}

/** Whether a path without its query has more than 2 KiB. Such a path is not read. */
export function isTooLong(path: string): boolean {
  return path.length > MAX_PATH || (path.length > MAX_PATH / 3 && Buffer.byteLength(path) > MAX_PATH);
}

/** Whether `path` is `ancestor` or below it. */
export function isWithin(path: string, ancestor: string): boolean {
  return path.startsWith(ancestor) && (path.length === ancestor.length || path[ancestor.length] === '/');
}

/** The prefixes of Kapacitor's own API as resources have them, where the API of this package is at another path. */
function prefixesOfKapacitor(apiPath: string): readonly string[] {
  return prefixesOf(DEFAULT_API_PATH)
    .filter((prefix) => apiPath !== DEFAULT_API_PATH && apiPath !== prefix)
    .map((prefix) => API + (isWithin(prefix, apiPath) ? prefix.slice(apiPath.length) : prefix));
}

/** The parts of the mount's path that the routers between the app and this one may see. */
function mounts(base: string): string[] {
  return [...base.matchAll(/\//g)].map(({ index }) => base.slice(index));
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
