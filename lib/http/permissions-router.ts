import express, { type Router } from 'express';
import { sendJson } from './answers.js';
import { EndpointHandlers, type EndpointParts } from './endpoint.js';
import type { Action } from './users-action.js';

/** Shows the definitions of the app's own permissions to users who may read users. */
export function createPermissionsRouter(parts: EndpointParts): Router {
  const { policy } = parts.guard;
  const router = express.Router();
  const show: Action = async (_req, res) => sendJson(res, 200, { permissions: policy.definitions });
  new EndpointHandlers(parts).route(router, '/', { GET: { action: show } }, () => ({ kind: 'permissions' }));
  return router;
}
