import express, { type Request, type Response, type Router } from 'express';
import { isSignIn, type OwnEndpoint } from '../authorization/own-endpoints.js';
import type { HostRequest, HostResponse, Middleware, Next } from '../request/host.js';
import { mountOf, pathOf } from '../request/host.js';
import type { User } from '../users/user.js';
import { createCheckEndpoint } from './check-endpoint.js';
import type { Guard } from './guard.js';
import type { IdentifyOptions, Proceed, Verdict } from './guard-options.js';
import { Refusal } from './refusals.js';
import type { SignInEndpoints } from './sign-in-endpoints.js';

/** The middleware without the users API. Without users, authentication is always off, and every path is open. */
export function createGuardOnly(guard: Guard): Middleware {
  const proceed: Proceed = (user, req) => guard.authorize(user, req);
  return (req, res, next) => guard.identify(req, res, next, proceed);
}

/** The routers of the endpoints that need a user, by their names below the API's path. */
export type OwnRouters = Readonly<Record<'users' | 'me' | 'permissions' | 'audit' | 'openapi.json', Router>>;

/** The texts that people see in a browser. */
interface Pages {
  /** Undefined: there are no sessions. */
  readonly signIn: SignInEndpoints | undefined;
  /** The page for the people who manage users. Undefined: it is off. */
  readonly users: Middleware | undefined;
}

/** The middleware that authenticates and authorizes each request, and answers those to the endpoints of this package. */
export function createGuardWithApi(guard: Guard, routers: OwnRouters, pages: Pages): Middleware {
  const { endpoints } = guard.policy;
  const api = express.Router();
  for (const [name, router] of Object.entries(routers)) api.use(endpoints.paths(name as keyof OwnRouters), router);
  /**
   * Asks the routers first. They let nobody in without a user, so the endpoints of this package are never public.
   *
   * @param user undefined: nobody, for a public path
   */
  const route = (user: User | undefined, req: HostRequest, res: HostResponse, next: Next): false => {
    const { baseUrl } = req;
    // Only Express sets it. Without it, the links of users lack the path of the mount.
    req.baseUrl = mountOf(req);
    api(req as Request, res as Response, (error?: unknown) =>
      guard.later(res, next, () => {
        if (baseUrl === undefined) delete req.baseUrl;
        else req.baseUrl = baseUrl;
        if (error) return Refusal.of(error);
        return user === undefined || decide(guard, user, req, res);
      }),
    );
    return false;
  };
  const forOthers: Handling = {
    proceed: (user, req, res) => decide(guard, user, req, res),
    options: { hasEndpoints: true, onlyDecides: true, admit: (req, res) => admitsNobody(guard, req, res) || undefined },
  };
  const forOwn: Handling = {
    proceed: route,
    options: {
      hasEndpoints: true,
      admit: (req, res, next) => (admitsNobody(guard, req, res) ? route(undefined, req, res, next) : undefined),
    },
  };
  // The proxy that asks is nobody. It asks about the credentials of its client.
  const check = createCheckEndpoint(guard);
  /** The endpoints that nobody needs credentials for, and the page, which asks for them itself. */
  const answererOf = (endpoint: OwnEndpoint | undefined): Middleware | undefined => {
    if (endpoint?.kind === 'check') return check;
    if (endpoint?.kind === 'admin') return pages.users;
    return isSignIn(endpoint) ? pages.signIn?.[endpoint.kind] : undefined;
  };
  return (req, res, next) => {
    const { url } = req;
    // The guard refuses a target that is no text.
    const path = typeof url === 'string' ? pathOf(url) : '';
    if (!endpoints.mayBe(path)) return guard.identify(req, res, next, forOthers.proceed, forOthers.options);
    const endpoint = endpoints.at(path);
    const answer = answererOf(endpoint);
    if (answer === undefined) return guard.identify(req, res, next, forOwn.proceed, { ...forOwn.options, endpoint });
    guard.later(res, next, () => {
      answer(req, res, next);
      return false;
    });
  };
}

/** The arguments of {@link Guard.identify} that depend on the path. */
interface Handling {
  readonly proceed: Proceed;
  readonly options: IdentifyOptions;
}

/** Nobody needs a privilege on a public path. A router may not have answered somebody who must change its password. */
function decide(guard: Guard, user: User, req: HostRequest, res: HostResponse): Verdict {
  if (user.mustChangePassword || !guard.isPublic(req)) return guard.authorize(user, req);
  guard.varyOnCredentials(res);
  return true;
}

/** Whether a request without credentials is for a public path. Then it has no user, whatever another middleware has put there. */
function admitsNobody(guard: Guard, req: HostRequest, res: HostResponse): boolean {
  if (!guard.isPublic(req)) return false;
  guard.varyOnCredentials(res);
  req.user = undefined;
  return true;
}
