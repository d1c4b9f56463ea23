import type { Request } from 'express';
import { usersLink } from '../authorization/own-endpoints.js';
import { ForbiddenError } from '../errors.js';
import { contextOf } from '../request/audit-context.js';
import { type HostResponse, mountOf } from '../request/host.js';
import { isForged } from '../request/same-origin.js';
import type { AuditContext } from '../users/audit-events.js';
import type { User } from '../users/user.js';
import type { Guard } from './guard.js';

/** Answers a request of an authenticated user to an endpoint of this package. An error that it throws becomes an answer. */
export type Action = (req: Request, res: HostResponse, principal: User, query: URLSearchParams) => Promise<void>;

/** @throws {ForbiddenError} a page of another site may have made the browser send this */
export function refuseForged(req: Request): void {
  if (isForged(req)) throw new ForbiddenError('a page of another site may not change users');
}

/**
 * Refuses a user who was let in with a key.
 *
 * @param reason the beginning of the message
 * @throws {ForbiddenError} the user was let in with a key
 */
export function refuseKey(guard: Guard, principal: User, reason: string): void {
  if (guard.credentialOf(principal)?.kind === 'key') throw new ForbiddenError(`${reason}: log in with the password`);
}

/** The context of the audit events of a change: the request, and the user who makes it. */
export function changeContextOf(req: Request, principal: User): AuditContext {
  return { ...contextOf(req), by: principal.name };
}

/** The name of the user that a path names. */
export function nameOf(req: Request): string {
  return req.params['name'] as string;
}

/** The path of the users, for the links in answers. */
export function baseOf(req: Request): string {
  return usersLink(mountOf(req));
}
