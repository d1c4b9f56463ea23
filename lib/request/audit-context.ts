import { randomUUID } from 'node:crypto';
import { pathForDisplay } from '../safe-text.js';
import { clientAddress, type RequestOrigin } from './client-address.js';

/** The request of an audit event. */
export interface RequestContext {
  /** The client's address by Express's setting `trust proxy`, cut after 128 characters. */
  readonly from?: string | undefined;
  /** The request's method. */
  readonly method?: string | undefined;
  /**
   * The request's path, cut after 1,024 characters. The query, the userinfo of a host, and parameters (`;v=1`) are left
   * out, because each of them may hold a password.
   */
  readonly path?: string | undefined;
  /**
   * The `id` that the app has given the request (as pino-http does), or else the client's header `X-Request-Id`, or else
   * a random UUID. All events of a request have the same id.
   */
  readonly requestId?: string | undefined;
}

/** A request, as Express or any other host passes it. */
interface AuditedRequest extends RequestOrigin {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly originalUrl?: string | undefined;
  readonly id?: unknown;
}

/** Characters. An address is shorter. An app that trusts its clients' headers may take any text for an address. */
const MAX_ADDRESS = 128;
/** A client's header `X-Request-Id`: visible ASCII characters, no longer than an id is. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

const madeUpIds = new WeakMap<object, string>();

/** Describes a request for the audit events that happen in it. */
export function contextOf(req: AuditedRequest): RequestContext {
  const target = req.originalUrl ?? req.url;
  return {
    from: clientAddress(req)?.slice(0, MAX_ADDRESS),
    method: req.method,
    path: target === undefined ? undefined : pathForDisplay(target),
    requestId: requestIdOf(req),
  };
}

function requestIdOf(req: AuditedRequest): string {
  const { id, headers } = req;
  if ((typeof id === 'string' && id !== '') || typeof id === 'number') return String(id);
  const given = headers['x-request-id'];
  if (typeof given === 'string' && REQUEST_ID.test(given)) return given;
  let madeUp = madeUpIds.get(req);
  if (madeUp === undefined) {
    madeUp = randomUUID();
    madeUpIds.set(req, madeUp);
  }
  return madeUp;
}
