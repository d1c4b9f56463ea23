import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import { hasPrivilege, USERS } from '../authorization/privileges.js';
import { ForbiddenError, UserNotFoundError } from '../errors.js';
import type { User } from '../users/user.js';
import type { UserService } from '../users/user-service.js';
import { adminRequired, privilegeMissing, sendError, sendThrown, userBody } from './answers.js';
import type { Guard } from './guard.js';
import { readJson } from './request-body.js';
import { pathOf } from './request-path.js';
import { isForged } from './same-origin.js';
import { toChanges, toListQuery, toNewUser } from './user-input.js';

/** Answers a request of an authenticated user. What it throws is answered as well. */
type Action = (req: Request, res: Response, principal: User) => Promise<void>;

/**
 * Kapacitor's users API, to be mounted where it shall be. It authenticates, and it decides what a user may: everybody
 * reads themselves and changes their own password, whoever may read the API reads the others, and an admin manages them.
 */
export function createUsersRouter(users: UserService, guard: Guard): Router {
  const answer =
    (action: Action): RequestHandler =>
    (req, res, next) => {
      res.set('Cache-Control', 'no-store');
      guard.identify(req, res, next, (principal) => {
        action(req, res, principal).catch((error: unknown) => sendThrown(res, error));
      });
    };

  const list: Action = async (req, res, principal) => {
    requireReader(req, principal);
    const { fields, ...query } = toListQuery(req.url);
    const found = await users.list(query);
    res.json({ users: found.map((user) => userBody(user, baseOf(req), fields)) });
  };

  const create: Action = async (req, res, principal) => {
    requireAdmin(principal);
    refuseForged(req);
    const user = toNewUser(await readJson(req, res));
    // Who asks may be no admin any more when the body has come, and the password has been hashed.
    const confirm = async () => requireAdmin(await guard.reconsider(principal));
    await confirm();
    res.json(userBody(await users.create(user, confirm), baseOf(req)));
  };

  const show: Action = async (req, res, principal) => {
    const name = nameOf(req);
    if (name !== principal.name) requireReader(req, principal);
    const user = await users.get(name);
    if (user === undefined) throw new UserNotFoundError();
    res.json(userBody(user, baseOf(req)));
  };

  const update: Action = async (req, res, principal) => {
    const name = nameOf(req);
    const isSelf = name === principal.name;
    if (!isSelf) requireAdmin(principal);
    refuseForged(req);
    const { password, ...others } = toChanges(await readJson(req, res), name);
    const needsAdmin = !isSelf || Object.values(others).some((value) => value !== undefined);
    const confirm = async () => {
      const current = await guard.reconsider(principal);
      if (needsAdmin) requireAdmin(current);
    };
    await confirm();
    res.json(userBody(await users.update(name, { password, ...others }, confirm), baseOf(req)));
  };

  const remove: Action = async (req, res, principal) => {
    requireAdmin(principal);
    refuseForged(req);
    await users.delete(nameOf(req));
    res.status(204).end();
  };

  const options =
    (allow: string): Action =>
    async (req, res, principal) => {
      requireReader(req, principal);
      res.set('Allow', allow).status(204).end();
    };

  const refuse =
    (allow: string): Action =>
    async (_req, res, principal) => {
      requireAdmin(principal);
      sendError(res.set('Allow', allow), 405, 'method not allowed');
    };

  const nothingThere: Action = async (req, _res, principal) => {
    requireReader(req, principal);
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
    throw new ForbiddenError(privilegeMissing(principal, 'read', pathOf(req.originalUrl)));
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
  return req.baseUrl.replace(/\/v1preview(?=\/users$)/i, '/v1');
}
