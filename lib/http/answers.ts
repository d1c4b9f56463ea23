import type { Response } from 'express';
import { KapacitorAuthError, TryLaterError } from '../errors.js';
import type { User } from '../users/user.js';

/** The fields of a user that a client can ask for. */
export const USER_FIELDS = ['link', 'name', 'type', 'permissions', 'enabled'] as const;
export type UserField = (typeof USER_FIELDS)[number];

/** Answers as Kapacitor does when something is wrong: the text twice. */
export function sendError(res: Response, status: number, message: string): void {
  if (res.headersSent) return;
  res.statusCode = status;
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.end(JSON.stringify({ error: message, message }));
}

/**
 * Answers for an error: with its own words if it is one of ours, which hold no secret, and otherwise without any.
 *
 * @param status defaults to that of the error
 */
export function sendThrown(res: Response, error: unknown, status?: number): void {
  if (res.headersSent) return;
  if (error instanceof TryLaterError) res.set(error.headers);
  if (error instanceof KapacitorAuthError) sendError(res, status ?? error.status, error.message);
  else sendError(res, 503, 'authentication is unavailable');
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
