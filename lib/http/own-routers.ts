import { createMeRouter } from './me-router.js';
import type { OwnRouters } from './middleware.js';
import { createOpenApiRouter } from './openapi-router.js';
import { createPermissionsRouter } from './permissions-router.js';
import { createUsersRouter, type UsersRouterParts } from './users-router.js';

/** Makes the routers of the endpoints that need a user. */
export function createOwnRouters(parts: UsersRouterParts): OwnRouters {
  return {
    users: createUsersRouter(parts),
    me: createMeRouter(parts),
    permissions: createPermissionsRouter(parts),
    'openapi.json': createOpenApiRouter(parts),
  };
}
