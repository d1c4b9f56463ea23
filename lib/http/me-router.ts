import type { Router } from 'express';
import { privilegesOf } from '../authorization/explain.js';
import { usersLinkBesideMe } from '../authorization/own-endpoints.js';
import { mountOf } from '../request/host.js';
import { sendJson, userBody } from './answers.js';
import type { Guard } from './guard.js';
import { createReadOnlyRouter } from './read-only-router.js';

/** Tells users who they are, and which privileges they have. */
export function createMeRouter(guard: Guard): Router {
  return createReadOnlyRouter(guard, (user, req, res) => {
    const privileges = privilegesOf(guard.policy, user);
    sendJson(res, 200, { ...userBody(user, usersLinkBesideMe(mountOf(req))), privileges });
    return false;
  });
}
