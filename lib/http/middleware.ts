import express, { type Request, type Response, type Router } from 'express';
import { mayBeOwn } from '../authorization/own-endpoints.js';
import type { Middleware } from '../request/host.js';
import { mountOf } from '../request/host.js';
import type { Guard, Proceed } from './guard.js';
import { createMeRouter } from './me-router.js';
import { createPermissionsRouter } from './permissions-router.js';

/** The middleware without the users API. */
export function createGuardOnly(guard: Guard): Middleware {
  const proceed: Proceed = (user, req, res) => guard.authorize(user, req, res);
  return (req, res, next) => guard.identify(req, res, next, proceed);
}

/** The middleware that authenticates and authorizes each request, and answers those to the endpoints of this package. */
export function createGuardWithApi(guard: Guard, usersRouter: Router): Middleware {
  const { endpoints } = guard.policy;
  const api = express
    .Router()
    .use(endpoints.paths('users'), usersRouter)
    .use(endpoints.paths('me'), createMeRouter(guard))
    .use(endpoints.paths('permissions'), createPermissionsRouter(guard));
  const proceed: Proceed = (user, req, res, next) =>
    mayBeOwn(req.url ?? '') ? route(user, req, res, next) : guard.authorize(user, req, res);
  const route: Proceed = (user, req, res, next) => {
    const { baseUrl } = req;
    // Only Express sets it. Without it, the links of users lack the path of the mount.
    req.baseUrl = mountOf(req);
    api(req as Request, res as Response, (error?: unknown) =>
      guard.later(res, next, () => {
        if (baseUrl === undefined) delete req.baseUrl;
        else req.baseUrl = baseUrl;
        // Not every host understands an error that is passed to `next`.
        if (error) throw error;
        return guard.authorize(user, req, res);
      }),
    );
    return false;
  };
  return (req, res, next) => guard.identify(req, res, next, proceed);
}
