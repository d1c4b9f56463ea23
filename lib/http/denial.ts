import type { Denied } from '../audit/events.js';
import { contextOf } from '../audit/request-context.js';
import { shownPath } from '../audit/shown-path.js';
import type { HostRequest } from '../host.js';
import type { User } from '../users/user.js';
import { wholePathOf } from './request-path.js';

/** What the event `denied` tells of a request. */
export function denialOf(
  req: HostRequest,
  user: User | undefined,
  status: Denied['status'],
  reason: string,
): Omit<Denied, 'time'> {
  // The answer repeats the path as it was sent, which may hold a password, and thousands of characters.
  const path = wholePathOf(req);
  const words = reason.replace(`"${path}"`, () => `"${shownPath(path)}"`);
  return { ...contextOf(req), by: user?.name, user: user?.name, status, reason: words };
}
