import type { RequestOrigin } from '../../lib/request/client-address.js';

/** A request from this address, as far as it tells where it comes from. */
export function from(ip: string): RequestOrigin {
  return { ip, headers: {}, socket: { remoteAddress: ip } } as RequestOrigin;
}
