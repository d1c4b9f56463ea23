import type { Request } from 'express';
import { ForbiddenError, InvalidRequestError, KeyNotFoundError } from '../errors.js';
import type { CreatedKey, Key, KeyService } from '../users/key-service.js';
import type { User } from '../users/user.js';
import { adminRequired, sendEmpty, sendJson } from './answers.js';
import type { Guard } from './guard.js';
import { readJson } from './request-body.js';
import { toNewKey } from './user-input.js';
import { type Action, baseOf, changeContextOf, nameOf, refuseForged, refuseKey } from './users-action.js';

/** The keys of a user, below the user in the users API. Users manage their own, and admins those of everybody. */
export class KeysApi {
  readonly #keys: KeyService;
  readonly #guard: Guard;

  constructor(keys: KeyService, guard: Guard) {
    this.#keys = keys;
    this.#guard = guard;
  }

  readonly list: Action = async (req, res) => {
    const keys = await this.#kept().list(nameOf(req));
    sendJson(res, 200, { keys: keys.map((key) => keyBody(key, baseOf(req))) });
  };

  readonly create: Action = async (req, res, principal) => {
    refuseForged(req);
    this.#refuseKey(principal);
    const keys = this.#keysFor(req, principal);
    const key = toNewKey(await readJson(req, res));
    // The user may have been demoted or disabled while the body arrived.
    const confirm = () => this.#confirm(req, principal);
    await confirm();
    sendJson(res, 200, keyBody(await keys.create(nameOf(req), key, confirm), baseOf(req)));
  };

  readonly show: Action = async (req, res) => {
    const keys = await this.#kept().list(nameOf(req));
    const key = keys.find(({ id }) => id === req.params['id']);
    if (key === undefined) throw new KeyNotFoundError();
    sendJson(res, 200, keyBody(key, baseOf(req)));
  };

  readonly remove: Action = async (req, res, principal) => {
    refuseForged(req);
    if (nameOf(req) === principal.name) this.#refuseKey(principal);
    await this.#keysFor(req, principal).delete(nameOf(req), req.params['id'] as string);
    sendEmpty(res, 204);
  };

  /** A stolen key could make another one, and would not end with its deletion. */
  #refuseKey(principal: User): void {
    refuseKey(this.#guard, principal, 'a key neither makes keys nor changes those of its owner');
  }

  async #confirm(req: Request, principal: User): Promise<void> {
    const current = await this.#guard.reconsider(principal);
    if (nameOf(req) !== current.name && current.type !== 'admin') throw new ForbiddenError(adminRequired(current));
  }

  #kept(): KeyService {
    if (!this.#keys.areKept) throw new InvalidRequestError('the user store of this server keeps no keys', 501);
    return this.#keys;
  }

  #keysFor(req: Request, principal: User): KeyService {
    return this.#kept().by(changeContextOf(req, principal));
  }
}

/** A key in an answer. Fields that the key does not have are left out. */
function keyBody(
  { id, name, user, permissions, created, expires, lastUsed, ...secret }: Key | CreatedKey,
  base: string,
) {
  const link = { rel: 'self', href: `${base}/${user}/keys/${id}` };
  return { link, id, name, ...secret, permissions, created, expires, lastUsed };
}
