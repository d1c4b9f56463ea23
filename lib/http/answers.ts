import type { OutgoingHttpHeaders } from 'node:http';
import { KapacitorAuthError, TryLaterError } from '../errors.js';
import { contextOf } from '../request/audit-context.js';
import type { HostRequest, HostResponse } from '../request/host.js';
import { wholePathOf } from '../request/host.js';
import { pathForDisplay } from '../safe-text.js';
import type { Denied } from '../users/audit-events.js';
import type { User } from '../users/user.js';

/** The fields of a user that a client can ask for. */
export const USER_FIELDS = ['link', 'name', 'type', 'permissions', 'enabled'] as const;
export type UserField = (typeof USER_FIELDS)[number];

/** Answers with JSON, unless the app has answered already. Uses only what every host's response has. */
export function sendJson(res: HostResponse, status: number, body: object, headers: OutgoingHttpHeaders = {}): void {
  const bytes = Buffer.from(JSON.stringify(body));
  const described = { ...headers, 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': bytes.length };
  send(res, status, described, bytes);
}

/** Answers without a body, unless the app has answered already. */
export function sendEmpty(res: HostResponse, status: number, headers: OutgoingHttpHeaders = {}): void {
  send(res, status, headers);
}

/** Answers as Kapacitor does when something is wrong: the text twice. */
export function sendError(res: HostResponse, status: number, message: string, headers: OutgoingHttpHeaders = {}): void {
  sendJson(res, status, { error: message, message }, { ...headers, 'Cache-Control': 'no-store' });
}

/**
 * Answers for an error: with its own words if it is one of ours, which hold no secret, and otherwise without any. It
 * throws nothing: it is the last thing that is done for a request.
 *
 * @param status defaults to that of the error
 */
export function sendThrown(
  res: HostResponse,
  error: unknown,
  status?: number,
  headers: OutgoingHttpHeaders = {},
): void {
  try {
    if (error instanceof KapacitorAuthError) {
      const all = error instanceof TryLaterError ? { ...headers, ...error.headers } : headers;
      sendError(res, status ?? error.status, error.message, all);
    } else {
      sendError(res, 503, 'authentication is unavailable');
    }
  } catch {
    hangUp(res);
  }
}

function send(res: HostResponse, status: number, headers: OutgoingHttpHeaders, body?: Buffer): void {
  if (res.headersSent) return;
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) res.setHeader(name, value);
  res.end(body);
}

/** Keeps an answer out of shared caches, whoever gives it. */
export function forbidStoring(res: HostResponse): void {
  if (!res.headersSent) res.setHeader('Cache-Control', 'no-store');
}

/** A client whose request cannot be answered does not wait for the answer. */
function hangUp(res: HostResponse): void {
  try {
    res.socket?.destroy();
  } catch {
    // There is nothing left to try.
  }
}

/** Kapacitor's words for 403. */
export function privilegeMissing(user: User, privilege: string, endpoint: string): string {
  return `user ${user.name} does not have "${privilege}" privilege for API endpoint "${endpoint}"`;
}

/** To whoever was let in, and would not be any more when it comes to the deed. */
export const CHANGED_MEANWHILE = 'the user who asks has been changed meanwhile: ask again';

/** Ours, since Kapacitor lets others manage users as well. */
export function adminRequired(user: User, deed = 'manage users'): string {
  return `user ${user.name} may not ${deed}: an admin is required`;
}

/**
 * A user as the users API shows it: the link and the name always, the rest if it was asked for. That a user is enabled
 * goes without saying, since Kapacitor does not have that field.
 */
export function userBody(user: User, base: string, fields: readonly UserField[] = USER_FIELDS): object {
  const { name, type, permissions, enabled } = user;
  return {
    link: { rel: 'self', href: `${base}/${name}` },
    name,
    ...(fields.includes('type') && { type }),
    ...(fields.includes('permissions') && { permissions }),
    ...(!enabled && fields.includes('enabled') && { enabled }),
  };
}

/** What the event `denied` tells of a request. */
export function denialOf(
  req: HostRequest,
  user: User | undefined,
  status: Denied['status'],
  reason: string,
): Omit<Denied, 'time'> {
  // The answer repeats the path as it was sent, which may hold a password, and thousands of characters.
  const path = wholePathOf(req);
  const words = reason.replace(`"${path}"`, () => `"${pathForDisplay(path)}"`);
  return { ...contextOf(req), by: user?.name, user: user?.name, status, reason: words };
}
