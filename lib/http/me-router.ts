import express, { type RequestHandler, type Router } from 'express';
import { usersLinkBesideMe } from '../authorization/own-endpoints.js';
import { privilegesOf } from '../authorization/privileges.js';
import { mountOf } from '../request/host.js';
import { forbidStoring, sendEmpty, sendError, sendJson, userBody } from './answers.js';
import type { Guard, Proceed } from './guard.js';

const ALLOW = 'GET, HEAD, OPTIONS';

/** Tells users who they are, and which privileges they have. */
export function createMeRouter(guard: Guard): Router {
  const answer =
    (proceed: Proceed): RequestHandler =>
    (req, res, next) => {
      forbidStoring(res);
      guard.identify(req, res, next, proceed);
    };
  const show = answer((user, req, res) => {
    sendJson(res, 200, { ...userBody(user, usersLinkBesideMe(mountOf(req))), privileges: privilegesOf(user) });
    return false;
  });
  const options = answer((_user, _req, res) => {
    sendEmpty(res, 204, { Allow: ALLOW });
    return false;
  });
  const refuse = answer((_user, _req, res) => {
    sendError(res, 405, 'method not allowed', { Allow: ALLOW });
    return false;
  });
  const router = express.Router();
  router.route('/').get(show).options(options).all(refuse);
  return router;
}
