import express, { type RequestHandler, type Router } from 'express';
import { allowOf, forbidStoring, sendEmpty, sendMethodNotAllowed } from './answers.js';
import type { Guard } from './guard.js';
import type { Proceed } from './guard-options.js';

const ALLOW = allowOf(['GET']);

/** A router with one resource, which authenticated users can read. */
export function createReadOnlyRouter(guard: Guard, show: Proceed): Router {
  const answer =
    (proceed: Proceed): RequestHandler =>
    (req, res, next) => {
      forbidStoring(res);
      guard.identify(req, res, next, proceed);
    };
  const options = answer((_user, _req, res) => {
    sendEmpty(res, 204, { Allow: ALLOW });
    return false;
  });
  const refuse = answer((_user, _req, res) => {
    sendMethodNotAllowed(res, ALLOW);
    return false;
  });
  const router = express.Router();
  router.route('/').get(answer(show)).options(options).all(refuse);
  return router;
}
