import type { Request } from 'express';
import { InvalidRequestError, UserNotFoundError } from '../errors.js';
import type { SessionService } from '../users/session-service.js';
import type { User } from '../users/user.js';
import type { UserService } from '../users/user-service.js';
import { sendEmpty, sendJson } from './answers.js';
import type { Guard } from './guard.js';
import { type Action, baseOf, changeContextOf, nameOf, refuseForged, refuseKey } from './users-action.js';

interface SessionsApiParts {
  readonly users: UserService;
  /** Undefined: there are no sessions. */
  readonly sessions: SessionService | undefined;
  readonly guard: Guard;
}

/** The sessions of a user, below the user in the users API. Users end their own, and admins those of everybody. */
export class SessionsApi {
  readonly #parts: SessionsApiParts;

  constructor(parts: SessionsApiParts) {
    this.#parts = parts;
  }

  readonly list: Action = async (req, res) => {
    const name = nameOf(req);
    const sessions = await (await this.#sessionsOf(name)).list(name);
    const linkTo = (id: string) => ({ rel: 'self', href: `${baseOf(req)}/${name}/sessions/${id}` });
    sendJson(res, 200, { sessions: sessions.map((session) => ({ link: linkTo(session.id), ...session })) });
  };

  readonly endAll: Action = async (req, res, principal) => {
    const sessions = await this.#changeable(req, principal);
    await sessions.endAll(nameOf(req), changeContextOf(req, principal));
    sendEmpty(res, 204);
  };

  readonly end: Action = async (req, res, principal) => {
    const sessions = await this.#changeable(req, principal);
    const context = changeContextOf(req, principal);
    if (!(await sessions.end(nameOf(req), req.params['id'] as string, context))) {
      throw new InvalidRequestError('no session exists', 404);
    }
    sendEmpty(res, 204);
  };

  async #changeable(req: Request, principal: User): Promise<SessionService> {
    refuseForged(req);
    const name = nameOf(req);
    if (name === principal.name) {
      refuseKey(this.#parts.guard, principal, 'a key does not end the sessions of its owner');
    }
    return this.#sessionsOf(name);
  }

  async #sessionsOf(name: string): Promise<SessionService> {
    const { sessions, users } = this.#parts;
    if (sessions === undefined) throw new InvalidRequestError('this server has no sessions: http.sessions is off', 501);
    if ((await users.get(name)) === undefined) throw new UserNotFoundError();
    return sessions;
  }
}
