import { ForbiddenError } from '../errors.js';
import { contextOf } from '../request/audit-context.js';
import type { HostRequest } from '../request/host.js';
import type { Audit, Denied } from '../users/audit-events.js';
import type { User } from '../users/user.js';

/** A refusal of a request. */
interface Denial extends Pick<Denied, 'status' | 'reason'> {
  /** Undefined: nobody in particular has made the request. */
  readonly user?: User | undefined;
}

/** Reports a request that is answered with 401 or 403: `denied`. */
export function reportDenial(audit: Audit, req: HostRequest, { user, status, reason }: Denial): void {
  audit('denied', () => ({ ...contextOf(req), by: user?.name, user: user?.name, status, reason }));
}

/** Reports a request whose answer is this error, if that is a 403. */
export function reportForbidden(audit: Audit, req: HostRequest, user: User | undefined, error: unknown): void {
  if (error instanceof ForbiddenError) reportDenial(audit, req, { user, status: 403, reason: error.message });
}
