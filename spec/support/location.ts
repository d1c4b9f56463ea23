import type { IncomingHttpHeaders } from 'node:http';

const HERE = 'http://here.example';

/**
 * The place that the `Location` of an answer leads a browser to: a path with its query and fragment, or the whole URL on another
 * host. Undefined without a `Location`.
 *
 * @param target the target of the request
 */
export function destinationOf(target: string, { location }: IncomingHttpHeaders): string | undefined {
  if (location === undefined) return undefined;
  const { origin, href } = new URL(location, target.startsWith('/') ? `${HERE}${target}` : target);
  return origin === HERE ? href.slice(origin.length) : href;
}
