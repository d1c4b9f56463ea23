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
