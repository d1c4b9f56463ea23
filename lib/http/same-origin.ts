import type { Request } from 'express';

/** What a page may send to another site without asking first: https://fetch.spec.whatwg.org/#cors-safelisted-request-header */
const SIMPLE_TYPES: ReadonlySet<string> = new Set([
  '',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'text/plain',
]);

/**
 * Tells whether a page of another site may have made a browser send this. The browser adds the credentials that it
 * has for our site, and asks no preflight for a content type of a form's; others, and other methods than POST, are
 * CORS's to allow.
 */
export function isForged(req: Request): boolean {
  const type = (req.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  // The method that the browser sent: method-override keeps it, and makes a DELETE of a form's POST.
  const method = (req as Request & { originalMethod?: string }).originalMethod ?? req.method;
  if (method !== 'POST' || !SIMPLE_TYPES.has(type)) return false;
  const site = req.headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') return true;
  const { origin } = req.headers;
  return origin !== undefined && site !== 'same-origin' && hostOf(origin) !== requestHost(req);
}

/** Undefined for `null`, which is what a sandboxed page sends. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** Behind a proxy that Express trusts it is the proxy that knows the host. */
function requestHost(req: Request): string | undefined {
  const trust = req.app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean;
  const forwarded = req.headers['x-forwarded-host']?.toString().split(',', 1)[0]?.trim();
  const host = forwarded && trust(req.socket.remoteAddress, 0) ? forwarded : req.headers.host;
  return host?.toLowerCase();
}
