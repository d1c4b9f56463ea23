import express, { type RequestHandler, type Router } from 'express';
import { privilegesOf } from '../authorization/privileges.js';
import { mountOf } from '../request/host.js';
import { forbidStoring, sendEmpty, sendError, sendJson, userBody } from './answers.js';
import type { Guard, Proceed } from './guard.js';

const ALLOW = 'GET, HEAD, OPTIONS';

/** Tells everybody who they are, and what they may. */
export function createMeRouter(guard: Guard): Router {
  const answer =
    (proceed: Proceed): RequestHandler =>
    (req, res, next) => {
      forbidStoring(res);
      guard.identify(req, res, next, proceed);
    };
  const show = answer((user, req, res) => {
    sendJson(res, 200, { ...userBody(user, usersBeside(mountOf(req))), privileges: privilegesOf(user) });
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

/** As the users API has it: the same links under both of Kapacitor's prefixes. */
function usersBeside(base: string): string {
  return base.replace(/me$/i, 'users').replace(/\/v1preview(?=\/users$)/i, '/v1');
}
