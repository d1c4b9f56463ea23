import type { IncomingHttpHeaders } from 'node:http';
import { isIP, type Socket } from 'node:net';
import express from 'express';
import ipaddr from 'ipaddr.js';
import { type HostApp, settingOf } from './host.js';

type Peer = Partial<Pick<Socket, 'remoteAddress' | 'localAddress' | 'destroyed'>>;

/** The properties of a request that tell where it comes from. */
export interface RequestOrigin {
  readonly headers: IncomingHttpHeaders;
  /** Express sets it by its setting `trust proxy`. An app may set its own. */
  readonly ip?: string | undefined;
  readonly socket?: Peer | undefined;
  readonly app?: HostApp | undefined;
}

/** Whether a value is a request. */
export function isRequest(value: unknown): value is RequestOrigin {
  const { headers } = Object(value) as Partial<RequestOrigin>;
  return typeof headers === 'object' && headers !== null;
}

/** Express's compiled setting `trust proxy`: whether an address, so many hops away, is a trusted proxy. */
type Trust = (address: string | undefined, hop: number) => boolean;

/**
 * The client's address: `req.ip`, or else the connection's. Behind a proxy that connects through a Unix socket, Express
 * finds no address unless `trust proxy` is a number. In that case the proxy counts as one at 127.0.0.1, and
 * `X-Forwarded-For` is read as Express reads it. So a client has the same address as behind that proxy on TCP.
 *
 * @returns undefined if no address is known. Otherwise the proxy's name for the client, which need not be an address.
 */
export function clientAddress(req: RequestOrigin, headers: IncomingHttpHeaders = req.headers): string | undefined {
  const ip = ipOf(req, headers);
  // An app that defines `ip` itself may give any value where its proxy names no client.
  return typeof ip === 'string' && ip !== '' ? ip : (req.socket?.remoteAddress ?? forwardedAddress(req));
}

/** Tells which getter reading a property of an object calls. It does not call the getter: ECMA-262, section B.2.2.4. */
const { __lookupGetter__: getterOf } = Object.prototype as unknown as {
  readonly __lookupGetter__: (this: object, property: string) => unknown;
};

/** The getter of `ip` that requests of Express inherit. */
const EXPRESS_IP = getterOf.call(express.request, 'ip');

/** Express works `ip` out at each reading. Where no proxy names a client, it is the address of the connection. */
function ipOf(req: RequestOrigin, headers: IncomingHttpHeaders): unknown {
  const isThatOfConnection = headers['x-forwarded-for'] === undefined && getterOf.call(req, 'ip') === EXPRESS_IP;
  return isThatOfConnection ? undefined : req.ip;
}

/** Tells whether the app trusts the other end of the connection to name its clients. */
export function trustsPeer(req: RequestOrigin): boolean {
  return trustOf(req)(isUnixSocket(req.socket) ? '127.0.0.1' : req.socket?.remoteAddress, 0);
}

/** A closed connection has no addresses either, but its headers are not to be trusted. */
export function isUnixSocket(socket: Peer | undefined): boolean {
  return (
    socket !== undefined && !socket.destroyed && socket.remoteAddress === undefined && socket.localAddress === undefined
  );
}

/** The first address from the right that is not a trusted proxy's. */
function forwardedAddress(req: RequestOrigin): string | undefined {
  const forwarded = req.headers['x-forwarded-for'];
  if (forwarded === undefined || !isUnixSocket(req.socket) || !trustsPeer(req)) return undefined;
  const trust = trustOf(req);
  const addresses = String(forwarded)
    .split(',')
    .map((address) => address.trim())
    .reverse();
  return addresses.find((address, index) => !trust(address, index + 1)) ?? addresses.at(-1);
}

function trustOf(req: RequestOrigin): Trust {
  const trust = settingOf(req, 'trust proxy fn');
  return typeof trust === 'function' ? (trust as Trust) : () => false;
}

/** The network of all clients without an address. */
export const UNKNOWN_NETWORK = 'unknown';

/** Bytes of an IPv6 address that identify a network. A customer gets all addresses of one, and can use any of them. */
const NETWORK_BYTES = 8;

/**
 * The client's network: an IPv4 address, or the first 64 bits of an IPv6 address. All texts that are not addresses are
 * one network, `unknown`, so that a client does not become another one by making up names.
 */
export function clientNetwork(origin: RequestOrigin): string {
  const address = withoutPort(roughOrigin(origin));
  if (!ipaddr.isValid(address)) return UNKNOWN_NETWORK;
  // `process` turns an IPv4-mapped IPv6 address into the IPv4 address of the same client.
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  // RFC 6052: the translated address of a client that has only IPv4.
  if (parsed.range() === 'rfc6052') return ipaddr.fromByteArray(parsed.toByteArray().slice(-4)).toString();
  return `${ipaddr.fromByteArray([...parsed.toByteArray().slice(0, NETWORK_BYTES), ...Array(8).fill(0)])}/64`;
}

/** Whether a text is an IP address, with or without a port. */
export function isAddress(text: string): boolean {
  return isIP(withoutPort(text)) !== 0;
}

/** Some proxies append the client's port, which is different at each connection. */
function withoutPort(address: string): string {
  const [, bracketed, ipv4] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(address) ?? [];
  return bracketed ?? ipv4 ?? address;
}

/** The client's address as the app knows it. {@link clientNetwork} depends on nothing else, and costs much more. */
export function roughOrigin(origin: RequestOrigin, headers?: IncomingHttpHeaders): string {
  return clientAddress(origin, headers) ?? '';
}
