import type { IncomingHttpHeaders } from 'node:http';
import { isFromBrowser } from './browser.js';
import { trustsPeer } from './client-address.js';
import type { HostRequest } from './host.js';

/** The content types that a page may send to another site without a preflight: https://fetch.spec.whatwg.org/#cors-safelisted-request-header */
const SIMPLE_TYPES: ReadonlySet<string> = new Set([
  '',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'text/plain',
]);

/**
 * Whether a page of another site may have made a browser send this request. The browser adds the credentials that it has
 * for this site, and sends no preflight for the content type of a form, for a text, or without a content type. The method
 * proves nothing: method-override makes a DELETE of an image's GET. For other content types, CORS decides. Clients that are
 * not browsers do not say where a request comes from.
 */
export function isForged(req: HostRequest): boolean {
  const { headers } = req;
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!SIMPLE_TYPES.has(type)) return false;
  const site = headers['sec-fetch-site'];
  if (site === 'same-origin') return false;
  if (site !== undefined && site !== 'none') return true;
  // A person followed a link, in a mail for example. Browsers follow links with a GET.
  if (site === 'none' && type === '' && headers['sec-fetch-mode'] === 'navigate') return true;
  // Over plain HTTP and in older browsers there is no Sec-Fetch-Site. A GET has no Origin.
  const source = headers.origin ?? headers.referer;
  if (source !== undefined) return !isOfThisHost(source, req);
  // A page can leave its Referer out. A DELETE or PATCH of a browser has an Origin, so this was a GET.
  return site === undefined && isFromBrowser(req);
}

/** The methods that change nothing (RFC 9110, section 9.2.1), but for TRACE, which shows credentials. */
const SAFE_METHODS: readonly (string | undefined)[] = ['GET', 'HEAD', 'OPTIONS'];

/** The other sites whose pages may open an upgrade. */
const originsOfUpgrades = new WeakMap<object, readonly string[]>();

/** Lets pages of other sites open an upgrade with the cookie of a session. */
export function allowOrigins(upgrade: HostRequest, origins: readonly string[]): void {
  originsOfUpgrades.set(upgrade, origins);
}

/**
 * Whether the cookie of a request may count as its credentials. A browser adds it by itself, so a request that changes
 * something, and each WebSocket, must come from a page of this host.
 *
 * @param headers those of the request: each reading of it takes time
 */
export function mayUseCookie(req: HostRequest, headers: IncomingHttpHeaders = req.headers): boolean {
  const origins = originsOfUpgrades.get(req);
  if (origins === undefined && SAFE_METHODS.includes(req.method) && !isWebSocket(headers)) return true;
  const { origin } = headers;
  return (origin !== undefined && origins?.includes(origin) === true) || isFromThisHost(req);
}

/** A proxy that asks about a handshake leaves `Upgrade` out, which is for one hop. */
function isWebSocket({ 'sec-websocket-key': key, upgrade }: IncomingHttpHeaders): boolean {
  return key !== undefined || (upgrade !== undefined && /\bwebsocket\b/i.test(upgrade));
}

/**
 * Whether a page of another site made a browser send this request, which has its credentials in its body. Clients that are not
 * browsers need not say where they come from.
 */
export function isFromOtherSite(req: HostRequest): boolean {
  const { 'sec-fetch-site': site, origin } = req.headers;
  if (site === 'same-origin') return false;
  return (site !== undefined && site !== 'none') || (origin !== undefined && !isOfThisHost(origin, req));
}

/**
 * Whether a request says that it comes from a page of this host, or from no page. Unlike {@link isForged}, it asks clients
 * that are not browsers as well, and does not depend on the content type.
 */
function isFromThisHost(req: HostRequest): boolean {
  const { headers } = req;
  const site = headers['sec-fetch-site'];
  if (site === undefined) return headers.origin !== undefined && isOfThisHost(headers.origin, req);
  if (site === 'same-origin') return true;
  // A person followed a link, with a GET, and method-override made another method of it.
  const isFollowed = headers['sec-fetch-mode'] === 'navigate' && !headers['content-type'];
  return site === 'none' && !isFollowed;
}

/**
 * Whether an origin or a URL has the host that the client asked for. False for `null`, which a sandboxed page sends, for a
 * page that an app has of its own, such as `capacitor://localhost`, and for a request without a host.
 */
export function isOfThisHost(source: string, req: HostRequest): boolean {
  if (!URL.canParse(source)) return false;
  const { protocol, host } = new URL(source);
  // A proxy may name the default port.
  const own = `${protocol}//${requestHost(req)}`;
  return /^https?:$/.test(protocol) && URL.canParse(own) && new URL(own).host === host;
}

/** The host that the client asked for, with its port. A proxy that Express trusts knows it. */
export function requestHost(req: HostRequest, headers: IncomingHttpHeaders = req.headers): string {
  const forwarded = headers['x-forwarded-host']?.toString().split(',', 1)[0]?.trim();
  return (forwarded && trustsPeer(req) ? forwarded : headers.host) ?? '';
}
