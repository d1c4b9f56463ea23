import type { IncomingHttpHeaders } from 'node:http';

/** A request, as far as a browser describes itself in it. */
interface DescribedRequest {
  readonly headers: IncomingHttpHeaders;
}

/*
 * Browsers send `Sec-Fetch-…` (https://www.w3.org/TR/fetch-metadata/) to HTTPS and to localhost alone, and older ones
 * nowhere. Elsewhere the other headers have to do.
 */

/** Tells whether a browser sends this. PowerShell calls itself Mozilla as well, and names no language. */
export function isFromBrowser({ headers }: DescribedRequest): boolean {
  return headers['user-agent']?.startsWith('Mozilla/') === true && headers['accept-language'] !== undefined;
}

/** Tells whether a person opens a page with this. */
export function isNavigation(req: DescribedRequest): boolean {
  const mode = req.headers['sec-fetch-mode'];
  return mode === undefined ? isFromBrowser(req) && accepts(req, /text\/html/i) : mode === 'navigate';
}

/** Tells whether a page asks for this in the background, by `fetch` or XMLHttpRequest. */
export function isFromScript(req: DescribedRequest): boolean {
  const { headers } = req;
  if (headers['x-requested-with']?.toString().toLowerCase() === 'xmlhttprequest') return true;
  const mode = headers['sec-fetch-mode'];
  if (mode !== undefined) return mode === 'cors' || mode === 'same-origin';
  return isFromBrowser(req) && !accepts(req, /text\/html|text\/css|image\//i);
}

function accepts({ headers }: DescribedRequest, types: RegExp): boolean {
  return types.test(headers.accept ?? '');
}
