import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type HostApp, settingOf } from './host.js';

type Peer = Partial<Pick<Socket, 'remoteAddress' | 'localAddress' | 'destroyed'>>;

/** The parts of a request that tell where it comes from. */
export interface AddressedRequest {
  readonly headers: IncomingHttpHeaders;
  /** Express's, by its setting `trust proxy`, or the app's own. */
  readonly ip?: string | undefined;
  readonly socket?: Peer | undefined;
  readonly app?: HostApp | undefined;
}

type Trust = (address: string | undefined, hop: number) => boolean;

/**
 * The client's address: `req.ip`, or the connection's. Express finds none behind a proxy that connects through a Unix
 * socket, unless `trust proxy` is a number. There the proxy counts as one at 127.0.0.1, and `X-Forwarded-For` is read as
 * Express reads it. So a client gets no other address than behind the same proxy on TCP.
 *
 * @returns undefined if no address is known; otherwise what a proxy calls the client, which need not be an address
 */
export function clientAddress(req: AddressedRequest): string | undefined {
  const { ip } = req;
  // An app that defines it may give anything where its proxy names nobody.
  return typeof ip === 'string' && ip !== '' ? ip : (req.socket?.remoteAddress ?? forwardedAddress(req));
}

/** Tells whether the app trusts what is at the other end of the connection to say who its clients are. */
export function trustsPeer(req: AddressedRequest): boolean {
  return trustOf(req)(isUnixSocket(req.socket) ? '127.0.0.1' : req.socket?.remoteAddress, 0);
}

/** A closed connection has no addresses either: what it has said of itself is not to be believed. */
export function isUnixSocket(socket: Peer | undefined): boolean {
  return (
    socket !== undefined && !socket.destroyed && socket.remoteAddress === undefined && socket.localAddress === undefined
  );
}

/** The first address from the right that is none of a trusted proxy. */
function forwardedAddress(req: AddressedRequest): string | undefined {
  const forwarded = req.headers['x-forwarded-for'];
  if (forwarded === undefined || !isUnixSocket(req.socket) || !trustsPeer(req)) return undefined;
  const trust = trustOf(req);
  const addresses = String(forwarded)
    .split(',')
    .map((address) => address.trim())
    .reverse();
  return addresses.find((address, index) => !trust(address, index + 1)) ?? addresses.at(-1);
}

function trustOf(req: AddressedRequest): Trust {
  const trust = settingOf(req, 'trust proxy fn');
  return typeof trust === 'function' ? (trust as Trust) : () => false;
}

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
