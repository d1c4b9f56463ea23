import { type AuditReader, createAuditRouter } from './audit-router.js';
import { createMeRouter } from './me-router.js';
import type { OwnRouters } from './middleware.js';
import { createOpenApiRouter } from './openapi-router.js';
import { createPermissionsRouter } from './permissions-router.js';
import { createUsersRouter, type UsersRouterParts } from './users-router.js';

export interface OwnRoutersParts extends UsersRouterParts {
  /** Undefined: no audit log is kept. */
  readonly auditLog: AuditReader | undefined;
}

/** Makes the routers of the endpoints that need a user. */
export function createOwnRouters(parts: OwnRoutersParts): OwnRouters {
  return {
    users: createUsersRouter(parts),
    me: createMeRouter(parts),
    permissions: createPermissionsRouter(parts),
    audit: createAuditRouter(parts, parts.auditLog),
    'openapi.json': createOpenApiRouter(parts),
  };
}
