import { randomUUID } from 'node:crypto';
import { pathForDisplay } from '../safe-text.js';
import type { AuditContext } from '../users/audit-events.js';
import { type AddressedRequest, clientAddress } from './client-address.js';

/** A request as Express, or something before it, has it. */
interface AuditedRequest extends AddressedRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly originalUrl?: string | undefined;
  readonly id?: unknown;
}

/** An address has fewer characters; what a client calls itself, where an app trusts it, may have thousands. */
const MAX_ADDRESS = 128;
/** What a client may call its request: visible ASCII characters, and no more than an id has. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

const madeUp = new WeakMap<object, string>();

/** What an event tells of the request that it happened in. */
export function contextOf(req: AuditedRequest): AuditContext {
  return {
    from: clientAddress(req)?.slice(0, MAX_ADDRESS),
    method: req.method,
    path: pathForDisplay(req.originalUrl ?? req.url ?? ''),
    requestId: requestId(req),
  };
}

function requestId(req: AuditedRequest): string {
  const { id, headers } = req;
  if ((typeof id === 'string' && id !== '') || typeof id === 'number') return String(id);
  const given = headers['x-request-id'];
  if (typeof given === 'string' && REQUEST_ID.test(given)) return given;
  let made = madeUp.get(req);
  if (made === undefined) {
    made = randomUUID();
    madeUp.set(req, made);
  }
  return made;
}
