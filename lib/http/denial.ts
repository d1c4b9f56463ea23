import type { Request } from 'express';
import type { Denied } from '../audit/events.js';
import { contextOf } from '../audit/request-context.js';
import type { User } from '../users/user.js';

/** What the event `denied` tells of a request. */
export function denialOf(
  req: Request,
  user: User | undefined,
  status: Denied['status'],
  reason: string,
): Omit<Denied, 'time'> {
  return { ...contextOf(req), by: user?.name, user: user?.name, status, reason };
}
