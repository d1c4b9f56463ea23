import type { PathReader, Readings } from '../authorization/paths.js';
import { type HostRequest, isRewritten, mountOf, pathOf, wholePathOf } from '../request/host.js';

/** Every reading of a request's path. Undefined for a path that cannot be read. */
export function readingsOf(paths: PathReader, req: HostRequest): Readings | undefined {
  const { originalUrl, url = '' } = req;
  // Most requests are neither below a mount nor rewritten, and have no other path.
  if (originalUrl === undefined || originalUrl === url) return paths.read(pathOf(url));
  const readings = paths.read(wholePathOf(req), pathOf(url), mountOf(req));
  if (readings === undefined || !isRewritten(req)) return readings;
  // The routers behind the guard see the new path alone, so it counts as much as the client's.
  return { whole: [...readings.whole, ...readings.below], below: [] };
}
