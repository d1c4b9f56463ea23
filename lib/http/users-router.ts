import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Router } from 'express';
import { Tarpit } from '../authentication/tarpit.js';
import type { OwnEndpoint } from '../authorization/own-endpoints.js';
import { now } from '../clock.js';
import { ForbiddenError, InvalidUserError, KapacitorAuthError, TryLaterError, UserNotFoundError } from '../errors.js';
import type { HostResponse } from '../request/host.js';
import { wholePathOf } from '../request/host.js';
import { type Audit, operationFailure } from '../users/audit-events.js';
import type { KeyService } from '../users/key-service.js';
import type { SessionService } from '../users/session-service.js';
import type { User } from '../users/user.js';
import type { RequestedChanges } from '../users/user-fields.js';
import type { UserService } from '../users/user-service.js';
import {
  adminRequired,
  allowOf,
  denialOf,
  forbidStoring,
  refusalMessage,
  sendEmpty,
  sendError,
  sendJson,
  sendMethodNotAllowed,
  userBody,
} from './answers.js';
import type { Guard } from './guard.js';
import { KeysApi } from './keys-api.js';
import { Refusal } from './refusals.js';
import { readJson } from './request-body.js';
import { SessionsApi } from './sessions-api.js';
import { toChanges, toListQuery, toNewUser } from './user-input.js';
import { type Action, baseOf, changeContextOf, nameOf, refuseForged, refuseKey } from './users-action.js';

/** The parts of the users API. */
export interface UsersApiParts {
  readonly users: UserService;
  readonly keys: KeyService;
  /** Undefined: there are no sessions. */
  readonly sessions: SessionService | undefined;
  readonly guard: Guard;
  readonly audit: Audit;
}

/** Kapacitor's users API, to mount anywhere. It authenticates and authorizes by itself. */
export function createUsersRouter(parts: UsersApiParts): Router {
  const { guard } = parts;
  const api = new UsersApi(parts);
  const keys = new KeysApi(parts.keys, guard);
  const sessions = new SessionsApi(parts);
  const tarpit = new Tarpit();

  const answer =
    (action: Action, kind: NamedEndpoint = 'user'): RequestHandler =>
    (req, res, next) => {
      forbidStoring(res);
      guard.identify(req, res, next, (principal) => {
        const since = now();
        api.run(action, endpointOf(req, kind), req, res, principal).catch(async (error: unknown) => {
          // A refusal takes no work, so a client could ask for it without end.
          if (error instanceof TryLaterError) await tarpit.hold(since);
          guard.later(res, next, () => Refusal.of(error));
        });
        return false;
      });
    };

  const router = express.Router();
  const route = (path: string, actions: Readonly<Record<string, Action>>, kind?: NamedEndpoint) => {
    const allow = allowOf(Object.keys(actions));
    const endpoint = router.route(path);
    for (const [method, action] of Object.entries(actions)) {
      endpoint[method.toLowerCase() as 'get'](answer(action, kind));
    }
    endpoint.options(answer(options(allow), kind)).all(answer(refuse(allow), kind));
  };
  route('/', { GET: api.list, POST: api.create });
  route('/:name', { GET: api.show, PATCH: api.update, DELETE: api.remove });
  route('/:name/keys', { GET: keys.list, POST: keys.create }, 'keys');
  route('/:name/keys/:id', { GET: keys.show, DELETE: keys.remove }, 'keys');
  route('/:name/sessions', { GET: sessions.list, DELETE: sessions.endAll }, 'sessions');
  route('/:name/sessions/:id', { DELETE: sessions.end }, 'sessions');
  router.use(answer(nothingThere), badPath);
  return router;
}

class UsersApi {
  readonly #users: UserService;
  readonly #guard: Guard;
  readonly #audit: Audit;

  constructor({ users, guard, audit }: UsersApiParts) {
    this.#users = users;
    this.#guard = guard;
    this.#audit = audit;
  }

  /** Runs an action if the user may use this method on this endpoint. */
  async run(action: Action, endpoint: OwnEndpoint, req: Request, res: HostResponse, principal: User): Promise<void> {
    try {
      const decision = this.#guard.policy.decideOwn(principal, req.method, endpoint);
      if (!decision.allowed) throw new ForbiddenError(refusalMessage(principal, decision, wholePathOf(req)));
      await action(req, res, principal);
    } catch (error) {
      if (error instanceof ForbiddenError) this.#audit('denied', () => denialOf(req, principal, 403, error.message));
      throw error;
    }
  }

  readonly list: Action = async (req, res) => {
    const { fields, ...query } = toListQuery(req.url);
    const found = await this.#users.list(query);
    const base = baseOf(req);
    sendJson(res, 200, { users: found.map((user) => userBody(user, base, fields)) });
  };

  readonly create: Action = async (req, res, principal) => {
    refuseForged(req);
    const user = await this.#reporting('create', req, principal, async () => toNewUser(await readJson(req, res)));
    // The admin may have been demoted while the body arrived and the password was hashed.
    const confirm = async () => requireAdmin(await this.#guard.reconsider(principal));
    await confirm();
    sendJson(res, 200, userBody(await this.#usersFor(req, principal).create(user, confirm), baseOf(req)));
  };

  readonly show: Action = async (req, res) => {
    const user = await this.#users.get(nameOf(req));
    if (user === undefined) throw new UserNotFoundError();
    sendJson(res, 200, userBody(user, baseOf(req)));
  };

  readonly update: Action = async (req, res, principal) => {
    const name = nameOf(req);
    refuseForged(req);
    const { changes, currentPassword } = await this.#reporting('change', req, principal, () =>
      readChanges(req, res, principal),
    );
    if (changes.password !== undefined && name === principal.name) {
      // Keys are made and deleted with the password.
      refuseKey(this.#guard, principal, 'a key does not change the password of its owner');
    }
    const { password: _, ...others } = changes;
    const needsAdmin = name !== principal.name || Object.values(others).some((value) => value !== undefined);
    const confirm = async () => {
      const current = await this.#guard.reconsider(principal);
      if (needsAdmin) requireAdmin(current);
    };
    await confirm();
    if (currentPassword !== undefined) {
      const confirmPassword = () => this.#guard.confirmPassword(principal, currentPassword, req);
      await this.#reporting('change', req, principal, confirmPassword);
    }
    const updated = await this.#usersFor(req, principal).update(name, changes, confirm);
    sendJson(res, 200, userBody(updated, baseOf(req)));
  };

  readonly remove: Action = async (req, res, principal) => {
    refuseForged(req);
    await this.#usersFor(req, principal).delete(nameOf(req));
    sendEmpty(res, 204);
  };

  #usersFor(req: Request, principal: User): UserService {
    return this.#users.by(changeContextOf(req, principal));
  }

  /** Emits `user-operation-failed` for a request that does not reach the user service. */
  async #reporting<T>(
    operation: 'create' | 'change',
    req: Request,
    principal: User,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const name = operation === 'change' ? nameOf(req) : undefined;
      this.#audit('user-operation-failed', () => ({
        ...changeContextOf(req, principal),
        ...operationFailure(operation, name, error),
      }));
      throw error;
    }
  }
}

async function readChanges(req: Request, res: HostResponse, principal: User): Promise<RequestedChanges> {
  const name = nameOf(req);
  const requested = toChanges(await readJson(req, res), name);
  if (requested.currentPassword === undefined || name === principal.name) return requested;
  throw new InvalidUserError("currentPassword is only for a change of one's own password: leave it out");
}

function options(allow: string): Action {
  return async (_req, res) => sendEmpty(res, 204, { Allow: allow });
}

function refuse(allow: string): Action {
  return async (_req, res) => sendMethodNotAllowed(res, allow);
}

const nothingThere: Action = async () => {
  throw new UserNotFoundError();
};

const badPath: ErrorRequestHandler = (error, _req, res, next) => {
  // A refusal is on its way to the app.
  if (error instanceof KapacitorAuthError) next(error);
  else sendError(res, 400, 'malformed path');
};

/** For a request that the user might make no more when it is complete. */
function requireAdmin(user: User): void {
  if (user.type !== 'admin') throw new ForbiddenError(adminRequired(user));
}

type NamedEndpoint = Extract<OwnEndpoint, { readonly name: string }>['kind'];

function endpointOf(req: Request, kind: NamedEndpoint): OwnEndpoint {
  return req.params['name'] === undefined ? { kind: 'users' } : { kind, name: nameOf(req) };
}
