import express, { type ErrorRequestHandler, type Request, type Router } from 'express';
import type { OwnEndpoint } from '../authorization/own-endpoints.js';
import { KapacitorAuthError, UserNotFoundError } from '../errors.js';
import type { KeyService } from '../users/key-service.js';
import type { SessionService } from '../users/session-service.js';
import { ACCESS_PARAMETERS, createAccessAction } from './access-endpoint.js';
import { sendError } from './answers.js';
import { createBatchAction } from './batch-endpoint.js';
import { EndpointHandlers, type Operation, type Operations } from './endpoint.js';
import { KeysApi } from './keys-api.js';
import { SessionsApi } from './sessions-api.js';
import { LIST_PARAMETERS, USER_PARAMETERS } from './user-input.js';
import { nameOf } from './users-action.js';
import { UsersApi, type UsersApiParts } from './users-api.js';

/** The parts of the users API and what is below it. */
export interface UsersRouterParts extends UsersApiParts {
  readonly keys: KeyService;
  /** Undefined: there are no sessions. */
  readonly sessions: SessionService | undefined;
}

/** Kapacitor's users API, to mount anywhere. It authenticates and authorizes by itself. */
export function createUsersRouter(parts: UsersRouterParts): Router {
  const api = new UsersApi(parts);
  const keys = new KeysApi(parts.keys, parts.guard);
  const sessions = new SessionsApi(parts);
  const access = { action: createAccessAction(parts), parameters: ACCESS_PARAMETERS };
  const handlers = new EndpointHandlers(parts);
  const router = express.Router();
  const route = (path: string, operations: Operations, kind: NamedEndpoint = 'user') =>
    handlers.route(router, path, operations, (req) => endpointOf(req, kind));
  route('/', { GET: { action: api.list, parameters: LIST_PARAMETERS }, POST: { action: api.create } });
  // All else at this path is for a user of this name.
  router.post(
    '/batch',
    handlers.answer({ action: createBatchAction(parts) }, () => ({ kind: 'users' })),
  );
  route('/:name', {
    GET: { action: api.show, parameters: USER_PARAMETERS },
    PATCH: { action: api.update },
    DELETE: { action: api.remove },
  });
  route('/:name/access', { GET: access }, 'access');
  route('/:name/keys', { GET: { action: keys.list }, POST: { action: keys.create } }, 'keys');
  route('/:name/keys/:id', { GET: { action: keys.show }, DELETE: { action: keys.remove } }, 'keys');
  route('/:name/sessions', { GET: { action: sessions.list }, DELETE: { action: sessions.endAll } }, 'sessions');
  route('/:name/sessions/:id', { DELETE: { action: sessions.end } }, 'sessions');
  router.use(
    handlers.answer(nothingThere, (req) => endpointOf(req, 'user')),
    badPath,
  );
  return router;
}

const nothingThere: Operation = {
  action: async () => {
    throw new UserNotFoundError();
  },
};

const badPath: ErrorRequestHandler = (error, _req, res, next) => {
  // A refusal is on its way to the app.
  if (error instanceof KapacitorAuthError) next(error);
  else sendError(res, 400, 'malformed path');
};

type NamedEndpoint = Extract<OwnEndpoint, { readonly name: string }>['kind'];

function endpointOf(req: Request, kind: NamedEndpoint): OwnEndpoint {
  return req.params['name'] === undefined ? { kind: 'users' } : { kind, name: nameOf(req) };
}
