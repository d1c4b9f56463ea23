import express, { type RequestHandler, type Router } from 'express';
import { privilegesOf } from '../authorization/explanation.js';
import { sendError, userBody } from './answers.js';
import type { Guard, Proceed } from './guard.js';

const ALLOW = 'GET, HEAD, OPTIONS';

/** Tells everybody who they are, and what they may. */
export function createMeRouter(guard: Guard): Router {
  const answer =
    (proceed: Proceed): RequestHandler =>
    (req, res, next) => {
      res.set('Cache-Control', 'no-store');
      guard.identify(req, res, next, proceed);
    };
  const show = answer((user, req, res) => {
    res.json({ ...userBody(user, usersBeside(req.baseUrl)), privileges: privilegesOf(user) });
  });
  const options = answer((_user, _req, res) => {
    res.set('Allow', ALLOW).status(204).end();
  });
  const refuse = answer((_user, _req, res) => sendError(res.set('Allow', ALLOW), 405, 'method not allowed'));
  const router = express.Router();
  router.route('/').get(show).options(options).all(refuse);
  return router;
}

/** As the users API has it: the same links under both of Kapacitor's prefixes. */
function usersBeside(base: string): string {
  return base.replace(/me$/i, 'users').replace(/\/v1preview(?=\/users$)/i, '/v1');
}
