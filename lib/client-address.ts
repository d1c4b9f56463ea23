import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
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
