import type { Router } from 'express';
import { wholePathOf } from '../request/host.js';
import { refusalMessage, sendJson } from './answers.js';
import type { Guard } from './guard.js';
import { createReadOnlyRouter } from './read-only-router.js';

/** Shows the definitions of the app's own permissions to users who may read users. */
export function createPermissionsRouter(guard: Guard): Router {
  return createReadOnlyRouter(guard, (user, req, res) => {
    const decision = guard.policy.decideOwn(user, req.method ?? '', { kind: 'permissions' });
    if (decision.allowed) {
      sendJson(res, 200, { permissions: guard.policy.definitions });
      return false;
    }
    return guard.deny(req, user, refusalMessage(user, decision, wholePathOf(req)));
  });
}
