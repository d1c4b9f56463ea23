/** Characters. A longer path is not worth a header that servers refuse. */
const LONGEST = 2_048;

/** A host that no browser reaches. */
const HERE = 'http://here.invalid';

/**
 * The place on this host that a sign-in leads to: a path with its query and fragment, as a browser reads it. Anything else,
 * such as `//evil.example`, `/\evil.example` or a URL, becomes `/`.
 *
 * @param given what a client sent
 */
export function nextPath(given: unknown): string {
  // A browser takes a backslash for a slash, and leaves out tabs and line ends.
  if (typeof given !== 'string' || given.length > LONGEST || !/^\/(?!\/)[^\\\p{Cc}]*$/u.test(given)) return '/';
  if (!URL.canParse(given, HERE)) return '/';
  const { origin, pathname, search, hash } = new URL(given, HERE);
  // Dot segments are gone now, and may have left two slashes at the beginning.
  const path = `${pathname}${search}${hash}`;
  return origin !== HERE || path.startsWith('//') || path.length > LONGEST ? '/' : path;
}

/**
 * The path of an endpoint of this package, on this host. A mount at a pattern takes its path from the client, who may have
 * sent `//evil.example`: then the path is `/`.
 *
 * @param mount the path of the mount; empty for the root
 * @param apiPath see {@link ResolvedConfig}
 */
export function endpointPath(mount: string, apiPath: string, endpoint: string): string {
  return nextPath(`${mount}${apiPath}/${endpoint}`);
}
