import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { parseCookie, stringifySetCookie } from 'cookie';
import { trustsPeer } from './client-address.js';
import type { HostRequest } from './host.js';
import { requestHost } from './same-origin.js';

/**
 * The cookie over TLS. A browser takes one of such a name only from this very host, over TLS and for all paths, so that no
 * neighbour plants another: https://www.rfc-editor.org/rfc/rfc6265bis#section-4.1.3.2
 */
const SECURE_NAME = '__Host-kapacitor-auth';
/** The cookie on localhost without TLS, where some browsers refuse `Secure`. */
const LOCAL_NAME = 'kapacitor-auth';

/** The hosts in which most requests to localhost name it. */
const USUAL_LOCALHOST = /^(?:localhost|127\.0\.0\.1)(?::\d{1,5})?$/;

/** Every name that a cookie of a session can have. */
export const SESSION_COOKIES: readonly string[] = [SECURE_NAME, LOCAL_NAME];

/**
 * The token of a session in the cookie of a request. Its digest may or may not be known. Undefined if there is none.
 *
 * @param headers those of the request: each reading of it takes time
 */
export function sessionTokenOf(req: HostRequest, headers: IncomingHttpHeaders = req.headers): string | undefined {
  // Most requests have none, and need not be parsed.
  const name = mayHaveSession(headers) ? cookieNameFor(req, headers) : undefined;
  return (name && parseCookie(headers.cookie as string, { decode: asItIs })[name]) || undefined;
}

/** Whether the headers may have a cookie of such a name. */
export function mayHaveSession({ cookie }: IncomingHttpHeaders): boolean {
  return cookie?.includes(LOCAL_NAME) === true;
}

/** Whether the client's connection is so safe that a cookie may let it in: TLS, or one to localhost. */
export function canHaveSession(req: HostRequest): boolean {
  const name = cookieNameFor(req);
  if (name !== LOCAL_NAME) return name !== undefined;
  // A proxy may ask for localhost, and tell nobody that the page has another host.
  const { origin } = req.headers;
  return origin === undefined || (URL.canParse(origin) && isLocalhost(new URL(origin)));
}

/**
 * The `Set-Cookie` header for a session.
 *
 * @param lifetime milliseconds
 */
export function sessionCookie(req: HostRequest, token: string, lifetime: number): string {
  return setCookie(req, token, Math.floor(lifetime / 1000));
}

/** The headers that take the cookie of a request away from the browser. None if the request has no such cookie. */
export function withoutSession(req: HostRequest): OutgoingHttpHeaders {
  return sessionTokenOf(req) === undefined ? {} : { 'Set-Cookie': setCookie(req, '', 0) };
}

/** Only for a request that can have a session. */
function setCookie(req: HostRequest, value: string, maxAge: number): string {
  const name = cookieNameFor(req) as string;
  return stringifySetCookie({
    ...{ name, value, maxAge, path: '/', httpOnly: true, sameSite: 'lax' },
    secure: name === SECURE_NAME,
  });
}

/** The name of the cookie that counts. Undefined: none does, because others could read it on its way. */
function cookieNameFor(req: HostRequest, headers: IncomingHttpHeaders = req.headers): string | undefined {
  if (isOverTls(req, headers)) return SECURE_NAME;
  const host = requestHost(req, headers);
  // Parsing a URL takes longer than the rest of this.
  if (USUAL_LOCALHOST.test(host)) return LOCAL_NAME;
  const url = `http://${host}`;
  return URL.canParse(url) && isLocalhost(new URL(url)) ? LOCAL_NAME : undefined;
}

/** Whether the client speaks TLS, with this server or with a proxy that the app trusts. Express calls it `req.secure`. */
function isOverTls(req: HostRequest, headers: IncomingHttpHeaders): boolean {
  if ((req.socket as Partial<TLSSocket>).encrypted === true) return true;
  const forwarded = headers['x-forwarded-proto'];
  // Express computes `secure` from the two, each time that it is asked. An app may set its own.
  if (forwarded === undefined) return Object.hasOwn(req, 'secure') && req.secure === true;
  return req.secure === true || (forwarded.toString().split(',', 1)[0]?.trim() === 'https' && trustsPeer(req));
}

/** A URL has an IPv4 address in its one form. */
function isLocalhost({ hostname }: URL): boolean {
  return /^(?:(?:.+\.)?localhost\.?|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

function asItIs(value: string): string {
  return value;
}
