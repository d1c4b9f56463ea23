import type { PathReader, Readings } from '../authorization/paths.js';
import { type HostRequest, isRewritten, mountOf, pathOf, wholePathOf } from '../request/host.js';

/** Every reading of a request's path. Undefined for a path that cannot be read. */
export function readingsOf(paths: PathReader, req: HostRequest): Readings | undefined {
  const readings = paths.read(wholePathOf(req), pathOf(req.url ?? ''), mountOf(req));
  if (readings === undefined || !isRewritten(req)) return readings;
  // The routers behind the guard see the new path alone, so it counts as much as the client's.
  return { whole: [...readings.whole, ...readings.below], below: [] };
}
