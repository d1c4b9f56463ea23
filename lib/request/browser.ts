import type { IncomingHttpHeaders } from 'node:http';
import Negotiator from 'negotiator';

/**
 * The headers in which a browser describes itself. Browsers send `Sec-Fetch-…` (https://www.w3.org/TR/fetch-metadata/)
 * only to HTTPS and to localhost, and older ones not at all. Elsewhere the other headers have to do.
 */
interface DescribedRequest {
  readonly headers: IncomingHttpHeaders;
}

/** Tells whether a browser sends this. PowerShell claims to be Mozilla too, but names no language. */
export function isFromBrowser({ headers }: DescribedRequest): boolean {
  return headers['user-agent']?.startsWith('Mozilla/') === true && headers['accept-language'] !== undefined;
}

/** Tells whether a person opens a page with this request. */
export function isNavigation(req: DescribedRequest): boolean {
  const mode = req.headers['sec-fetch-mode'];
  return mode === undefined ? isFromBrowser(req) && accepts(req, /text\/html/i) : mode === 'navigate';
}

/** The types of an answer. A client that takes every type gets the first. */
const ANSWERS = ['application/json', 'text/html'];

/** Tells whether the client shows a page to a person: a browser that opens it, or a program that prefers HTML, such as Lynx. */
export function prefersPage(req: DescribedRequest): boolean {
  const mode = req.headers['sec-fetch-mode'];
  if (mode !== undefined) return mode === 'navigate';
  return !isFromScript(req) && new Negotiator(req).mediaType(ANSWERS) === 'text/html';
}

/** Tells whether a script of a page sends this, by `fetch` or XMLHttpRequest. */
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
