import type { OutgoingHttpHeaders } from 'node:http';
import type { Decision } from '../authorization/access-policy.js';
import { type HostRequest, type HostResponse, wholePathOf } from '../request/host.js';
import { pathForDisplay } from '../safe-text.js';
import { restrictionOf } from '../users/restricted-user.js';
import type { User } from '../users/user.js';
import { relativeReference } from './relative-reference.js';

/** Answers with JSON, unless the app has answered already. It uses only methods of Node's own response. */
export function sendJson(res: HostResponse, status: number, body: object, headers: OutgoingHttpHeaders = {}): void {
  const bytes = Buffer.from(JSON.stringify(body));
  const described = { ...headers, 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': bytes.length };
  send(res, status, described, bytes);
}

/** Answers with bytes, unless the app has answered already. */
export function sendBytes(res: HostResponse, status: number, bytes: Buffer, headers: OutgoingHttpHeaders): void {
  send(res, status, { ...headers, 'Content-Length': bytes.length }, bytes);
}

/** Answers with a page, unless the app has answered already. */
export function sendHtml(res: HostResponse, status: number, html: string, headers: OutgoingHttpHeaders): void {
  sendBytes(res, status, Buffer.from(html), { ...headers, 'Content-Type': 'text/html; charset=utf-8' });
}

/** Answers without a body, unless the app has answered already. */
export function sendEmpty(res: HostResponse, status: number, headers: OutgoingHttpHeaders = {}): void {
  send(res, status, headers);
}

/**
 * Sends a browser on to a path of this host, unless the app has answered already. A reference relative to the path of the
 * request leads there behind a proxy that takes a prefix away as well.
 */
export function sendSeeOther(res: HostResponse, path: string, headers: OutgoingHttpHeaders = {}): void {
  // Not every host of this package has Node's own response.
  const req = res.req as HostRequest | undefined;
  const reference = req === undefined ? path : relativeReference(wholePathOf(req), path);
  sendEmpty(res, 303, { ...headers, Location: reference, 'Cache-Control': 'no-store' });
}

/** The methods of an endpoint, for `Allow`. An endpoint with GET has HEAD as well, and each one OPTIONS. */
export function allowOf(methods: readonly string[]): string {
  return [...methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])), 'OPTIONS'].join(', ');
}

/** Answers to a method that an endpoint does not have. */
export function sendMethodNotAllowed(res: HostResponse, allow: string): void {
  sendError(res, 405, 'method not allowed', { Allow: allow });
}

/** Answers with an error. The message is in two fields, as in Kapacitor. */
export function sendError(res: HostResponse, status: number, message: string, headers: OutgoingHttpHeaders = {}): void {
  sendJson(res, status, { error: message, message }, { ...headers, 'Cache-Control': 'no-store' });
}

function send(res: HostResponse, status: number, headers: OutgoingHttpHeaders, body?: Buffer): void {
  if (res.headersSent) return;
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    // The app may have set cookies of its own.
    const before = name === 'Set-Cookie' ? [res.getHeader(name) ?? []].flat().map(String) : [];
    res.setHeader(name, before.length === 0 ? value : [...before, String(value)]);
  }
  res.end(body);
}

/** Keeps an answer out of shared caches, whether this package or the app gives it. */
export function forbidStoring(res: HostResponse): void {
  if (!res.headersSent) res.setHeader('Cache-Control', 'no-store');
}

/**
 * Tells caches that the answer to a request without credentials is not the one to a request with them. A shared cache does not
 * keep answers to requests with an `Authorization` header unless they say so (RFC 9111, section 3.5). It may give the answer
 * for nobody to everybody, and `Cache-Control: public` lets it give the answer for one user to all others. With `Vary`, it
 * gives an answer only to requests with the same credentials (section 4.1). So answers for nobody can be cached.
 *
 * @param credentials the names of the headers that can have credentials
 */
export function varyOnCredentials(res: HostResponse, credentials: readonly string[]): void {
  if (res.headersSent) return;
  const named = [res.getHeader('Vary') ?? []].flat().join(', ');
  const names = named.split(',').map((name) => name.trim().toLowerCase());
  const missing = credentials.filter((name) => !names.includes(name.toLowerCase()));
  if (missing.length === 0 || names.includes('*')) return;
  res.setHeader('Vary', [named, ...missing].filter(Boolean).join(', '));
}

/** Ends the connection, so that the client does not wait for an answer that cannot be sent. */
export function hangUp(res: HostResponse): void {
  try {
    res.socket?.destroy();
  } catch {
    // Nothing is left to try.
  }
}

/**
 * The message of a 403, in Kapacitor's words. An app may log it, and the client's path may hold a password and thousands of
 * characters.
 */
function privilegeMissing(user: User, privilege: string, endpoint: string): string {
  return `user ${user.name} does not have "${privilege}" privilege for API endpoint "${pathForDisplay(endpoint)}"`;
}

/** The message of a 403 for a decision about an endpoint or a resource. */
export function refusalMessage(user: User, { rule, privilege }: Decision, endpoint: string): string {
  const message = rule === 'admin-only' ? adminRequired(user) : privilegeMissing(user, privilege, endpoint);
  return restrictionOf(user) === undefined ? message : `${message}. The key that it uses may open less than the user`;
}

/** For a user who was let in, and would not be any more when the request is complete. */
export const CHANGED_MEANWHILE = 'the user who asks has been changed meanwhile: ask again';

/** The message of a 403 for a request of a page of another site, which has only the cookie of a session. */
export const FORGED =
  'a request with a session must come from a page of this host: a program sends its Origin as well, or uses a key';

/** The message of a 403 for users who are not admins. In Kapacitor, others can manage users as well. */
export function adminRequired(user: User, deed = 'manage users'): string {
  return `user ${user.name} may not ${deed}: an admin is required`;
}
