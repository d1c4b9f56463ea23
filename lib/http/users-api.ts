import type { Request } from 'express';
import { ForbiddenError, InvalidUserError, UserExistsError, UserNotFoundError } from '../errors.js';
import type { HostResponse } from '../request/host.js';
import type { UserAccount } from '../users/account.js';
import { operationFailure } from '../users/audit-events.js';
import type { StoredUser, User } from '../users/user.js';
import type { RequestedChanges } from '../users/user-fields.js';
import type { UserService } from '../users/user-service.js';
import { adminRequired, sendEmpty, sendJson } from './answers.js';
import type { EndpointParts } from './endpoint.js';
import { entityTagOf, Preconditions } from './entity-tag.js';
import type { Guard } from './guard.js';
import { readJson } from './request-body.js';
import { askedLogins, type ShownUser, type UserField, userBody } from './user-body.js';
import { toChanges, toFields, toNewUser, toRequestedList } from './user-input.js';
import { type Action, baseOf, changeContextOf, nameOf, refuseForged, refuseKey } from './users-action.js';

export interface UsersApiParts extends EndpointParts {
  readonly users: UserService;
}

/** The users in the users API: lists, single users, and their changes. */
export class UsersApi {
  readonly #users: UserService;
  readonly #guard: Guard;
  readonly #audit: EndpointParts['audit'];

  constructor({ users, guard, audit }: UsersApiParts) {
    this.#users = users;
    this.#guard = guard;
    this.#audit = audit;
  }

  readonly list: Action = async (req, res, _principal, query) => {
    const { filter, page, fields, count } = toRequestedList(query);
    const [found, total] = await Promise.all([
      this.#users.list({ ...filter, ...page }),
      count ? this.#users.count(filter) : undefined,
    ]);
    const names = found.map(({ name }) => name);
    const logins = await askedLogins(this.#users, names, fields);
    const base = baseOf(req);
    const shown = found.map((user) => userBody({ ...user, lastLogin: logins.get(user.name) }, base, fields));
    sendJson(res, 200, { users: shown, total });
  };

  readonly create: Action = async (req, res, principal) => {
    refuseForged(req);
    const preconditions = new Preconditions(req.headers);
    const user = await this.#reporting('create', req, principal, async () => toNewUser(await readJson(req, res)));
    // The admin may have been demoted while the body arrived and the password was hashed.
    const confirm = async () => requireAdmin(await this.#guard.reconsider(principal));
    await confirm();
    const creation = this.#usersFor(req, principal).create(user, confirm);
    const created = await creation.catch((error) => this.#explain(error, user.name, preconditions));
    sendUser(req, res, created);
  };

  readonly show: Action = async (req, res, _principal, query) => {
    const fields = toFields(query);
    const user = await this.#users.get(nameOf(req));
    if (user === undefined) throw new UserNotFoundError();
    const logins = await askedLogins(this.#users, [user.name], fields);
    const shown = { ...user, lastLogin: logins.get(user.name) };
    if (new Preconditions(req.headers).areFresh(shown)) sendEmpty(res, 304, { ETag: entityTagOf(shown) });
    else sendUser(req, res, shown, fields);
  };

  readonly update: Action = async (req, res, principal) => {
    const name = nameOf(req);
    refuseForged(req);
    const preconditions = new Preconditions(req.headers);
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
    const updated = await this.#usersFor(req, principal).update(name, changes, async (current) => {
      preconditions.check(name, current);
      await confirm();
    });
    sendUser(req, res, updated);
  };

  readonly remove: Action = async (req, res, principal) => {
    const name = nameOf(req);
    refuseForged(req);
    const preconditions = new Preconditions(req.headers);
    const confirm = preconditions.areNone ? undefined : (current: StoredUser) => preconditions.check(name, current);
    // Without a condition, a user that is not there is no error, as in Kapacitor.
    if (!(await this.#usersFor(req, principal).delete(name, confirm))) preconditions.check(name, undefined);
    sendEmpty(res, 204);
  };

  /** The reason why a user was not created. A client that sends `If-None-Match: *` expects 412 for a name that is taken. */
  async #explain(error: unknown, name: string, preconditions: Preconditions): Promise<never> {
    if (error instanceof UserExistsError) preconditions.check(name, await this.#users.get(name));
    throw error;
  }

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

/** Answers with a user and its version. */
function sendUser(req: Request, res: HostResponse, user: ShownUser & UserAccount, fields?: readonly UserField[]): void {
  sendJson(res, 200, userBody(user, baseOf(req), fields), { ETag: entityTagOf(user) });
}

async function readChanges(req: Request, res: HostResponse, principal: User): Promise<RequestedChanges> {
  const name = nameOf(req);
  const requested = toChanges(await readJson(req, res), name);
  if (requested.currentPassword === undefined || name === principal.name) return requested;
  throw new InvalidUserError("currentPassword is only for a change of one's own password: leave it out");
}

/** For a request that the user might make no more when it is complete. */
export function requireAdmin(user: User): void {
  if (user.type !== 'admin') throw new ForbiddenError(adminRequired(user));
}
