import ipaddr from 'ipaddr.js';
import { type AddressedRequest, clientAddress } from '../client-address.js';

/** A request, as far as it tells where it comes from. */
export type RequestOrigin = AddressedRequest;

/** Of everybody who has no address. */
export const UNKNOWN_NETWORK = 'unknown';

/** Bytes of an IPv6 address that name a network: what one customer gets, who can make up the rest. */
const NETWORK_BYTES = 8;

/**
 * The client's network: an IPv4 address, or the first 64 bits of an IPv6 address. What is no address, whatever a proxy
 * calls it, is one network, `unknown`: nobody becomes another client by making up names.
 */
export function clientNetwork(origin: RequestOrigin): string {
  const address = withoutPort(roughOrigin(origin));
  if (!ipaddr.isValid(address)) return UNKNOWN_NETWORK;
  // An IPv4 address that is written as one of IPv6 is the same client's.
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  // RFC 6052: the translated address of a client that has only IPv4.
  if (parsed.range() === 'rfc6052') return ipaddr.fromByteArray(parsed.toByteArray().slice(-4)).toString();
  return `${ipaddr.fromByteArray([...parsed.toByteArray().slice(0, NETWORK_BYTES), ...Array(8).fill(0)])}/64`;
}

/** Some proxies write the client's port as well, which is another one at each connection. */
function withoutPort(address: string): string {
  const [, bracketed, ipv4] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(address) ?? [];
  return bracketed ?? ipv4 ?? address;
}

/**
 * The client's address as the app knows it, be it one or not: all that {@link clientNetwork} follows from, for a first
 * look that costs next to nothing.
 */
export function roughOrigin(origin: RequestOrigin): string {
  return clientAddress(origin) ?? '';
}
