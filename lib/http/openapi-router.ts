import express, { type Request, type Router } from 'express';
import { mountOf } from '../request/host.js';
import { sendJson } from './answers.js';
import { EndpointHandlers, type EndpointParts } from './endpoint.js';
import { nextPath } from './next-path.js';
import openApiDocument from './openapi-document.cjs';
import type { Action } from './users-action.js';

/** Shows the document of the API to users who may read users. Its server is the place where the API is mounted. */
export function createOpenApiRouter(parts: EndpointParts): Router {
  const router = express.Router();
  const show: Action = async (req, res) => sendJson(res, 200, { ...openApiDocument(), servers: [{ url: apiOf(req) }] });
  new EndpointHandlers(parts).route(router, '/', { GET: { action: show } }, () => ({ kind: 'openapi.json' }));
  return router;
}

/** The path of the API that a request for the document was sent to. */
function apiOf(req: Request): string {
  return nextPath(mountOf(req).replace(/\/openapi\.json$/i, ''));
}
