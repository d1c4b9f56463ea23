import { isFromBrowser } from '../request/browser.js';
import { trustsPeer } from '../request/client-address.js';
import type { HostRequest } from '../request/host.js';

/** What a page may send to another site without asking first: https://fetch.spec.whatwg.org/#cors-safelisted-request-header */
const SIMPLE_TYPES: ReadonlySet<string> = new Set([
  '',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'text/plain',
]);

/**
 * Tells whether a page of another site may have made a browser send this. The browser adds the credentials that it
 * has for our site, and asks no preflight where the content type is a form's, a text's or none. The method says nothing:
 * method-override makes a DELETE of an image's GET. Other content types are CORS's to allow. Clients that are no browsers
 * say nothing of where they come from.
 */
export function isForged(req: HostRequest): boolean {
  const { headers } = req;
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!SIMPLE_TYPES.has(type)) return false;
  const site = headers['sec-fetch-site'];
  if (site === 'same-origin') return false;
  if (site !== undefined && site !== 'none') return true;
  // A link in a mail, say, is followed with a GET.
  if (site === 'none' && type === '' && headers['sec-fetch-mode'] === 'navigate') return true;
  // Over plain HTTP, and in older browsers, there is no Sec-Fetch-Site, and with a GET no Origin.
  const source = headers.origin ?? headers.referer;
  if (source !== undefined) return !isOfThisHost(source, req);
  // A page can leave its Referer out. A browser's own DELETE and PATCH have an Origin: this was a GET.
  return site === undefined && isFromBrowser(req);
}

/** False for `null`, which is what a sandboxed page sends, and where the request names no host. */
function isOfThisHost(source: string, req: HostRequest): boolean {
  if (!URL.canParse(source)) return false;
  const { protocol, host } = new URL(source);
  // A proxy may name the port that goes without saying.
  const own = `${protocol}//${requestHost(req)}`;
  return host !== '' && URL.canParse(own) && new URL(own).host === host;
}

/** Behind a proxy that Express trusts it is the proxy that knows the host. */
function requestHost(req: HostRequest): string {
  const forwarded = req.headers['x-forwarded-host']?.toString().split(',', 1)[0]?.trim();
  return (forwarded && trustsPeer(req) ? forwarded : req.headers.host) ?? '';
}
