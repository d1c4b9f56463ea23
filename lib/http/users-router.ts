import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Router } from 'express';
import { Tarpit } from '../authentication/tarpit.js';
import { hasPrivilege, privilegeFor, USERS } from '../authorization/privileges.js';
import { now } from '../clock.js';
import { ForbiddenError, InvalidUserError, TryLaterError, UserNotFoundError } from '../errors.js';
import { contextOf } from '../request/audit-context.js';
import type { HostResponse } from '../request/host.js';
import { mountOf, wholePathOf } from '../request/host.js';
import type { Audit } from '../users/audit-events.js';
import { operationFailure } from '../users/audit-events.js';
import type { User } from '../users/user.js';
import type { UserService } from '../users/user-service.js';
import {
  adminRequired,
  denialOf,
  forbidStoring,
  privilegeMissing,
  sendEmpty,
  sendError,
  sendJson,
  sendThrown,
  userBody,
} from './answers.js';
import type { Guard } from './guard.js';
import { readJson } from './request-body.js';
import { isForged } from './same-origin.js';
import { toChanges, toListQuery, toNewUser } from './user-input.js';

/** Answers a request of an authenticated user. What it throws is answered as well. */
type Action = (req: Request, res: HostResponse, principal: User) => Promise<void>;

/**
 * Kapacitor's users API, to be mounted where it shall be. It authenticates, and it decides what a user may: everybody
 * reads themselves and changes their own password, whoever may read the API reads the others, and an admin manages them.
 */
export function createUsersRouter(users: UserService, guard: Guard, audit: Audit): Router {
  const tarpit = new Tarpit();
  const act = async (action: Action, req: Request, res: HostResponse, principal: User): Promise<void> => {
    try {
      await action(req, res, principal);
    } catch (error) {
      if (error instanceof ForbiddenError) audit('denied', () => denialOf(req, principal, 403, error.message));
      throw error;
    }
  };

  const answer =
    (action: Action): RequestHandler =>
    (req, res, next) => {
      forbidStoring(res);
      guard.identify(req, res, next, (principal) => {
        const since = now();
        act(action, req, res, principal).catch((error: unknown) => {
          // What is refused without work could be asked for without end.
          if (error instanceof TryLaterError) tarpit.hold(() => sendThrown(res, error), since);
          else sendThrown(res, error);
        });
        return false;
      });
    };

  const usersFor = (req: Request, principal: User) => users.by({ ...contextOf(req), by: principal.name });

  /** What cannot be understood, or is refused here, is told of as well: it does not come to the user service. */
  const tellingOfRefusal = async <T>(
    operation: 'create' | 'change',
    req: Request,
    principal: User,
    read: () => Promise<T>,
  ): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      const name = operation === 'change' ? nameOf(req) : undefined;
      audit('user-operation-failed', () => ({
        ...contextOf(req),
        by: principal.name,
        ...operationFailure(operation, name, error),
      }));
      throw error;
    }
  };

  const list: Action = async (req, res, principal) => {
    requireReader(req, principal);
    const { fields, ...query } = toListQuery(req.url);
    const found = await users.list(query);
    const base = baseOf(req);
    sendJson(res, 200, { users: found.map((user) => userBody(user, base, fields)) });
  };

  const create: Action = async (req, res, principal) => {
    requireAdmin(principal);
    refuseForged(req);
    const user = await tellingOfRefusal('create', req, principal, async () => toNewUser(await readJson(req, res)));
    // Who asks may be no admin any more when the body has come, and the password has been hashed.
    const confirm = async () => requireAdmin(await guard.reconsider(principal));
    await confirm();
    sendJson(res, 200, userBody(await usersFor(req, principal).create(user, confirm), baseOf(req)));
  };

  const show: Action = async (req, res, principal) => {
    const name = nameOf(req);
    if (name !== principal.name) requireReader(req, principal);
    const user = await users.get(name);
    if (user === undefined) throw new UserNotFoundError();
    sendJson(res, 200, userBody(user, baseOf(req)));
  };

  const update: Action = async (req, res, principal) => {
    const name = nameOf(req);
    const isSelf = name === principal.name;
    if (!isSelf) requireAdmin(principal);
    refuseForged(req);
    const read = async () => {
      const requested = toChanges(await readJson(req, res), name);
      if (requested.currentPassword === undefined || isSelf) return requested;
      throw new InvalidUserError('currentPassword is taken where users change their own passwords: leave it out');
    };
    const { changes, currentPassword } = await tellingOfRefusal('change', req, principal, read);
    const { password: _, ...others } = changes;
    const needsAdmin = !isSelf || Object.values(others).some((value) => value !== undefined);
    const confirm = async () => {
      const current = await guard.reconsider(principal);
      if (needsAdmin) requireAdmin(current);
    };
    await confirm();
    if (currentPassword !== undefined) {
      await tellingOfRefusal('change', req, principal, () => guard.confirmPassword(principal, currentPassword, req));
    }
    const updated = await usersFor(req, principal).update(name, changes, confirm);
    sendJson(res, 200, userBody(updated, baseOf(req)));
  };

  const remove: Action = async (req, res, principal) => {
    requireAdmin(principal);
    refuseForged(req);
    await usersFor(req, principal).delete(nameOf(req));
    sendEmpty(res, 204);
  };

  const options =
    (allow: string): Action =>
    async (req, res, principal) => {
      requireReader(req, principal);
      sendEmpty(res, 204, { Allow: allow });
    };

  const refuse =
    (allow: string): Action =>
    async (_req, res, principal) => {
      requireAdmin(principal);
      sendError(res, 405, 'method not allowed', { Allow: allow });
    };

  const nothingThere: Action = async (req, _res, principal) => {
    if (privilegeFor(req.method) === 'read') requireReader(req, principal);
    else requireAdmin(principal);
    throw new UserNotFoundError();
  };

  const badPath: ErrorRequestHandler = (_error, _req, res, _next) => {
    sendError(res, 400, 'malformed path');
  };

  const ofAll = 'GET, HEAD, POST, OPTIONS';
  const ofOne = 'GET, HEAD, PATCH, DELETE, OPTIONS';
  const router = express.Router();
  router
    .route('/')
    .get(answer(list))
    .post(answer(create))
    .options(answer(options(ofAll)))
    .all(answer(refuse(ofAll)));
  router
    .route('/:name')
    .get(answer(show))
    .patch(answer(update))
    .delete(answer(remove))
    .options(answer(options(ofOne)))
    .all(answer(refuse(ofOne)));
  router.use(answer(nothingThere), badPath);
  return router;
}

function refuseForged(req: Request): void {
  if (isForged(req)) throw new ForbiddenError('a page of another site may not change users');
}

function requireReader(req: Request, principal: User): void {
  if (!hasPrivilege(principal, 'read', USERS)) {
    throw new ForbiddenError(privilegeMissing(principal, 'read', wholePathOf(req)));
  }
}

function requireAdmin(principal: User): void {
  if (principal.type !== 'admin') throw new ForbiddenError(adminRequired(principal));
}

function nameOf(req: Request): string {
  return req.params['name'] as string;
}

/** Where the users are to the client. Kapacitor gives the same links under both of its prefixes. */
function baseOf(req: Request): string {
  return mountOf(req).replace(/\/v1preview(?=\/users$)/i, '/v1');
}
