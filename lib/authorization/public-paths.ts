import { resourcesNamed } from './named-path.js';
import { isWithin, type PathReader, type Readings, USERS } from './paths.js';

/** An entry of `http.public`: a path with everything below it, and the method that it is public for. */
interface PublicEntry {
  /** Undefined: every method. */
  readonly method: string | undefined;
  readonly path: string;
}

/** Reads `/health` or `GET /status`. */
export function parsePublicEntry(entry: string): PublicEntry {
  const [, method, path = entry] = /^([^\s/]+) (\/.*)$/s.exec(entry) ?? [];
  return { method, path };
}

interface PublicPath extends Pick<PublicEntry, 'method'> {
  readonly resources: readonly string[];
}

/** The paths that need no credentials. */
export class PublicPaths {
  readonly #isNamed: (resource: string) => boolean;
  readonly #entries: readonly PublicPath[];

  /**
   * @param entries `/health`, or `GET /status` for one method
   * @param isNamed whether any permission names a resource
   */
  constructor(entries: readonly string[], paths: PathReader, isNamed: (resource: string) => boolean) {
    this.#isNamed = isNamed;
    this.#entries = entries.map((entry) => {
      const { method, path } = parsePublicEntry(entry);
      return { method, resources: resourcesNamed(path, paths) };
    });
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /**
   * Whether a request needs no credentials: every reading of its path is at or below a public one. The users are never public.
   *
   * A reading below a mount can only close a request, and only where it is named: by a permission of any user, or by an entry
   * for another method. It opens nothing: `/x/health` is not public because `/health` is.
   *
   * @param readings undefined for a path that cannot be read, which is not public
   */
  includes(method: string, readings: Readings | undefined): boolean {
    if (readings === undefined || this.isEmpty) return false;
    const { whole, below } = readings;
    const isOpen = (resource: string) => !isWithin(resource, USERS) && this.#isListed(resource, method);
    const isNamed = (resource: string) =>
      isWithin(resource, USERS) || this.#isNamed(resource) || this.#isListed(resource);
    return whole.every(isOpen) && below.every((resource) => !isNamed(resource) || isOpen(resource));
  }

  /** @param method undefined for any */
  #isListed(resource: string, method?: string): boolean {
    return this.#entries.some(
      (entry) =>
        (method === undefined || entry.method === undefined || isFor(entry.method, method)) &&
        entry.resources.some((ancestor) => isWithin(resource, ancestor)),
    );
  }
}

/** Express runs the handlers of GET for HEAD. */
function isFor(listed: string, method: string): boolean {
  return listed === method || (listed === 'GET' && method === 'HEAD');
}
