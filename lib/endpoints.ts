import type { Router } from 'express';
import type { ResolvedConfig } from './config/options.js';
import { createGuardOnly, createGuardWithApi } from './http/middleware.js';
import { createOwnRouters, type OwnRoutersParts } from './http/own-routers.js';
import { RequestParameters } from './http/request-parameters.js';
import { createUsersPage, noUsersPage } from './http/users-page.js';
import type { Middleware } from './request/host.js';
import { createSignIn, type SignInWiring } from './sign-in.js';

type EndpointsParts = Omit<OwnRoutersParts, 'parameters'> & Omit<SignInWiring, 'http'>;

/** The middlewares that an app mounts. */
interface Endpoints {
  /** The guard, with everything that this package answers itself. */
  readonly middleware: Middleware;
  readonly usersRouter: Router;
  readonly usersPage: Middleware;
}

/** Creates the endpoints that the settings ask for. */
export function createEndpoints({ http, auth }: ResolvedConfig, parts: EndpointsParts): Endpoints {
  const { guard } = parts;
  const routers = createOwnRouters({ ...parts, parameters: new RequestParameters(http.queryCredentials) });
  const signIn = createSignIn({ ...parts, http });
  const usersPage = auth.enabled && http.usersPage ? createUsersPage(guard, http) : undefined;
  return {
    middleware: auth.enabled
      ? createGuardWithApi(guard, routers, { signIn, users: usersPage?.belowApi })
      : createGuardOnly(guard),
    usersRouter: routers.users,
    usersPage: usersPage?.mounted ?? noUsersPage,
  };
}
