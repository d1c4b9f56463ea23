import express, { type Router } from 'express';
import { privilegesOf } from '../authorization/explain.js';
import { usersLinkBesideMe } from '../authorization/own-endpoints.js';
import { mountOf } from '../request/host.js';
import { sendJson } from './answers.js';
import { EndpointHandlers } from './endpoint.js';
import { askedLogins, userBody } from './user-body.js';
import { toFields, USER_PARAMETERS } from './user-input.js';
import type { Action } from './users-action.js';
import type { UsersApiParts } from './users-api.js';

/** Tells users who they are, and which privileges they have. */
export function createMeRouter(parts: UsersApiParts): Router {
  const { guard, users } = parts;
  const show: Action = async (req, res, principal, query) => {
    const fields = toFields(query);
    // A key may open less than its owner. While authentication is off, the user is in no store.
    const account = { ...(await users.get(principal.name)), ...principal };
    const logins = await askedLogins(users, [principal.name], fields);
    const shown = { ...account, lastLogin: logins.get(principal.name) };
    const body = userBody(shown, usersLinkBesideMe(mountOf(req)), fields);
    sendJson(res, 200, { ...body, privileges: privilegesOf(guard.policy, principal) });
  };
  const router = express.Router();
  const operations = { GET: { action: show, parameters: USER_PARAMETERS } };
  new EndpointHandlers(parts).route(router, '/', operations, () => ({ kind: 'me' }));
  return router;
}
